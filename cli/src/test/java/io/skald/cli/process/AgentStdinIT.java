/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.xerial.snappy.Snappy;

/** {@code … | skald agent} ends when standard input has ended and every line has been acknowledged, not before. */
@Timeout(120)
class AgentStdinIT {
    private static final Pattern LINE = Pattern.compile("line-(\\d+);");

    @TempDir
    private Path dir;

    private final List<String> bodies = new CopyOnWriteArrayList<>();
    private final AtomicInteger tries = new AtomicInteger();
    private volatile boolean up;
    private HttpServer loki;

    @BeforeEach
    void start() throws IOException {
        loki = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        loki.createContext("/loki/api/v1/push", exchange -> {
            byte[] body = exchange.getRequestBody().readAllBytes();
            tries.incrementAndGet();
            if (up) {
                bodies.add(new String(Snappy.uncompress(body), StandardCharsets.ISO_8859_1));
            }
            exchange.sendResponseHeaders(up ? 204 : 503, -1);
            exchange.close();
        });
        loki.start();
    }

    @AfterEach
    void stop() {
        loki.stop(0);
    }

    private SkaldProcess agent(String server, String config, String... args) throws IOException {
        Path file = dir.resolve("agent.yaml");
        Files.writeString(
                file,
                """
                server: %s
                data_dir: %s
                clients:
                  - url: http://127.0.0.1:%d/loki/api/v1/push
                    format: loki
                    backoff_config: {min_period: 20ms, max_period: 50ms}
                """.formatted(server, dir.resolve("data"), loki.getAddress().getPort()) + config);
        List<String> all = new ArrayList<>(List.of("agent", "--config", file.toString()));
        all.addAll(List.of(args));
        return SkaldProcess.start(dir.resolve("out"), all.toArray(String[]::new));
    }

    private List<Integer> lines() {
        List<Integer> all = new ArrayList<>();
        for (String b : bodies) {
            Matcher m = LINE.matcher(b);
            while (m.find()) {
                all.add(Integer.valueOf(m.group(1)));
            }
        }
        return all;
    }

    /** A reload takes another label, and no line is lost or doubled. */
    @Test
    void aReloadWhileItReads() throws Exception {
        int port;
        try (ServerSocket s = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = s.getLocalPort();
        }
        up = true;
        String config = "scrape_configs: [{job_name: in, stdin: {labels: {round: 'R'}}}]\n";
        String server = "{http_listen_address: 127.0.0.1, http_listen_port: " + port + "}";
        try (SkaldProcess agent = agent(server, config.replace("R", "first"));
                HttpClient http = HttpClient.newHttpClient()) {
            OutputStream in = agent.in();
            int next = 0;
            for (String round : List.of("first", "second", "third")) {
                Path file = dir.resolve("agent.yaml");
                Files.writeString(file, Files.readString(file).replaceFirst("round: '\\w+'", "round: '" + round + "'"));
                if (next > 0) {
                    HttpRequest reload = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/-/reload"))
                            .POST(HttpRequest.BodyPublishers.noBody())
                            .build();
                    CompletableFuture<HttpResponse<String>> answer =
                            http.sendAsync(reload, HttpResponse.BodyHandlers.ofString());
                    for (; !answer.isDone(); next++) {
                        in.write(("line-" + next + ";\n").getBytes(StandardCharsets.UTF_8));
                        in.flush();
                        Thread.sleep(1); // a line now and then, all through the reload
                    }
                    assertThat(answer.get().statusCode())
                            .as(answer.get().body())
                            .isEqualTo(200);
                }
                for (int end = next + 500; next < end; next++) {
                    in.write(("line-" + next + ";\n").getBytes(StandardCharsets.UTF_8));
                }
                in.flush();
                long deadline = System.nanoTime() + 60_000_000_000L;
                while (bodies.stream().noneMatch(b -> b.contains("round=\"" + round + "\""))) {
                    assertThat(System.nanoTime()).as(round + ": " + agent.err()).isLessThan(deadline);
                    Thread.sleep(10); // polls with a deadline
                }
            }
            in.close();
            assertThat(agent.awaitExit()).as(agent.err()).isZero();
            assertThat(lines())
                    .containsExactlyInAnyOrderElementsOf(
                            IntStream.range(0, next).boxed().toList());
        }
    }

    /** As Promtail's {@code --stdin}: the stages and labels of the first job, nothing of its files. */
    @Test
    void endsWhenEverythingIsAcknowledged() throws Exception {
        String config = """
                scrape_configs:
                  - job_name: files
                    static_configs: [{targets: [localhost], labels: {job: varlogs, __path__: '/var/log/*.log'}}]
                    pipeline_stages:
                      - multiline: {firstline: '^line', max_wait_time: 30s}
                      - regex: {expression: '^(?P<kind>\\w+)'}
                      - labels: {kind: }
                """;
        try (SkaldProcess agent = agent("{disable: true}", config, "--stdin")) {
            try (OutputStream in = agent.in()) {
                in.write("line-0;\n  a\n".getBytes(StandardCharsets.UTF_8));
                in.flush();
                in.write("  b\n".getBytes(StandardCharsets.UTF_8));
                for (int i = 1; i < 3000; i++) {
                    in.write(("line-" + i + ";\r\n").getBytes(StandardCharsets.UTF_8));
                }
                in.write("line-3000; without an end".getBytes(StandardCharsets.UTF_8));
            }
            long deadline = System.nanoTime() + 60_000_000_000L;
            while (tries.get() < 10) {
                assertThat(System.nanoTime()).isLessThan(deadline);
                Thread.sleep(10); // polls with a deadline
            }
            // its input has ended long ago, and nobody has taken anything
            assertThat(agent.isAlive()).isTrue();
            up = true;
            assertThat(agent.awaitExit()).as(agent.err()).isZero();
        }
        assertThat(lines())
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.rangeClosed(0, 3000).boxed().toList());
        assertThat(String.join("", bodies)).contains("line-0;\n  a\n  b").contains("{job=\"varlogs\", kind=\"line\"}");
    }
}
