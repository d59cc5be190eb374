/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.config.Limits;
import io.skald.logql.conformance.JsonTree;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Asks the engine the recorded questions over the recorded dataset. The cases that do not agree yet are listed in
 * {@code /conformance/expected-failures.txt}; a case that fails beside them, or one of them that passes, fails the test.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ConformanceTest {
    private static final List<String> CATEGORIES = List.of(
            "approx_topk",
            "binary_operators",
            "decolorize",
            "drop_keep",
            "encoding_flags",
            "functions",
            "grafana",
            "http",
            "ip_filters",
            "label_filters",
            "label_format",
            "limit_direction",
            "line_filters",
            "line_format",
            "offset",
            "parse_errors",
            "parser_json",
            "parser_logfmt",
            "parser_pattern",
            "parser_regexp",
            "parser_unpack",
            "pipeline_errors",
            "query_limits",
            "range_aggregations",
            "step_alignment",
            "stream_selectors",
            "structured_metadata",
            "template_functions",
            "time_params",
            "unwrap",
            "vector_aggregations",
            "vector_matching");

    private final ExecutorService pool = Executors.newFixedThreadPool(2);
    private final Engine engine = new Engine(pool);
    private Map<String, MemoryLogSource> sources = Map.of();

    @BeforeAll
    void load() throws IOException {
        sources = Dataset.load();
    }

    @AfterAll
    void stop() {
        pool.close();
    }

    @Test
    void answersAreTheRecordedOnes() throws Exception {
        Limits limits = TestLimits.withMaxQuerySeries(Limits.DEFAULTS, 500);
        List<String> failed = new ArrayList<>();
        Map<String, int[]> score = new TreeMap<>();
        StringBuilder report = new StringBuilder();
        for (String category : CATEGORIES) {
            for (Object json :
                    (List<?>) Objects.requireNonNull(JsonTree.parse(resource("cases/" + category + ".json")))) {
                RecordedCase c = new RecordedCase((Map<?, ?>) Objects.requireNonNull(json));
                if (!c.applies(sources)) {
                    continue;
                }
                int[] n = score.computeIfAbsent(category, missing -> new int[2]);
                n[1]++;
                String difference = run(c, limits);
                if (difference == null) {
                    n[0]++;
                } else {
                    failed.add(c.id());
                    report.append(c.id())
                            .append(": ")
                            .append(difference, 0, Math.min(600, difference.length()))
                            .append('\n');
                }
            }
        }
        score.forEach((category, n) -> report.append(category + " " + n[0] + "/" + n[1] + "\n"));
        List<String> expected = resource("expected-failures.txt")
                .lines()
                .filter(l -> !l.isBlank() && !l.startsWith("#"))
                .toList();
        assertThat(failed).as(report.toString()).containsExactlyInAnyOrderElementsOf(expected);
    }

    private @Nullable String run(RecordedCase c, Limits limits) throws Exception {
        try {
            return c.run(engine, Objects.requireNonNull(sources.get(c.tenant())), limits);
        } catch (RuntimeException e) {
            return e + " at " + e.getStackTrace()[0];
        }
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = ConformanceTest.class.getResourceAsStream("/conformance/" + name)) {
            return new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
