/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.agent.config.StageTest;
import io.skald.core.config.ConfigException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What each stage does, by table: stages, lines, what comes out without the time it was read at. */
class StagesTest {
    static Stream<Arguments> tables() {
        return Stream.of(
                Arguments.of(
                        "- cri: {}",
                        List.of("2024-05-01T10:00:00.5Z stderr P one ", "2024-05-01T10:00:01Z stderr F two", "not cri"),
                        List.of("2024-05-01T10:00:00.500Z {a=\"b\", stream=\"stderr\"} one two", "{a=\"b\"} not cri")),
                Arguments.of(
                        "- docker: {}",
                        List.of("{\"log\":\"x \\\"y\\\"\\n\",\"stream\":\"stdout\",\"time\":\"2024-05-01T10:00:00Z\"}"),
                        List.of("2024-05-01T10:00:00Z {a=\"b\", stream=\"stdout\"} x \"y\"")),
                Arguments.of(
                        "- regex: {expression: '(?P<user>\\w+) (?P<code>\\d+)'}\n- labels: {user: , status: code}",
                        List.of("bob 200", "nothing"),
                        List.of("{a=\"b\", status=\"200\", user=\"bob\"} bob 200", "{a=\"b\"} nothing")),
                Arguments.of(
                        "- json: {expressions: {u: user.name, n: 'ids[1]', o: obj, l: }}\n- labels: {u: , n: , o: , l: }",
                        List.of(
                                "{\"user\":{\"name\":\"bob\"},\"ids\":[1,2.50],\"obj\":{\"z\":1,\"k\":null},\"l\":true}",
                                "no json"),
                        List.of(
                                "{a=\"b\", l=\"true\", n=\"2.5\", o=\"{\\\"k\\\":null,\\\"z\\\":1}\", u=\"bob\"} {\"user\":{\"name\":\"bob\"},\"ids\":[1,2.50],\"obj\":{\"z\":1,\"k\":null},\"l\":true}",
                                "{a=\"b\"} no json")),
                Arguments.of("- json: {expressions: {x: }, drop_malformed: true}", List.of("no json"), List.of()),
                Arguments.of(
                        "- logfmt: {mapping: {lvl: level, msg: }}\n- labels: {lvl: }\n- output: {source: msg}",
                        List.of("level=warn msg=\"a \\\"b\\\" c\" x"),
                        List.of("{a=\"b\", lvl=\"warn\"} a \"b\" c")),
                Arguments.of(
                        "- replace: {expression: 'password=(\\S+)', replace: '****'}",
                        List.of("password=x1 password=y2 z"),
                        List.of("{a=\"b\"} password=**** password=**** z")),
                Arguments.of(
                        "- replace: {expression: '(\\d+)', replace: '<{{ .Value }}>'}",
                        List.of("a1b22"),
                        List.of("{a=\"b\"} a<1>b<22>")),
                Arguments.of(
                        "- template: {source: v, template: '{{ ToUpper .Entry }}!'}\n- output: {source: v}",
                        List.of("abc"),
                        List.of("{a=\"b\"} ABC!")),
                Arguments.of(
                        "- template: {source: v, template: '{{ Sha2Hash \"salt\" .Entry }} {{ .Entry | Hash \"\" }}'}\n- output: {source: v}",
                        List.of("abc"),
                        List.of(
                                "{a=\"b\"} 3681099918be28c95b81e27e7e5c2e4c6a6dea566d2d10e7f49139ebb779eb6f 3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532")),
                Arguments.of(
                        "- pack: {labels: [a, none], ingest_timestamp: false}",
                        List.of("x"),
                        List.of("{} {\"a\":\"b\",\"_entry\":\"x\"}")),
                Arguments.of(
                        "- match: {selector: '{a=\"b\"} |= \"err\"', stages: [{static_labels: {level: error}}]}",
                        List.of("err 1", "fine"),
                        List.of("{a=\"b\", level=\"error\"} err 1", "{a=\"b\"} fine")),
                Arguments.of(
                        "- match: {selector: '{a=\"b\"} |= \"err\"', action: drop}",
                        List.of("err 1", "fine"),
                        List.of("{a=\"b\"} fine")),
                Arguments.of(
                        "- drop: {expression: '.*debug.*'}",
                        List.of("a debug line", "info"),
                        List.of("{a=\"b\"} info")),
                Arguments.of("- drop: {longer_than: 3B}", List.of("abc", "abcd"), List.of("{a=\"b\"} abc")),
                Arguments.of(
                        "- json: {expressions: {l: , m: }}\n- drop: {source: [l, m], separator: '-', value: 'x-y'}",
                        List.of("{\"l\":\"x\",\"m\":\"y\"}", "{\"l\":\"x\"}"),
                        List.of("{a=\"b\"} {\"l\":\"x\"}")),
                Arguments.of(
                        "- limit: {rate: 0.001, burst: 2, drop: true}",
                        List.of("1", "2", "3"),
                        List.of("{a=\"b\"} 1", "{a=\"b\"} 2")),
                Arguments.of("- sampling: {rate: 0}", List.of("1"), List.of()),
                Arguments.of("- sampling: {rate: 1}", List.of("1"), List.of("{a=\"b\"} 1")),
                Arguments.of(
                        "- regex: {expression: '^(?P<t>\\S+)'}\n- timestamp: {source: t, format: RFC3339Nano}",
                        List.of("2024-05-01T10:00:00.123456789+02:00 x"),
                        List.of("2024-05-01T08:00:00.123456789Z {a=\"b\"} 2024-05-01T10:00:00.123456789+02:00 x")),
                Arguments.of(
                        "- regex: {expression: '^(?P<t>\\S+)'}\n- timestamp: {source: t, format: UnixMs}",
                        List.of("1714557600123 x", "bad x"),
                        List.of(
                                "2024-05-01T10:00:00.123Z {a=\"b\"} 1714557600123 x",
                                "2024-05-01T10:00:00.123000001Z {a=\"b\"} bad x")),
                Arguments.of(
                        "- regex: {expression: '^(?P<t>.{19})'}\n- timestamp: {source: t, format: '2006-01-02 15:04:05', location: Europe/Berlin}",
                        List.of("2024-05-01 10:00:00 x"),
                        List.of("2024-05-01T08:00:00Z {a=\"b\"} 2024-05-01 10:00:00 x")),
                Arguments.of("- labeldrop: [a]", List.of("x"), List.of("{} x")),
                Arguments.of("- labelallow: [c]", List.of("x"), List.of("{} x")),
                Arguments.of(
                        "- json: {expressions: {trace: }}\n- structured_metadata: {trace_id: trace, a: }",
                        List.of("{\"trace\":\"t1\"}"),
                        List.of("{} metadata {a=\"b\", trace_id=\"t1\"} {\"trace\":\"t1\"}")),
                Arguments.of("- tenant: {value: team}", List.of("x"), List.of("{a=\"b\"} tenant team x")),
                Arguments.of("- tenant: {label: a}", List.of("x"), List.of("{a=\"b\"} tenant b x")),
                Arguments.of(
                        "- multiline: {firstline: '^\\d', max_lines: 3}",
                        List.of("before", "1", " a", "2", " b", " c", " d"),
                        List.of("{a=\"b\"} before", "{a=\"b\"} 1", " a", "{a=\"b\"} 2", " b", " c", "{a=\"b\"}  d")),
                Arguments.of("- decolorize: {}", List.of("\u001b[1;31mred\u001b[0m x"), List.of("{a=\"b\"} red x")),
                Arguments.of(
                        "- redact: {}",
                        List.of(
                                "card 4111 1111 1111 1111, no card 4111111111111112",
                                "Authorization: Bearer abcdefgh.123",
                                "to bob.smith@example.com now"),
                        List.of(
                                "{a=\"b\"} card <redacted:card>, no card 4111111111111112",
                                "{a=\"b\"} Authorization: Bearer <redacted:token>",
                                "{a=\"b\"} to <redacted:email> now")),
                Arguments.of(
                        "- redact: {cards: false, tokens: false, emails: false, custom: {pin: 'pin=(\\d+)'}, replacement: '#'}",
                        List.of("pin=12 4111111111111111"),
                        List.of("{a=\"b\"} pin=# 4111111111111111")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("tables")
    void stages(String yaml, List<String> lines, List<String> expected) throws ConfigException {
        StageTest t = StageTest.parse("pipeline.yaml", yaml, null, new String[] {"a=b"});
        StringBuilder out = new StringBuilder();
        lines.forEach(l -> out.append(t.run(l)));
        out.append(t.end());
        StringBuilder got = new StringBuilder();
        boolean entry = false;
        for (String l : out.toString().split("\n", -1)) {
            boolean begins = l.startsWith("=> ");
            entry = begins ? !l.startsWith("=> dropped") : entry && l.startsWith(" ") && !l.matches(" ?\\d+ .*");
            if (entry) {
                // the time of reading is now, and says nothing
                got.append(l.replaceFirst("^=> 20(?:2[5-9]|[3-9]\\d)-\\S+ ", "").replaceFirst("^=> ", ""))
                        .append('\n');
            }
        }
        assertThat(got.toString().lines().toList()).isEqualTo(expected);
    }
}
