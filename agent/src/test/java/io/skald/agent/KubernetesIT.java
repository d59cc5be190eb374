/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.skald.agent.kube.MockApiServer;
import io.skald.core.model.Labels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The agent with directories of pods and an API server that speaks the real protocol. */
@Timeout(120)
class KubernetesIT {
    @TempDir
    Path dir;

    private MockApiServer api;

    @BeforeEach
    void start() throws IOException {
        api = new MockApiServer();
    }

    @AfterEach
    void stop() {
        api.close();
    }

    private AgentRig rig(String more) throws Exception {
        return rig("60s", more);
    }

    private AgentRig rig(String wait, String more) throws Exception {
        Files.createDirectories(dir.resolve("pods"));
        return new AgentRig(
                dir,
                "  - job_name: pods\n    kubernetes_sd_configs:\n      - {role: pod, node_name: node-a, api_server: '"
                        + api.url() + "', pod_logs: " + dir.resolve("pods") + ", metadata_wait: " + wait + "}\n"
                        + more);
    }

    private static Pod pod(String name, String uid, Map<String, String> labels) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("shop")
                .withName(name)
                .withUid(uid)
                .withLabels(labels)
                .endMetadata()
                .withNewSpec()
                .withNodeName("node-a")
                .addNewContainer()
                .withName("main")
                .withImage("example/" + name + ":1")
                .endContainer()
                .endSpec()
                .withNewStatus()
                .withPodIP("10.0.0.1")
                .endStatus()
                .build();
    }

    private void log(String name, String uid, String container, String... lines) throws IOException {
        Path d = Files.createDirectories(
                dir.resolve("pods/shop_" + name + "_" + uid).resolve(container));
        StringBuilder text = new StringBuilder();
        for (String l : lines) {
            text.append("2026-01-02T03:04:05.000000001Z stdout F ").append(l).append('\n');
        }
        Files.writeString(
                d.resolve("0.log"), text, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private static RecordingSink.Stored of(AgentRig rig, String line) {
        return rig.sink().stored().stream()
                .filter(s -> s.line().equals(line))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void podsAppearChangeTheirLabelsAndVanish() throws Exception {
        Pod web = pod("web-1", "u1", Map.of("app", "web"));
        api.put(web);
        api.put(new PodBuilder(pod("other", "u9", Map.of()))
                .editSpec()
                .withNodeName("node-b")
                .endSpec()
                .build());
        log("web-1", "u1", "main", "first");
        try (AgentRig rig = rig("")) {
            RecordingSink.Stored first = rig.await(1).getFirst();
            assertThat(first.stream().toBuilder().remove("filename").build())
                    .isEqualTo(Labels.of(Map.of(
                            "namespace",
                            "shop",
                            "app",
                            "web",
                            "container",
                            "main",
                            "node",
                            "node-a",
                            "stream",
                            "stdout")));
            assertThat(first.metadata().toMap())
                    .containsEntry("pod", "web-1")
                    .containsEntry("pod_uid", "u1")
                    .containsEntry("image", "example/web-1:1");
            assertThat(api.requests())
                    .isNotEmpty()
                    .allSatisfy(r -> assertThat(r).contains("fieldSelector=spec.nodeName=node-a"));

            api.put(new PodBuilder(web)
                    .editMetadata()
                    .addToLabels("app", "renamed")
                    .endMetadata()
                    .build());
            AgentRig.until(
                    () -> {
                        try {
                            log("web-1", "u1", "main", "again");
                        } catch (IOException e) {
                            throw new java.io.UncheckedIOException(e);
                        }
                        return rig.sink().stored().stream()
                                .anyMatch(s -> s.stream().getOrEmpty("app").equals("renamed"));
                    },
                    () -> "new labels: " + rig.sink().stored());

            int before = rig.sink().lines().size();
            api.delete(web);
            log("web-1", "u1", "main", "last words");
            AgentRig.until(() -> rig.sink().lines().contains("last words"), () -> "last words after " + before);
            assertThat(of(rig, "last words").stream().get("app")).isEqualTo("renamed");

            Pod late = pod("job-7", "u7", Map.of("app.kubernetes.io/name", "cleaner", "app", "x"));
            api.put(late);
            log("job-7", "u7", "main", "late");
            AgentRig.until(
                    () -> rig.sink().lines().contains("late"),
                    () -> "late: " + rig.sink().lines());
            assertThat(of(rig, "late").stream().get("app")).isEqualTo("cleaner");
        }
    }

    @Test
    void whatLivesForASecondIsDeliveredWhole() throws Exception {
        try (AgentRig rig = rig("")) {
            AgentRig.until(() -> api.watches() == 1, () -> "a watch");
            for (int i = 0; i < 4; i++) {
                Pod p = pod("brief-" + i, "b" + i, Map.of("app", "brief"));
                api.put(p);
                log("brief-" + i, "b" + i, "main", "begin " + i);
                log("brief-" + i, "b" + i, "main", "end " + i);
                int n = i;
                AgentRig.until(() -> rig.metric("skald_agent_open_files") > n, () -> "opened " + n);
                api.delete(p);
                remove("brief-" + i, "b" + i);
            }
            assertThat(rig.await(8))
                    .allSatisfy(s -> assertThat(s.stream().get("app")).isEqualTo("brief"));
        }
    }

    private void remove(String name, String uid) throws IOException {
        Path container = dir.resolve("pods/shop_" + name + "_" + uid + "/main");
        Files.delete(container.resolve("0.log"));
        Files.delete(container);
        Files.delete(container.getParent());
    }

    @Test
    void filesFirstWhileTheApiServerIsDownAndSlowToStart() throws Exception {
        api.put(pod("web-1", "u1", Map.of("app", "web")));
        api.down();
        log("web-1", "u1", "main", "before");
        try (AgentRig rig = rig("300ms", "")) {
            assertThat(rig.await(1).getFirst().stream().get("app"))
                    .as("all that is known")
                    .isEqualTo("main");
            log("brief", "b1", "main", "came", "went");
            AgentRig.until(() -> rig.metric("skald_agent_open_files") > 1, () -> "opened");
            remove("brief", "b1");
            rig.await(3);
            api.up(2);
            AgentRig.until(() -> api.watches() == 1, () -> "a watch; requests: " + api.requests());
            AgentRig.until(
                    () -> {
                        try {
                            log("web-1", "u1", "main", "after");
                        } catch (IOException e) {
                            throw new java.io.UncheckedIOException(e);
                        }
                        return rig.sink().stored().stream()
                                .anyMatch(s -> s.stream().getOrEmpty("app").equals("web"));
                    },
                    () -> "labels of the API: " + rig.sink().stored());
            assertThat(rig.sink().lines()).containsOnlyOnce("before");
        }
    }

    @Test
    void watchesGoOnAfterDisconnectsBookmarksAndGone() throws Exception {
        try (AgentRig rig = rig("")) {
            AgentRig.until(() -> api.watches() == 1, () -> "a watch");
            api.bookmark();
            api.disconnect();
            appears(rig, "a");
            api.expireWatches();
            appears(rig, "b");
            // a watch that breaks, and whose place is forgotten meanwhile
            api.disconnect();
            api.expire();
            appears(rig, "c");
            assertThat(api.requests()).anyMatch(r -> r.contains("allowWatchBookmarks=true"));
        }
    }

    private void appears(AgentRig rig, String name) throws Exception {
        api.put(pod(name, "u" + name, Map.of("app", "app-" + name)));
        AgentRig.until(() -> api.watches() == 1, () -> "a watch; requests: " + api.requests());
        log(name, "u" + name, "main", "of " + name);
        AgentRig.until(() -> rig.sink().lines().contains("of " + name), () -> "line of " + name);
        assertThat(of(rig, "of " + name).stream().get("app")).isEqualTo("app-" + name);
    }

    @Test
    void relabellingOfPromtailAndStaticPods() throws Exception {
        api.put(new PodBuilder(pod("etcd-node-a", "real-uid", Map.of("component", "etcd")))
                .editMetadata()
                .addToAnnotations("kubernetes.io/config.hash", "cafe")
                .endMetadata()
                .build());
        api.put(pod("web-1", "u1", Map.of("app", "web")));
        log("etcd-node-a", "cafe", "main", "static");
        log("web-1", "u1", "main", "ordinary");
        String pods = dir.resolve("pods").toString();
        try (AgentRig rig = rig("""
                    relabel_configs:
                      - {source_labels: [__meta_kubernetes_pod_node_name], target_label: __host__}
                      - {action: replace, source_labels: [__meta_kubernetes_namespace, __meta_kubernetes_pod_container_name], separator: /, target_label: job}
                      - {action: labelmap, regex: __meta_kubernetes_pod_label_(.+)}
                      - {source_labels: [__meta_kubernetes_pod_controller_kind], target_label: kind, regex: '^$', replacement: none}
                      - {source_labels: [__meta_kubernetes_pod_uid, __meta_kubernetes_pod_container_name], separator: /, target_label: __path__, replacement: '%1$s/*$1/*.log'}
                      - {source_labels: [__meta_kubernetes_pod_annotationpresent_kubernetes_io_config_hash, __meta_kubernetes_pod_annotation_kubernetes_io_config_hash, __meta_kubernetes_pod_container_name], separator: /, regex: 'true/(.*)', target_label: __path__, replacement: '%1$s/*$1/*.log'}
                    pipeline_stages: [{cri: {}}]
                """.replace("%1$s", pods))) {
            rig.await(2);
            assertThat(of(rig, "static").stream().toMap())
                    .containsEntry("job", "shop/main")
                    .containsEntry("component", "etcd")
                    .containsEntry("kind", "none");
            assertThat(of(rig, "ordinary").stream().toMap()).containsEntry("app", "web");
        }
        try (AgentRig rig = rig("")) {
            log("etcd-node-a", "cafe", "main", "static 2");
            rig.await(1);
            assertThat(rig.sink().stored().getFirst().metadata().get("pod_uid")).isEqualTo("real-uid");
        }
    }
}
