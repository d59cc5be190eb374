/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.deploy.chart;

import static io.skald.deploy.chart.Rendered.at;
import static io.skald.deploy.chart.Rendered.map;
import static io.skald.deploy.chart.Rendered.maps;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import io.kubernetes.client.custom.Quantity;
import io.skald.cli.Main;
import io.skald.cli.Output;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The chart as Helm renders it: what Kubernetes and Skald would take, and what must hold whatever the values are. */
class ChartTest {
    private static final String DISTRIBUTED =
            "mode: distributed\naws: {bucket: logs, table: skald, region: eu-west-1}\n";

    /** Values that each change something; each goes with both modes, and all go together. */
    private static final List<String> CHANGES = List.of(
            "image: {repository: registry.example.org/skald, tag: '2.0', pullPolicy: Always}\nimagePullSecrets: [pull]",
            "image: {digest: 'sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'}",
            "commonLabels: {team: platform}",
            "config: {multi_tenant: true, flush: {max_age: 10m}}",
            "limits: {max_line_size: 512KB}\noverrides: {team-a: {max_entries_limit_per_query: 50000}}",
            "server: {replicas: 3, persistence: {size: 200Gi, storageClass: gp3}, javaOptions: '-Xmx2g', extraArgs: [--log-level, debug]}",
            "server: {podLabels: {a: b}, podAnnotations: {c: d}, nodeSelector: {disk: ssd}, tolerations: [{operator: Exists}], priorityClassName: high, extraEnv: [{name: A, value: b}]}",
            "server: {affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Exists}]}]}}}}",
            "querier: {autoscaling: {enabled: true}, cacheSize: 1Gi, drainSeconds: 5}",
            "agent: {enabled: false}",
            "agent: {tenant: team-a, externalLabels: {cluster: prod}, pipelineStages: [{decolorize: {}}], hostPaths: {containers: ''}}",
            "serviceAccount: {annotations: {eks.amazonaws.com/role-arn: 'arn:aws:iam::123456789012:role/skald'}}",
            "serviceAccount: {create: false, name: mine}",
            "service: {type: LoadBalancer, port: 80, annotations: {a: b}}",
            "ingress: {enabled: true, className: nginx, hosts: [logs.example.org], tls: [{secretName: t, hosts: [logs.example.org]}], annotations: {a: b}}",
            "gateway: {enabled: true, parentRefs: [{name: public, namespace: gateways}], hostnames: [logs.example.org]}",
            "networkPolicy: {enabled: true, allowFrom: [{namespaceSelector: {}}], egress: [{ports: [{port: 9093}]}]}",
            "podDisruptionBudget: {enabled: false}",
            "rules: {starter: false, alertmanagers: ['http://alertmanager:9093'], groups: {own.yaml: 'groups: []'}}",
            "monitoring: {serviceMonitor: {enabled: true, labels: {release: prometheus}, interval: 15s}}",
            "grafana: {datasource: {tenant: team-a}, dashboards: {enabled: false}}",
            "grafana: {datasource: {enabled: false}}");

    @TempDir
    private Path dir;

    private static List<String> matrix() {
        List<String> values = new ArrayList<>(List.of("", DISTRIBUTED));
        for (String change : CHANGES) {
            values.add(change);
            values.add(DISTRIBUTED + change);
        }
        return values;
    }

    @Test
    void lintFindsNothing() {
        LintResult lint = new Helm(Rendered.CHART).lint().strict().call();
        assertThat(lint.isFailed()).as(lint.getMessages().toString()).isFalse();
    }

    @Test
    void whateverTheValuesTheManifestsAreValidAndTheConfigIsAccepted() throws Exception {
        Set<String> immutable = new LinkedHashSet<>();
        Set<String> kinds = new LinkedHashSet<>();
        for (String values : matrix()) {
            try {
                Rendered r = Rendered.of(values);
                for (Map<String, Object> m : r.manifests()) {
                    Schemas.check(m);
                    kinds.add((String) m.get("kind"));
                }
                checkConfig(r);
                checkReferences(r);
                Map<String, Object> spec = map(r.get("StatefulSet", "skald").get("spec"));
                immutable.add("" + spec.get("selector") + spec.get("serviceName") + spec.get("podManagementPolicy")
                        + spec.get("volumeClaimTemplates"));
            } catch (IllegalStateException | AssertionError e) {
                throw new AssertionError("with the values\n" + values + "\n" + e.getMessage(), e);
            }
        }
        assertThat(immutable)
                .as("fields of the StatefulSet that Kubernetes does not let one change")
                .hasSize(1);
        assertThat(kinds)
                .contains("HorizontalPodAutoscaler", "HTTPRoute", "Ingress", "NetworkPolicy", "ServiceMonitor");
    }

    private void checkConfig(Rendered r) throws IOException {
        Path file = dir.resolve("skald.yaml");
        Files.writeString(file, (String) at(r.get("ConfigMap", "skald"), "data", "skald.yaml"));
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream stream = new PrintStream(said, true, StandardCharsets.UTF_8);
        int exit =
                Main.run(new String[] {"config", "check", file.toString()}, new Output(stream, stream, false, false));
        assertThat(exit).as(said.toString(StandardCharsets.UTF_8)).isZero();
    }

    /** What a pod names is there: ConfigMaps, accounts, ports of probes; what a service selects is a pod. */
    private static void checkReferences(Rendered r) {
        Set<String> configMaps = new LinkedHashSet<>();
        List<Map<String, Object>> podLabels = new ArrayList<>();
        List<Map<String, Object>> templates = new ArrayList<>();
        for (Map<String, Object> m : r.manifests()) {
            if (m.get("kind").equals("ConfigMap")) {
                configMaps.add(Rendered.name(m));
            }
            if (Set.of("StatefulSet", "Deployment", "DaemonSet").contains(m.get("kind"))) {
                Map<String, Object> template = map(at(m, "spec", "template"));
                templates.add(template);
                podLabels.add(map(at(template, "metadata", "labels")));
                assertThat(map(at(template, "metadata", "labels")))
                        .containsAllEntriesOf(map(at(m, "spec", "selector", "matchLabels")));
            }
        }
        for (Map<String, Object> template : templates) {
            Set<Object> volumes = new LinkedHashSet<>(Set.of("data"));
            for (Map<String, Object> v : maps(at(template, "spec", "volumes"))) {
                volumes.add(v.get("name"));
                if (v.containsKey("configMap")) {
                    assertThat(configMaps).contains((String) at(v, "configMap", "name"));
                }
            }
            for (Map<String, Object> mount : maps(at(template, "spec", "containers", 0, "volumeMounts"))) {
                assertThat(volumes).contains(mount.get("name"));
            }
        }
        for (Map<String, Object> m : r.manifests()) {
            if (m.get("kind").equals("Service")) {
                Map<String, Object> selector = map(at(m, "spec", "selector"));
                assertThat(podLabels)
                        .as(Rendered.name(m))
                        .anyMatch(labels -> labels.entrySet().containsAll(selector.entrySet()));
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "sever: {replicas: 2}                  | additional properties 'sever' not allowed",
                "server: {replica: 2}                  | additional properties 'replica' not allowed",
                "agent: {hostPaths: {pod: /x}}         | additional properties 'pod' not allowed",
                "mode: distribted                      | value must be one of 'single', 'distributed'",
                "mode: distributed                     | at '/aws/bucket': minLength: got 0, want 1",
                "server: {persistence: {size: 50 GB}}  | does not match pattern",
                "image: {digest: 'sha256:12'}          | does not match pattern",
                "service: {port: '80'}                 | got string, want integer",
            })
    void misspeltAndWrongValuesAreRefused(String values, String message) {
        assertThatThrownBy(() -> Rendered.of(values)).hasMessageContaining(message);
    }

    @Test
    void aFieldThatKubernetesDoesNotKnowIsFound() throws Exception {
        Map<String, Object> set = Rendered.of("").get("StatefulSet", "skald");
        map(at(set, "spec", "template", "spec", "containers", 0)).put("readynessProbe", Map.of());
        assertThatThrownBy(() -> Schemas.check(set)).hasMessageContaining("readynessProbe");
        Map<String, Object> monitor =
                Rendered.of("monitoring: {serviceMonitor: {enabled: true}}").get("ServiceMonitor", "skald");
        maps(at(monitor, "spec", "endpoints")).get(0).put("intervall", "1s");
        assertThatThrownBy(() -> Schemas.check(monitor)).hasMessageContaining("intervall");
    }

    /** Everything but the agent is admitted to a namespace with the restricted standard; the agent has only what reading files of root needs. */
    @ParameterizedTest
    @ValueSource(strings = {"", DISTRIBUTED})
    void podsAreRestricted(String values) throws Exception {
        Rendered r = Rendered.of(values);
        for (Map<String, Object> m : r.manifests()) {
            if (!Set.of("StatefulSet", "Deployment", "DaemonSet").contains(m.get("kind"))) {
                continue;
            }
            Map<String, Object> pod = map(at(m, "spec", "template", "spec"));
            for (Map<String, Object> container : maps(pod.get("containers"))) {
                assertThat(at(container, "securityContext", "allowPrivilegeEscalation"))
                        .isEqualTo(false);
                assertThat(at(container, "securityContext", "readOnlyRootFilesystem"))
                        .isEqualTo(true);
                assertThat(at(container, "securityContext", "capabilities", "drop"))
                        .isEqualTo(List.of("ALL"));
                assertThat(map(container.get("securityContext"))).doesNotContainKeys("privileged");
                assertThat(map(container.get("resources"))).containsKeys("requests", "limits");
                assertThat(at(container, "livenessProbe", "httpGet", "path")).isEqualTo("/livez");
                assertThat(at(container, "readinessProbe", "httpGet", "path")).isEqualTo("/ready");
            }
            assertThat(at(pod, "securityContext", "seccompProfile", "type")).isEqualTo("RuntimeDefault");
            assertThat(pod).doesNotContainKeys("hostNetwork", "hostPID", "hostIPC");
            List<Map<String, Object>> volumes = maps(pod.get("volumes"));
            if (m.get("kind").equals("DaemonSet")) {
                Map<String, Object> container = map(at(pod, "containers", 0));
                for (Map<String, Object> mount : maps(container.get("volumeMounts"))) {
                    boolean host = volumes.stream()
                            .anyMatch(v -> v.get("name").equals(mount.get("name")) && v.containsKey("hostPath"));
                    assertThat(host
                                    && !mount.get("name").equals("spool")
                                    && !Boolean.TRUE.equals(mount.get("readOnly")))
                            .as("host path mounted for writing: " + mount)
                            .isFalse();
                }
            } else {
                assertThat(at(pod, "securityContext", "runAsNonRoot")).isEqualTo(true);
                assertThat(pod.get("automountServiceAccountToken")).isEqualTo(false);
                assertThat(volumes).noneMatch(v -> v.containsKey("hostPath"));
            }
        }
    }

    @Test
    void byDefaultItAsksForLittle() throws Exception {
        Rendered r = Rendered.of("");
        BigDecimal cpu = BigDecimal.ZERO;
        BigDecimal memory = BigDecimal.ZERO;
        for (String[] workload : new String[][] {{"StatefulSet", "skald"}, {"DaemonSet", "skald-agent"}}) {
            Object requests = at(
                    r.get(workload[0], workload[1]),
                    "spec",
                    "template",
                    "spec",
                    "containers",
                    0,
                    "resources",
                    "requests");
            cpu = cpu.add(Quantity.fromString((String) at(requests, "cpu")).getNumber());
            memory = memory.add(
                    Quantity.fromString((String) at(requests, "memory")).getNumber());
        }
        assertThat(cpu).isLessThanOrEqualTo(BigDecimal.ONE);
        assertThat(memory).isLessThanOrEqualTo(Quantity.fromString("1536Mi").getNumber());
        assertThat(r.has("Deployment")).isFalse();
        assertThat(at(r.get("StatefulSet", "skald"), "spec", "replicas")).isEqualTo(1);
    }

    @Test
    void aLargerVolumeIsAClaimOfItsOwnAndClaimsOutliveTheRelease() throws Exception {
        Rendered r = Rendered.of(DISTRIBUTED + "server: {replicas: 2, persistence: {size: 80Gi, storageClass: gp3}}");
        for (String claim : List.of("data-skald-0", "data-skald-1")) {
            Map<String, Object> c = r.get("PersistentVolumeClaim", claim);
            assertThat(at(c, "spec", "resources", "requests", "storage")).isEqualTo("80Gi");
            assertThat(at(c, "spec", "storageClassName")).isEqualTo("gp3");
            assertThat(at(c, "metadata", "annotations", "helm.sh/resource-policy"))
                    .isEqualTo("keep");
        }
    }

    @Test
    void limitsChangeWithoutARestart() throws Exception {
        Object before = annotations(Rendered.of(""));
        assertThat(annotations(Rendered.of("limits: {max_line_size: 1MB}"))).isEqualTo(before);
        assertThat(annotations(Rendered.of("config: {flush: {max_age: 1m}}"))).isNotEqualTo(before);
    }

    private static Object annotations(Rendered r) {
        return at(r.get("StatefulSet", "skald"), "spec", "template", "metadata", "annotations");
    }

    /** Kubernetes before 1.30 refuses `sleep`. */
    @Test
    void olderKubernetesGetsNoSleep() throws Exception {
        assertThat(Rendered.of(DISTRIBUTED, "1.29.4").text()).doesNotContain("sleep:");
        assertThat(Rendered.of(DISTRIBUTED, "1.30.0").text()).contains("sleep:");
    }

    /** The output in full, so that a change of it is seen in review. {@code -Dgolden.update=true} writes it. */
    @ParameterizedTest
    @ValueSource(strings = {"default", "distributed", "everything"})
    void outputIsAsReviewed(String name) throws Exception {
        Path golden = Path.of("src", "test", "resources", "golden");
        String values = Files.readString(golden.resolve(name + ".values.yaml"));
        String text = withoutFiles(Rendered.of(values).text());
        Path expected = golden.resolve(name + ".yaml");
        if (Boolean.getBoolean("golden.update")) {
            Files.writeString(expected, text);
        }
        assertThat(text).isEqualTo(Files.readString(expected));
    }

    /** Dashboards and rules are files of the chart already. */
    private static String withoutFiles(String text) {
        StringBuilder kept = new StringBuilder();
        boolean file = false;
        boolean data = false;
        for (String line : text.lines().toList()) {
            if (line.equals("---")) {
                file = false;
                data = false;
            }
            file |= line.matches("  name: skald-(rules|grafana-dashboards)");
            if (!data) {
                kept.append(line).append('\n');
            }
            data |= file && line.equals("data:");
        }
        return kept.toString();
    }

    @Test
    void versionsAreThoseOfTheBuild() throws Exception {
        String pom = Files.readString(Path.of("..", "pom.xml"));
        Matcher version = Pattern.compile("<version>(.*?)</version>").matcher(pom);
        assertThat(version.find()).isTrue();
        Map<String, Object> chart = Rendered.yaml(Files.readString(Rendered.CHART.resolve("Chart.yaml")));
        assertThat(chart.get("appVersion")).isEqualTo(version.group(1));
        assertThat(version.group(1)).startsWith((String) chart.get("version"));
        assertThat(Files.readAllLines(Rendered.CHART.resolve("values.yaml"))).hasSizeLessThanOrEqualTo(250);
    }
}
