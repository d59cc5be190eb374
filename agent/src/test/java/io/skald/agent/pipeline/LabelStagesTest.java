/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.config.ConfigException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Stages that say where an entry belongs: labels, metadata, tenant; and pack, output. */
class LabelStagesTest {
    private static final String JSON = "- json: {expressions: {s: , n: , e: , t: }}\n";
    private static final String LINE = "{\"s\":\"x\",\"n\":7,\"e\":\"\",\"t\":\"team/1\"}";

    private static Arguments row(String yaml, String line, String expected) {
        return Arguments.of(yaml, line, expected);
    }

    static Stream<Arguments> labels() {
        return Stream.of(
                row(JSON + "- labels: {s: , number: n}", LINE, "{a=\"b\", number=\"7\", s=\"x\"} " + LINE),
                row(JSON + "- labels: {none: , other: missing}", LINE, "{a=\"b\"} " + LINE),
                row(JSON + "- labels: {a: s}", LINE, "{a=\"x\"} " + LINE),
                row(JSON + "- labels: {a: e}", LINE, "{} " + LINE),
                // labels of the target count as extracted
                row("- labels: {copy: a}", "l", "{a=\"b\", copy=\"b\"} l"),
                row("- labels:\n    copy: a", "l", "{a=\"b\", copy=\"b\"} l"));
    }

    static Stream<Arguments> drops() {
        return Stream.of(
                row("- labeldrop: [a, none]", "l", "{} l"),
                row("- labeldrop:\n    - none", "l", "{a=\"b\"} l"),
                row("- labelallow: [a]", "l", "{a=\"b\"} l"),
                row("- labelallow: [other]", "l", "{} l"),
                // a label that is gone is still known by its name
                row("- replace: {expression: '(.*)', replace: '{{.a}} {{.Value}}'}\n- labeldrop: [a]", "l", "{} b l"),
                row("- labeldrop: [a]\n- labels: {again: a}", "l", "{again=\"b\"} l"));
    }

    static Stream<Arguments> fixed() {
        return Stream.of(
                row("- static_labels: {x: '1', y: two}", "l", "{a=\"b\", x=\"1\", y=\"two\"} l"),
                row("- static_labels: {a: new}", "l", "{a=\"new\"} l"));
    }

    static Stream<Arguments> metadata() {
        return Stream.of(
                row(
                        JSON + "- structured_metadata: {s: , number: n}",
                        LINE,
                        "{a=\"b\"} metadata {number=\"7\", s=\"x\"} " + LINE),
                // a label is moved
                row("- structured_metadata: {a: }", "l", "{} metadata {a=\"b\"} l"),
                row("- structured_metadata: {c: a}", "l", "{} metadata {c=\"b\"} l"),
                row("- structured_metadata: {none: }", "l", "{a=\"b\"} l"));
    }

    static Stream<Arguments> tenant() {
        return Stream.of(
                row("- tenant: {value: team-api}", "l", "{a=\"b\"} tenant team-api l"),
                row("- tenant: {label: a}", "l", "{a=\"b\"} tenant b l"),
                row("- tenant: {label: none}", "l", "{a=\"b\"} l"),
                row(JSON + "- tenant: {source: s}", LINE, "{a=\"b\"} tenant x " + LINE),
                row(JSON + "- tenant: {source: n}", LINE, "{a=\"b\"} tenant 7 " + LINE),
                row(JSON + "- tenant: {source: none}", LINE, "{a=\"b\"} " + LINE),
                // no name of a tenant: the line stays with that of the client
                row(JSON + "- tenant: {source: t}", LINE, "{a=\"b\"} " + LINE),
                row("- match: {selector: '{a=\"b\"}', stages: [{tenant: {value: x}}]}", "l", "{a=\"b\"} tenant x l"));
    }

    static Stream<Arguments> output() {
        return Stream.of(
                row(JSON + "- output: {source: s}", LINE, "{a=\"b\"} x"),
                row(JSON + "- output: {source: n}", LINE, "{a=\"b\"} 7"),
                row(JSON + "- output: {source: e}", LINE, "{a=\"b\"} "),
                row(JSON + "- output: {source: none}", LINE, "{a=\"b\"} " + LINE));
    }

    static Stream<Arguments> pack() {
        return Stream.of(
                row("- pack: {labels: [a]}", "l", "{} {\"a\":\"b\",\"_entry\":\"l\"}"),
                row("- pack: {}", "l", "{a=\"b\"} {\"_entry\":\"l\"}"),
                row("- pack: {labels: [a, none]}", "say \"l\"", "{} {\"a\":\"b\",\"_entry\":\"say \\\"l\\\"\"}"),
                // sorted, the line last, whatever names begin with
                row(
                        JSON + "- static_labels: {Z: '1', z: '2'}\n- pack: {labels: [z, Z, s, n]}\n- labels: {a: }",
                        "{\"s\":\"x\",\"n\":7}",
                        "{a=\"b\"} {\"Z\":\"1\",\"n\":\"7\",\"s\":\"x\",\"z\":\"2\",\"_entry\":\"{\\\"s\\\":\\\"x\\\",\\\"n\\\":7}\"}"),
                // what was extracted under a label's name is packed, and the label goes
                row(
                        "- regex: {expression: '(?P<a>.*)'}\n- pack: {labels: [a]}",
                        "l",
                        "{} {\"a\":\"l\",\"_entry\":\"l\"}"),
                row(
                        "- regex: {expression: '(?P<t>.*)'}\n- timestamp: {source: t, format: RFC3339}\n- pack: {ingest_timestamp: false}",
                        "2026-01-01T00:00:00Z",
                        "2026-01-01T00:00:00Z {a=\"b\"} {\"_entry\":\"2026-01-01T00:00:00Z\"}"),
                row(
                        "- regex: {expression: '(?P<t>.*)'}\n- timestamp: {source: t, format: RFC3339}\n- pack: {ingest_timestamp: true}",
                        "2026-01-01T00:00:00Z",
                        "{a=\"b\"} {\"_entry\":\"2026-01-01T00:00:00Z\"}"));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource({"labels", "drops", "fixed", "metadata", "tenant", "output", "pack"})
    void stages(String yaml, String line, String expected) throws ConfigException {
        assertThat(StageRun.run(yaml, List.of(line))).containsExactly(expected);
    }

    /** What stages remember of the line before must not show in the next. */
    @Test
    void linesDoNotMix() throws ConfigException {
        StageRun r = StageRun.of(JSON + "- labels: {s: }\n- labeldrop: [e]", Map.of("a", "b", "e", "f"));
        r.line("{\"s\":\"1\"}");
        r.line("{\"s\":\"1\"}");
        r.line("{\"s\":\"2\"}");
        r.line("-");
        r.line("{\"s\":\"\"}");
        assertThat(r.end())
                .containsExactly(
                        "{a=\"b\", s=\"1\"} {\"s\":\"1\"}",
                        "{a=\"b\", s=\"1\"} {\"s\":\"1\"}",
                        "{a=\"b\", s=\"2\"} {\"s\":\"2\"}",
                        "{a=\"b\"} -",
                        "{a=\"b\"} {\"s\":\"\"}");
    }
}
