/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.skald.core.config.ConfigException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Stages that decide what goes on, and in which pieces: match, drop, limit, sampling, multiline, decolorize. */
class FlowStagesTest {
    private static final String JSON = "- json: {expressions: {l: , m: , t: }}\n";

    private static Arguments row(String yaml, List<String> lines, List<String> expected) {
        return Arguments.of(yaml, lines, expected);
    }

    /** Lines, of which these go on as they are. */
    private static Arguments keeps(String yaml, List<String> lines, String... kept) {
        return row(yaml, lines, Stream.of(kept).map(l -> "{a=\"b\"} " + l).toList());
    }

    static Stream<Arguments> drop() {
        List<String> docs = List.of("{\"l\":\"x\",\"m\":\"y\"}", "{\"l\":\"x\"}", "{\"m\":\"y\"}", "-");
        return Stream.of(
                keeps("- drop: {expression: '.*debug.*'}", List.of("a debug line", "info"), "info"),
                keeps("- drop: {expression: 'bug'}", List.of("a debug line", "info"), "info"),
                keeps("- drop: {longer_than: 10b}", List.of("12345678901", "1234567890", "1"), "1234567890", "1"),
                keeps("- drop: {longer_than: 10}", List.of("12345678901", "ééééé", "éééééé"), "ééééé"),
                keeps("- drop: {longer_than: 1kb}", List.of("x".repeat(1024), "x".repeat(1025)), "x".repeat(1024)),
                // a source alone drops what has it; of a list what has all
                keeps(JSON + "- drop: {source: l}", docs, docs.get(2), "-"),
                keeps(JSON + "- drop: {source: [l, m]}", docs, docs.get(1), docs.get(2), "-"),
                keeps(JSON + "- drop: {source: l, value: x}", docs, docs.get(2), "-"),
                keeps(JSON + "- drop: {source: l, value: X}", docs, docs.get(0), docs.get(1), docs.get(2), "-"),
                keeps(JSON + "- drop: {source: [l, m], value: 'x;y'}", docs, docs.get(1), docs.get(2), "-"),
                keeps(
                        JSON + "- drop: {source: [l, m], separator: '#', expression: '^x#y$'}",
                        docs,
                        docs.get(1),
                        docs.get(2),
                        "-"),
                // of values that are joined those count that are there
                keeps(JSON + "- drop: {source: [l, m], expression: '^x'}", docs, docs.get(2), "-"),
                keeps(JSON + "- drop: {source: [l, m], expression: '.*'}", docs, "-"),
                // all conditions have to be met
                keeps(
                        JSON + "- drop: {source: m, expression: 'y', longer_than: 10}",
                        docs,
                        docs.get(1),
                        docs.get(2),
                        "-"),
                keeps(
                        "- drop: {expression: bug, longer_than: 5}",
                        List.of("debug", "a debug line", "a long line"),
                        "debug",
                        "a long line"),
                row(
                        JSON + "- timestamp: {source: t, format: RFC3339}\n- drop: {older_than: 24h}",
                        List.of("{\"t\":\"2025-12-31T23:59:59Z\"}", "{\"t\":\"2026-01-01T00:00:02Z\"}"),
                        List.of("2026-01-01T00:00:02Z {a=\"b\"} {\"t\":\"2026-01-01T00:00:02Z\"}")));
    }

    static Stream<Arguments> match() {
        List<String> lines = List.of("error 1", "info 2");
        String stages = ", stages: [{static_labels: {x: y}}]}";
        return Stream.of(
                row(
                        "- match: {selector: '{a=\"b\"}'" + stages,
                        lines,
                        List.of("{a=\"b\", x=\"y\"} error 1", "{a=\"b\", x=\"y\"} info 2")),
                keeps("- match: {selector: '{a!=\"b\"}'" + stages, lines, "error 1", "info 2"),
                row(
                        "- match: {selector: '{a!=\"c\"} |= \"1\"'" + stages,
                        lines,
                        List.of("{a=\"b\", x=\"y\"} error 1", "{a=\"b\"} info 2")),
                row("- match: {selector: '{}'" + stages, List.of("l"), List.of("{a=\"b\", x=\"y\"} l")),
                row(
                        "- match: {selector: '{a=~\"b|c\"} |= \"error\"'" + stages,
                        lines,
                        List.of("{a=\"b\", x=\"y\"} error 1", "{a=\"b\"} info 2")),
                row(
                        "- match: {selector: '{a=\"b\"} !~ \"err.r\"'" + stages,
                        lines,
                        List.of("{a=\"b\"} error 1", "{a=\"b\", x=\"y\"} info 2")),
                row(
                        "- match: {selector: '{a=\"b\"} |= \"r\" != \"1\"', action: keep" + stages,
                        lines,
                        List.of("{a=\"b\"} error 1", "{a=\"b\"} info 2")),
                keeps("- match: {selector: '{a=\"b\"} |~ \"err.*\"', action: drop}", lines, "info 2"),
                keeps("- match: {selector: '{a=\"b\"}', action: drop, drop_counter_reason: why}", lines),
                // labels that a stage before it has set count
                row(
                        "- static_labels: {app: web}\n- match: {selector: '{app=\"web\"}', pipeline_name: p" + stages,
                        List.of("l"),
                        List.of("{a=\"b\", app=\"web\", x=\"y\"} l")),
                // and so does the line that a stage before it has made
                keeps(
                        "- replace: {expression: '(error)', replace: ok}\n- match: {selector: '{a=\"b\"} |= \"error\"', action: drop}",
                        List.of("error 1"),
                        "ok 1"),
                // stages in it in turn
                row(
                        "- match: {selector: '{a=\"b\"}', stages: [{match: {selector: '{a=\"b\"} |= \"1\"', action: drop}}, {labeldrop: [a]}]}",
                        lines,
                        List.of("{} info 2")),
                row(
                        "- match: {selector: '{a=\"b\"}', stages: [{multiline: {firstline: '^\\d'}}]}",
                        List.of("1", " x", "2", " y"),
                        List.of("{a=\"b\"} 1⏎ x", "{a=\"b\"} 2⏎ y")));
    }

    static Stream<Arguments> limits() {
        return Stream.of(
                keeps("- limit: {rate: 0.001, burst: 2, drop: true}", List.of("1", "2", "3"), "1", "2"),
                keeps("- sampling: {rate: 0}", List.of("1")),
                keeps("- sampling: {rate: 1}", List.of("1"), "1"));
    }

    static Stream<Arguments> multiline() {
        return Stream.of(
                row(
                        "- multiline: {firstline: '^\\['}",
                        List.of("[1] a", "  b", "", "c", "[2] d"),
                        List.of("{a=\"b\"} [1] a⏎  b⏎⏎c", "{a=\"b\"} [2] d")),
                // before the first one that begins every line is for itself
                row(
                        "- multiline: {firstline: '^\\['}",
                        List.of("x", "y", "[1]", "z"),
                        List.of("{a=\"b\"} x", "{a=\"b\"} y", "{a=\"b\"} [1]⏎z")),
                row(
                        "- multiline: {firstline: '^\\[', max_lines: 2}",
                        List.of("[1]", "a", "b", "c", "d"),
                        List.of("{a=\"b\"} [1]⏎a", "{a=\"b\"} b⏎c", "{a=\"b\"} d")),
                row(
                        "- multiline: {firstline: '^\\x{200B}\\[', max_wait_time: 1s}",
                        List.of("\u200b[1", "x", "\u200b[2"),
                        List.of("{a=\"b\"} \u200b[1⏎x", "{a=\"b\"} \u200b[2")),
                // streams of one source do not mix
                row(
                        "- cri: {}\n- multiline: {firstline: '^\\d'}",
                        List.of(
                                "2026-01-01T00:00:00Z stdout F 1",
                                "2026-01-01T00:00:01Z stderr F 2",
                                "2026-01-01T00:00:02Z stdout F  a",
                                "2026-01-01T00:00:03Z stderr F  b"),
                        List.of(
                                "2026-01-01T00:00:00Z {a=\"b\", stream=\"stdout\"} 1⏎ a",
                                "2026-01-01T00:00:01Z {a=\"b\", stream=\"stderr\"} 2⏎ b")));
    }

    static Stream<Arguments> decolorize() {
        return Stream.of(
                keeps("- decolorize: {}", List.of("\u001b[1;31mred\u001b[0m x \u001b[38;5;196mü\u001b[m"), "red x ü"),
                keeps("- decolorize:", List.of("plain"), "plain"),
                // not only colours steer a terminal
                keeps(
                        "- decolorize: {}",
                        List.of(
                                "\u001b[2K\u001b[1Gdone\u001b[?25h \u001b]0;title\u0007x\u001b]8;;http://y\u001b\\z\u001b(B"),
                        "done xz"),
                keeps("- decolorize: {}", List.of("cut \u001b[31", "cut \u001b", "\u001b"), "cut ", "cut ", ""));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"drop", "match", "limits", "multiline", "decolorize"})
    void stages(String yaml, List<String> lines, List<String> expected) throws ConfigException {
        assertThat(StageRun.run(yaml, lines)).isEqualTo(expected);
    }

    @Test
    void dropsAreCountedByReason() throws ConfigException {
        StageRun r = StageRun.of("""
                - drop: {expression: one}
                - drop: {expression: two, drop_counter_reason: mine}
                - match: {selector: '{a="b"} |= "three"', action: drop}
                - match: {selector: '{a="b"} |= "four"', action: drop, drop_counter_reason: other}
                - sampling: {rate: 0}""");
        List.of("one", "two", "three", "four", "five").forEach(r::line);
        assertThat(r.end()).isEmpty();
        for (String reason : List.of("drop_stage", "mine", "match_stage", "other", "sampling_stage")) {
            assertThat(r.metric("skald_agent_stage_dropped_lines_total", "reason", reason))
                    .as(reason)
                    .isEqualTo(1.0);
        }
    }

    @Test
    void limitsEachValueOfALabelAlone() throws ConfigException {
        String yaml = "- json: {expressions: {ns: }}\n- labels: {ns: }\n"
                + "- limit: {rate: 0.001, burst: 1, drop: true, by_label_name: ns, max_distinct_labels: 2}";
        StageRun r = StageRun.of(yaml, Map.of());
        // a line without the label is not limited; of three values the one that was used longest ago is forgotten
        List.of(
                        "{\"ns\":\"x\"}",
                        "{\"ns\":\"y\"}",
                        "{\"ns\":\"x\"}",
                        "-",
                        "-",
                        "{\"ns\":\"z\"}",
                        "{\"ns\":\"y\"}",
                        "{\"ns\":\"z\"}")
                .forEach(r::line);
        assertThat(r.end())
                .containsExactly(
                        "{ns=\"x\"} {\"ns\":\"x\"}",
                        "{ns=\"y\"} {\"ns\":\"y\"}",
                        "{} -",
                        "{} -",
                        "{ns=\"z\"} {\"ns\":\"z\"}",
                        "{ns=\"y\"} {\"ns\":\"y\"}");
        assertThat(r.metric("skald_agent_stage_dropped_lines_total", "reason", "limit_stage"))
                .isEqualTo(2.0);
    }

    @Test
    void pausesItsSourceWithoutDrop() throws ConfigException {
        StageRun r = StageRun.of("- match: {selector: '{a=\"b\"}', stages: [{limit: {rate: 0.01, burst: 2}}]}");
        r.line("l");
        assertThat(r.pauseNanos()).isZero();
        r.line("l");
        assertThat(r.pauseNanos()).isBetween(90_000_000_000L, 100_000_000_000L);
        r.line("what comes nevertheless is taken");
        assertThat(r.end()).hasSize(3);
        assertThat(r.pauseNanos()).isBetween(190_000_000_000L, 200_000_000_000L);
    }

    @Test
    void holdsTheRateThoughItsSourceIsWokenLate() throws Exception {
        StageRun r = StageRun.of("- limit: {rate: 1000, burst: 1}");
        long start = System.nanoTime();
        int lines = 0;
        while (System.nanoTime() - start < 500_000_000) {
            long pause = r.pauseNanos();
            if (pause > 0) {
                Thread.sleep(pause / 1_000_000 + 1);
            } else {
                r.line("l");
                lines++;
            }
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        // at most a tenth of a second in advance; a busy machine may wake it much later
        assertThat(r.end()).hasSize(lines);
        assertThat((double) lines).isBetween(50.0, 2 + 1000 * (seconds + 0.1));
    }

    @Test
    void samplesAShare() throws ConfigException {
        StageRun r = StageRun.of("- sampling: {rate: 0.1}");
        for (int i = 0; i < 20_000; i++) {
            r.line("l");
        }
        // six standard deviations
        assertThat(r.end().size()).isCloseTo(2000, within(260));
    }
}
