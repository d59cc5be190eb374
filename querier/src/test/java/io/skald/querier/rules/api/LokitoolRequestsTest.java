/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.Limits;
import io.skald.core.http.HttpServer;
import io.skald.core.http.HttpServerConfig;
import io.skald.querier.rules.model.RuleYaml;
import io.skald.querier.rules.store.RuleCatalog;
import io.skald.querier.rules.store.RuleFiles;
import io.skald.querier.rules.store.RuleStore;
import io.skald.storage.memory.MemoryIndexStore;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The requests that lokitool and cortextool make, byte for byte as Go's client sends them: no content type, bodies as Go writes YAML, names
 * escaped as Go does. The tools themselves are not run.
 */
class LokitoolRequestsTest {
    private static final String GROUP = """
            name: a+b:c=d
            interval: 30s
            query_offset: 1m
            limit: 10
            rules:
                - alert: Errors
                  expr: sum by (app) (rate({env="prod"} |= "error" [5m])) > 1
                  for: 1m
                  keep_firing_for: 5m
                  labels:
                    severity: page
                  annotations:
                    summary: '{{ $labels.app }}: {{ $value }}'
                - record: app:lines
                  expr: |
                    sum by (app) (
                      rate({env="prod"}[5m])
                    )
            """;
    private static final String CHANGED = GROUP.replace("30s", "1m30s");

    private final RuleCatalog catalog =
            new RuleCatalog(new RuleStore(new MemoryIndexStore()), new RuleFiles(Path.of("")), t -> Limits.DEFAULTS);
    private final HttpServer server = new HttpServer(HttpServerConfig.of("127.0.0.1", 0), new CollectorRegistry());

    @BeforeEach
    void start() throws Exception {
        RulesApi.register(server, catalog, t -> Map.of(), () -> {}, Duration.ofMinutes(1), true);
        server.start();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private record Answer(int status, String body) {}

    private Answer send(String method, String path, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        String head = method + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + server.port()
                + "\r\nUser-Agent: Go-http-client/1.1\r\n"
                + (bytes.length > 0 ? "Content-Length: " + bytes.length + "\r\n" : "")
                + "Authorization: Basic dGVhbTprZXk=\r\nX-Scope-Orgid: team\r\nAccept-Encoding: gzip\r\n\r\n";
        try (Socket s = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            s.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
            s.getOutputStream().write(bytes);
            InputStream in = s.getInputStream();
            int status = Integer.parseInt(line(in).split(" ", 3)[1]);
            int length = -1;
            boolean gzip = false;
            for (String l = line(in); !l.isEmpty(); l = line(in)) {
                String lower = l.toLowerCase(Locale.ROOT);
                length = lower.startsWith("content-length:")
                        ? Integer.parseInt(l.substring(15).strip())
                        : length;
                gzip |= lower.startsWith("content-encoding:") && lower.contains("gzip");
            }
            assertThat(length).as("Go reads the body by its length").isNotNegative();
            byte[] answer = in.readNBytes(length);
            return new Answer(
                    status,
                    new String(
                            gzip ? new GZIPInputStream(new ByteArrayInputStream(answer)).readAllBytes() : answer,
                            StandardCharsets.UTF_8));
        }
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder b = new StringBuilder();
        for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
            if (c != '\r') {
                b.append((char) c);
            }
        }
        return b.toString();
    }

    /** What {@code get} and {@code load} compare is what was written. */
    private void assertSame(String answer, String written) {
        assertThat(RuleYaml.parseGroup("answer", answer)).isEqualTo(RuleYaml.parseGroup("written", written));
    }

    @Test
    void everyCommandWorks() throws Exception {
        for (String base : List.of("/loki/api/v1/rules", "/api/prom/rules", "/api/v1/rules")) {
            // lokitool rules list, print, diff, sync of a tenant without rules: 404 is "none" to them
            assertThat(send("GET", base, "")).isEqualTo(new Answer(404, "no rule groups found"));
            // load asks for the group first
            String namespace = base + "/my%20rules%2Fa+b";
            String group = namespace + "/a+b:c=d";
            assertThat(send("GET", group, "").status()).isEqualTo(404);
            assertThat(send("POST", namespace, GROUP).status()).isEqualTo(202);
            // get; load again, which finds nothing to do
            Answer got = send("GET", group, "");
            assertThat(got.status()).isEqualTo(200);
            assertSame(got.body(), GROUP);
            // list, print, diff, sync: a list of groups under each namespace
            String all = send("GET", base, "").body();
            assertThat(all)
                    .startsWith("\"my rules/a+b\":\n")
                    .contains("name: \"a+b:c=d\"", "interval: 30s", "query_offset: 1m");
            assertThat(send("GET", namespace, "").body()).isEqualTo(all);
            // sync writes what changed and removes what is not in the files
            assertThat(send("POST", namespace, CHANGED).status()).isEqualTo(202);
            assertSame(send("GET", group, "").body(), CHANGED);
            assertThat(send("POST", namespace, CHANGED.replace("a+b:c=d", "other"))
                            .status())
                    .isEqualTo(202);
            assertThat(send("DELETE", namespace + "/other", "").status()).isEqualTo(202);
            assertThat(send("DELETE", namespace + "/other", "").status()).isEqualTo(404);
            assertThat(send("DELETE", group, "").status()).isEqualTo(202);
            // what it prints of an error is the first line of up to 512 bytes
            assertThat(send("POST", namespace, GROUP.replace("[5m]))", "[5m])")))
                    .matches(a -> a.status() == 400 && a.body().length() < 512, "a short refusal")
                    .extracting(Answer::body)
                    .asString()
                    .startsWith("rule group:7:");
        }
    }
}
