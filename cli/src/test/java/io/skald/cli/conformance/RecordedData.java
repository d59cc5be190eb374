/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.cli.process.SkaldProcess.Reply;
import io.skald.logql.conformance.JsonTree;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/** The recorded dataset: one entry per line, in the order of arrival. */
final class RecordedData {
    private static final int ENTRIES_PER_PUSH = 500;

    private final Path dir;

    RecordedData(Path dir) {
        this.dir = dir;
    }

    /** Pushes it, has it flushed, and waits until all of it is visible. */
    void load(RecordedRequests server) throws Exception {
        for (Map.Entry<String, List<Map<String, Object>>> e : byTenant().entrySet()) {
            List<Map<String, Object>> rows = e.getValue();
            for (int i = 0; i < rows.size(); i += ENTRIES_PER_PUSH) {
                push(server, e.getKey(), rows.subList(i, Math.min(i + ENTRIES_PER_PUSH, rows.size())));
            }
        }
        assertThat(server.ask(Map.of("method", "POST", "path", "/flush")).status())
                .isBetween(200, 204);
        Map<String, Object> ready = JsonTree.object(JsonTree.parse(Files.readString(dir.resolve("ready.json"))));
        for (Map.Entry<String, Object> count :
                JsonTree.object(ready.get("counts")).entrySet()) {
            awaitCount(server, ready, count.getKey(), ((Double) count.getValue()).longValue());
        }
    }

    private Map<String, List<Map<String, Object>>> byTenant() throws IOException {
        Map<String, List<Map<String, Object>>> byTenant = new TreeMap<>();
        try (Stream<Path> files = Files.list(dir)) {
            for (Path f : files.filter(p -> p.toString().endsWith(".jsonl.gz"))
                    .sorted()
                    .toList()) {
                try (BufferedReader lines = new BufferedReader(
                        new InputStreamReader(new GZIPInputStream(Files.newInputStream(f)), StandardCharsets.UTF_8))) {
                    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                        Map<String, Object> row = JsonTree.object(JsonTree.parse(line));
                        byTenant.computeIfAbsent((String) row.get("tenant"), t -> new ArrayList<>())
                                .add(row);
                    }
                }
            }
        }
        assertThat(byTenant).as("data in " + dir).isNotEmpty();
        return byTenant;
    }

    private static void push(RecordedRequests server, String tenant, List<Map<String, Object>> rows) throws Exception {
        Map<String, Map<String, Object>> streams = new LinkedHashMap<>();
        for (Map<String, Object> r : rows) {
            Map<String, Object> stream = streams.computeIfAbsent(
                    JsonTree.write(r.get("labels")),
                    k -> new TreeMap<>(Map.of("stream", r.get("labels"), "values", new ArrayList<>())));
            List<Object> entry = new ArrayList<>(List.of(r.get("ts"), r.get("line")));
            if (r.get("metadata") instanceof Map<?, ?> m && !m.isEmpty()) {
                entry.add(m);
            }
            JsonTree.list(stream.get("values")).add(entry);
        }
        Reply reply = server.ask(Map.of(
                "method",
                "POST",
                "path",
                "/loki/api/v1/push",
                "headers",
                Map.of("X-Scope-OrgID", tenant, "Content-Type", "application/json"),
                "body",
                Map.of("streams", new ArrayList<>(streams.values()))));
        assertThat(reply.status()).as(reply.body()).isIn(200, 204);
    }

    private static void awaitCount(RecordedRequests server, Map<String, Object> ready, String tenant, long want)
            throws Exception {
        Map<String, Object> request = Map.of(
                "method",
                "GET",
                "path",
                "/loki/api/v1/query",
                "headers",
                Map.of("X-Scope-OrgID", tenant),
                "params",
                Map.of("query", ready.get("query"), "time", ready.get("time")));
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        Reply reply = server.ask(request);
        while (!reply.body().contains("\"" + want + "\"") && System.nanoTime() < deadline) {
            Thread.sleep(50);
            reply = server.ask(request);
        }
        assertThat(reply.body()).as("entries of " + tenant).contains("\"" + want + "\"");
    }
}
