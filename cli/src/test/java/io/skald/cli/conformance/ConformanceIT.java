/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.cli.process.SkaldProcess;
import io.skald.cli.process.SkaldProcess.Reply;
import io.skald.logql.conformance.Comparison;
import io.skald.logql.conformance.ErrorKinds;
import io.skald.logql.conformance.JsonTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Loads the recorded dataset into a real process and asks it the recorded questions. Cases that are known to fail are listed in {@code
 * expected-failures.txt}: one that fails and is not listed breaks the build, and so does a listed one that passes.
 */
class ConformanceIT {
    private static final Path SUITE = Path.of("..", "logql", "src", "test", "resources", "conformance");
    private static final Path CONFIG = Path.of("src", "test", "resources", "conformance", "skald.yaml");
    private static final Path EXPECTED =
            Path.of("src", "test", "resources", "conformance", "process", "expected-failures.txt");
    private static final Path REPORT = Path.of("target", "conformance-failures.txt");

    @Test
    void answersAsRecorded(@TempDir Path dir) throws Exception {
        List<String> expected = Files.readAllLines(EXPECTED).stream()
                .filter(l -> !l.isBlank() && !l.startsWith("#"))
                .toList();
        Map<String, String> failed = new TreeMap<>();
        List<Map<String, Object>> cases = cases();
        String data = dir.resolve("data").toString();
        try (SkaldProcess skald = SkaldProcess.start(
                dir, "run", "--config", CONFIG.toString(), "--http", "127.0.0.1:0", "--data", data)) {
            RecordedRequests server = new RecordedRequests(skald.awaitUrl());
            new RecordedData(SUITE.resolve("data")).load(server);
            for (Map<String, Object> c : cases) {
                String difference = run(server, c, !expected.contains(id(c)));
                if (difference != null) {
                    failed.put(id(c), difference);
                }
            }
        }
        StringBuilder report = new StringBuilder();
        failed.forEach((id, difference) -> report.append(id)
                .append(": ")
                .append(difference.replace('\n', ' '))
                .append('\n'));
        Files.createDirectories(REPORT.getParent());
        Files.writeString(REPORT, report);
        TreeMap<String, String> worse = new TreeMap<>(failed);
        worse.keySet().removeAll(expected);
        assertThat(worse)
                .as("cases of %d that fail and are not listed in %s; all that fail: %s", cases.size(), EXPECTED, REPORT)
                .isEmpty();
        TreeSet<String> better = new TreeSet<>(expected);
        better.removeAll(failed.keySet());
        assertThat(better)
                .as("cases that pass now, or are no more: remove them from %s", EXPECTED)
                .isEmpty();
    }

    private static String id(Map<String, Object> c) {
        return (String) c.get("id");
    }

    private static List<Map<String, Object>> cases() throws IOException {
        List<Map<String, Object>> out = new ArrayList<>();
        try (Stream<Path> files = Files.list(SUITE.resolve("cases"))) {
            for (Path f : files.sorted().toList()) {
                JsonTree.list(JsonTree.parse(Files.readString(f))).forEach(c -> out.add(JsonTree.object(c)));
            }
        }
        assertThat(out).as("cases in " + SUITE).isNotEmpty();
        return out;
    }

    /** Null when the case passes. It may be asked again for as long as it says, unless it is known to fail. */
    private static String run(RecordedRequests server, Map<String, Object> c, boolean patient) throws Exception {
        for (Object step : JsonTree.list(c.getOrDefault("before", List.of()))) {
            Map<String, Object> s = JsonTree.object(step);
            Reply r = server.ask(s);
            if (s.containsKey("expect_status") && r.status() != status(s)) {
                return "preparing request answered " + r.status() + ": " + Comparison.shortened(r.body());
            }
        }
        double seconds = patient ? (Double) c.getOrDefault("retry_seconds", 0.0) : 0;
        long deadline = System.nanoTime() + (long) (seconds * 1e9);
        while (true) {
            String difference;
            try {
                difference = judge(c, server.ask(c));
            } catch (IOException | RuntimeException e) {
                // a server that hangs up or answers nonsense fails this case only
                difference = e.toString();
            }
            if (difference == null || System.nanoTime() >= deadline) {
                return difference;
            }
            Thread.sleep(50);
        }
    }

    private static int status(Map<String, Object> c) {
        return ((Double) c.get("expect_status")).intValue();
    }

    private static String judge(Map<String, Object> c, Reply r) {
        if (r.status() != status(c)) {
            return "status: want " + status(c) + " got " + r.status() + " (" + Comparison.shortened(r.body()) + ")";
        }
        if (c.containsKey("expect_error")) {
            return error(JsonTree.object(c.get("expect_error")), errorText(r.body()));
        }
        if (c.get("expect_content_type") instanceof String type
                && !r.contentType().toLowerCase(Locale.ROOT).startsWith(type)) {
            return "Content-Type: want " + type + " got " + r.contentType();
        }
        return new Comparison(c).difference(c.get("expect_body"), r.body());
    }

    /** The text may differ, as long as it is of the same kind. */
    private static String error(Map<String, Object> want, String text) {
        String wanted = (String) want.get("text");
        String got = text;
        for (Object m : want.get("mask") instanceof List<?> masks ? masks : List.of()) {
            wanted = wanted.replaceAll((String) m, "#");
            got = got.replaceAll((String) m, "#");
        }
        String kind = (String) want.get("class");
        if (got.equals(wanted) || kind.equals("other") || kind.equals(ErrorKinds.of(text))) {
            return null;
        }
        return "error: want class " + kind + " (" + wanted + ") got " + ErrorKinds.of(text) + " ("
                + Comparison.shortened(text) + ")";
    }

    private static String errorText(String body) {
        try {
            if (JsonTree.parse(body) instanceof Map<?, ?> m) {
                for (String field : List.of("message", "error")) {
                    if (m.get(field) != null && !m.get(field).equals("")) {
                        return m.get(field).toString().strip();
                    }
                }
            }
        } catch (IOException e) {
            // plain text, as most errors are
        }
        return body.strip();
    }
}
