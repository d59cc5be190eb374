/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.deploy.chart;

import static io.skald.deploy.chart.Rendered.at;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.skald.deploy.image.ImageBuild;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The pods that the chart renders without any value, run for real: same arguments, environment, configuration and probes. */
class PodIT {
    private final HttpClient http = HttpClient.newHttpClient();

    @AfterEach
    void close() {
        http.close();
    }

    private static int freePort() throws IOException {
        try (ServerSocket s = new ServerSocket(0)) {
            return s.getLocalPort();
        }
    }

    @Test
    void theServerBecomesReadyStoresAndStops() throws Exception {
        Rendered chart = Rendered.of("");
        int port = freePort();
        try (Pod pod =
                Pod.start(chart, chart.get("StatefulSet", "skald"), Map.of("0.0.0.0:3100", "127.0.0.1:" + port))) {
            String url = "http://127.0.0.1:" + port;
            for (String probe : List.of("startupProbe", "readinessProbe", "livenessProbe")) {
                pod.await(url + at(pod.container(), probe, "httpGet", "path"));
            }
            assertThat(push(url, "{\"app\":\"pod\"}", "a line")).isEqualTo(204);
            assertThat(get(url + "/config").body()).contains("data_dir: ", "overrides_file: ");

            List<String> preStop = strings(at(pod.container(), "lifecycle", "preStop", "exec", "command"));
            assertThat(preStop).startsWith("/opt/skald/bin/java", "@/opt/skald/command.args");
            pod.exec(List.of("flush", "--url", url));
            assertThat(preStop.subList(2, preStop.size())).containsExactly("flush");
            assertThat(pod.stop()).as(pod.log()).isZero();
            assertThat(pod.writtenOutsideOf("data", "tmp")).isEmpty();
        }
    }

    /** Lines in a directory that is laid out like a node's arrive at the server and are found by namespace, app and container. */
    @Test
    void theAgentReadsTheLogsOfPods() throws Exception {
        assumeTrue(Files.readString(help()).contains("\n  agent "), "there is no agent command yet");
        assumeTrue(System.getProperty("user.name").equals("root"), "only root may mount /var/log/pods for a process");
        Rendered chart = Rendered.of("agent: {hostPaths: {containers: ''}}");
        int port = freePort();
        int agentPort = freePort();
        String url = "http://127.0.0.1:" + port;
        try (Pod server =
                Pod.start(chart, chart.get("StatefulSet", "skald"), Map.of("0.0.0.0:3100", "127.0.0.1:" + port))) {
            server.await(url + "/ready");
            Map<String, String> here = Map.of("http://skald-headless.logs.svc:3100", url, "3101", "" + agentPort);
            try (Pod agent = Pod.start(chart, chart.get("DaemonSet", "skald-agent"), here)) {
                Path container =
                        agent.path("/var/log/pods/shop_web-7d4b9c-x2x2x_0f5c2a34-1111-4222-8333-944445555666/web");
                Files.createDirectories(container);
                String time = Instant.now().toString();
                Files.writeString(
                        container.resolve("0.log"),
                        time + " stdout F level=info msg=hello\n" + time + " stderr F level=error msg=no\n");
                agent.await(
                        "http://127.0.0.1:" + agentPort + at(agent.container(), "readinessProbe", "httpGet", "path"));
                String query = URLEncoder.encode(
                        "count_over_time({namespace=\"shop\", container=\"web\"}[1h])", StandardCharsets.UTF_8);
                long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
                String found = "";
                while (found.split("\"metric\"").length != 3) {
                    assertThat(System.nanoTime()).as(found + agent.log()).isLessThan(deadline);
                    Thread.sleep(200);
                    found = get(url + "/loki/api/v1/query?query=" + query).body();
                }
                assertThat(found).contains("\"stdout\"", "\"stderr\"");
                assertThat(agent.stop()).as(agent.log()).isZero();
                assertThat(agent.writtenOutsideOf("spool", "tmp", "var")).isEmpty();
            }
        }
    }

    private static Path help() throws Exception {
        Path said = Files.createTempFile("help", ".txt");
        List<String> command = new ArrayList<>(
                ImageBuild.command(Path.of("..", "cli", "target", "skald").toAbsolutePath()));
        command.add("--help");
        assertThat(new ProcessBuilder(command)
                        .redirectOutput(said.toFile())
                        .start()
                        .waitFor())
                .isZero();
        said.toFile().deleteOnExit();
        return said;
    }

    private int push(String url, String labels, String line) throws Exception {
        String now = Instant.now().toEpochMilli() + "000000";
        String body = "{\"streams\":[{\"stream\":" + labels + ",\"values\":[[\"" + now + "\",\"" + line + "\"]]}]}";
        return http.send(
                        HttpRequest.newBuilder(URI.create(url + "/loki/api/v1/push"))
                                .header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString(body))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .statusCode();
    }

    private HttpResponse<String> get(String url) throws Exception {
        return http.send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString());
    }

    /** The limits' file is one that the server takes, whatever is in the values. */
    @Test
    void limitsOfTenantsAreTakenUp() throws Exception {
        Rendered chart = Rendered.of(
                "config: {multi_tenant: true}\noverrides: {team-a: {max_line_size: 9, max_line_size_truncate: false}}");
        int port = freePort();
        try (Pod pod =
                Pod.start(chart, chart.get("StatefulSet", "skald"), Map.of("0.0.0.0:3100", "127.0.0.1:" + port))) {
            String url = "http://127.0.0.1:" + port;
            pod.await(url + "/ready");
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url + "/loki/api/v1/push"))
                    .header("Content-Type", "application/json")
                    .header("X-Scope-OrgID", "team-a");
            String now = Instant.now().toEpochMilli() + "000000";
            String body =
                    "{\"streams\":[{\"stream\":{\"app\":\"x\"},\"values\":[[\"" + now + "\",\"more than nine\"]]}]}";
            HttpResponse<String> r = http.send(
                    request.POST(HttpRequest.BodyPublishers.ofString(body)).build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(r.statusCode()).as(r.body()).isEqualTo(400);
        }
    }

    private static List<String> strings(Object list) {
        return ((List<?>) list).stream().map(String::valueOf).toList();
    }
}
