/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.agent.AgentProcess;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Every source shows on the agent's pages with its state and its last error. */
@Timeout(60)
class AgentTargetsIT {
    private static int free() throws IOException {
        try (ServerSocket s = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return s.getLocalPort();
        }
    }

    private static HttpResponse<String> get(HttpClient http, int port, String path, String accept) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + port + path);
        return http.send(
                HttpRequest.newBuilder(uri).header("Accept", accept).build(), HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void sourcesShowWithStateAndLastError(@TempDir Path dir) throws Exception {
        int port = free();
        int syslog = free();
        Path log = Files.writeString(dir.resolve("a.log"), "x\n");
        Files.writeString(dir.resolve("targets.yaml"), "- labels: {a: [b]}\n");
        Path config = dir.resolve("agent.yaml");
        Files.writeString(config, """
                server: {http_listen_address: 127.0.0.1, http_listen_port: %d}
                data_dir: %s
                clients: [{url: 'http://127.0.0.1:9', format: loki, basic_auth: {username: u, password: s3cret}}]
                scrape_configs:
                  - job_name: files
                    static_configs: [{labels: {job: f, __path__: '%s'}}]
                    file_sd_configs: [{files: ['%s/targets.yaml']}]
                  - job_name: sys
                    syslog: {listen_address: '127.0.0.1:%d', listen_protocol: udp}
                  - job_name: journal
                    journal: {command: %s/no-journalctl}
                  - job_name: boxes
                    docker_sd_configs: [{host: 'unix://%s/none.sock', refresh_interval: 1h}]
                  - job_name: push
                    loki_push_api: {server: {http_listen_address: 127.0.0.1, http_listen_port: 0}}
                """.formatted(port, dir.resolve("data"), log, dir, syslog, dir, dir));
        try (AgentProcess process = AgentProcess.start(config, false, false);
                AgentServer server = AgentServer.start(process);
                HttpClient http = HttpClient.newHttpClient();
                DatagramSocket udp = new DatagramSocket()) {
            assertThat(server.where()).contains("" + port);
            byte[] malformed = "no priority".getBytes(StandardCharsets.UTF_8);
            udp.send(new DatagramPacket(malformed, malformed.length, InetAddress.getLoopbackAddress(), syslog));
            String json = "";
            long deadline = System.nanoTime() + 30_000_000_000L;
            while (!json.matches("(?s).*\"entries\":1,.*no-journalctl.*none\\.sock.*\"lastError\":\"cannot.*")) {
                assertThat(System.nanoTime()).as(json).isLessThan(deadline);
                json = get(http, port, "/targets", "application/json").body();
                Thread.sleep(20); // polls with a deadline
            }
            assertThat(json)
                    .contains("{\"type\":\"file\",\"job\":\"files\",\"path\":\"" + log)
                    .containsPattern(
                            "\"type\":\"file_sd\",\"job\":\"files\",[^}]*\"state\":\"failing\",[^}]*cannot read targets of")
                    .containsPattern(
                            "\"type\":\"syslog\",\"job\":\"sys\",\"at\":\"udp 127.0.0.1:" + syslog
                                    + "\",\"state\":\"running\",\"entries\":1,[^}]*\"lastError\":\"syslog message: no priority\"")
                    .containsPattern(
                            "\"type\":\"journal\",\"job\":\"journal\",[^}]*\"state\":\"failing\",[^}]*no-journalctl")
                    .containsPattern(
                            "\"type\":\"docker_sd\",\"job\":\"boxes\",[^}]*\"state\":\"failing\",[^}]*cannot reach the Docker daemon")
                    .containsPattern(
                            "\"type\":\"loki_push_api\",\"job\":\"push\",\"at\":\"http 127.0.0.1:\\d+\",\"state\":\"running\"");
            assertThat(get(http, port, "/targets", "text/html").body())
                    .contains("<td>sys<td>syslog<td>udp 127.0.0.1:" + syslog + "<td>running<td>1<td>2")
                    .contains("<td>journal<td>journal");
            // what does not work is tried again, and lines that come are safe
            assertThat(get(http, port, "/ready", "*/*").statusCode()).isEqualTo(200);
            assertThat(get(http, port, "/metrics", "*/*").body())
                    .contains("skald_agent_source_working{job=\"sys\",type=\"syslog\"")
                    .containsPattern("skald_agent_source_working\\{job=\"journal\",type=\"journal\",?} 0.0")
                    .containsPattern("skald_agent_source_working\\{job=\"push\",type=\"loki_push_api\",?} 1.0");
            assertThat(get(http, port, "/config", "*/*").body())
                    .contains("username: u")
                    .doesNotContain("s3cret");
        }
    }
}
