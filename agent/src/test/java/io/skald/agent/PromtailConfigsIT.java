/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.PodBuilder;
import io.prometheus.client.CollectorRegistry;
import io.skald.agent.config.AgentFile;
import io.skald.agent.config.ScrapeJob;
import io.skald.agent.kube.MockApiServer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Configurations of Promtail from the field are accepted as they are, and lines flow. */
@Timeout(120)
class PromtailConfigsIT {
    @TempDir
    private Path dir;

    private static String text(String name) throws IOException {
        try (InputStream in = PromtailConfigsIT.class.getResourceAsStream("/promtail/" + name)) {
            return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "helm-chart.yaml,kubernetes-pods",
        "helm-chart-options.yaml,kubernetes-pods journal syslog push",
        "loki-stack.yaml,kubernetes-pods-name kubernetes-pods-app",
        "docker.yaml,system containers journal"
    })
    void areAcceptedAsTheyAre(String name, String jobs) throws Exception {
        AgentFile f = AgentFile.parse(name, text(name), null, new CollectorRegistry());
        assertThat(f.jobs()).extracting(ScrapeJob::name).containsExactly(jobs.split(" "));
    }

    @ParameterizedTest
    @CsvSource({
        "helm-chart.yaml,shop/web,2026-01-02T03:04:05Z stdout F hello",
        "loki-stack.yaml,shop/web,'{\"log\":\"hello\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:05Z\"}'"
    })
    void linesOfPodsFlow(String name, String job, String line) throws Exception {
        try (MockApiServer api = new MockApiServer()) {
            api.put(new PodBuilder()
                    .withNewMetadata()
                    .withNamespace("shop")
                    .withName("web-1")
                    .withUid("u1")
                    .withLabels(Map.of("app", "web"))
                    .endMetadata()
                    .withNewSpec()
                    .withNodeName("node-a")
                    .addNewContainer()
                    .withName("main")
                    .endContainer()
                    .endSpec()
                    .build());
            Path logs = Files.createDirectories(dir.resolve("pods/shop_web-1_u1/main"));
            Files.writeString(logs.resolve("0.log"), line + "\n");
            // the API server and the directory are elsewhere here, everything else is as it is
            String scrape = text(name)
                    .split("scrape_configs:\n")[1]
                    .replaceAll("(?s)\nlimits_config:.*", "\n")
                    .replace("/var/log/pods", dir.resolve("pods").toString())
                    .replace(
                            "- role: pod",
                            "- {role: pod, api_server: '" + api.url() + "', pod_logs: " + dir.resolve("pods")
                                    + ", metadata_wait: 60s}");
            try (AgentRig rig = new AgentRig(dir, scrape)) {
                RecordingSink.Stored one = rig.await(1).getFirst();
                assertThat(one.line()).isEqualTo("hello");
                assertThat(one.stream().toMap())
                        .containsEntry("job", job)
                        .containsEntry("namespace", "shop")
                        .containsEntry("pod", "web-1")
                        .containsEntry("container", "main")
                        .containsEntry("stream", "stdout");
            }
        }
    }

    @Test
    void filesOfOneMachineFlow() throws Exception {
        Files.writeString(dir.resolve("sys.log"), "hello\n");
        String scrape = text("docker.yaml")
                .split("scrape_configs:\n")[1]
                .replace("/var/log/*log", dir + "/*log")
                .replace("unix:///var/run/docker.sock", "unix://" + dir + "/none.sock");
        scrape = scrape.substring(0, scrape.indexOf("  - job_name: journal"));
        try (AgentRig rig = new AgentRig(dir, scrape)) {
            RecordingSink.Stored one = rig.await(1).getFirst();
            assertThat(one.line()).isEqualTo("hello");
            assertThat(one.stream().get("job")).isEqualTo("varlogs");
        }
    }
}
