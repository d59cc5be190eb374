/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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

    private SkaldProcess agent(String config, String... args) throws IOException {
        Path file = dir.resolve("agent.yaml");
        Files.writeString(
                file, """
                server: {disable: true}
                data_dir: %s
                clients:
                  - url: http://127.0.0.1:%d/loki/api/v1/push
                    format: loki
                    backoff_config: {min_period: 20ms, max_period: 50ms}
                """.formatted(dir.resolve("data"), loki.getAddress().getPort()) + config);
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
        try (SkaldProcess agent = agent(config, "--stdin")) {
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
