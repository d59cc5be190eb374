/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.config.ConfigException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Stages that take values out of lines: docker, cri, regex, json, logfmt; and replace, template. */
class ExtractStagesTest {
    private static Arguments row(String yaml, List<String> lines, List<String> expected) {
        return Arguments.of(yaml, lines, expected);
    }

    private static Arguments one(String yaml, String line, String expected) {
        return row(yaml, List.of(line), List.of(expected));
    }

    /** Shows values by writing them as the line. */
    private static String show(String template) {
        return "\n- template: {source: shown, template: '" + template + "'}\n- output: {source: shown}";
    }

    static Stream<Arguments> docker() {
        String line = "{\"log\":\"text\\n\",\"stream\":\"stderr\",\"time\":\"2026-04-30T02:12:41.8443515Z\"}";
        String time = "2026-04-30T02:12:41.844351500Z ";
        return Stream.of(
                one("- docker: {}", line, time + "{a=\"b\", stream=\"stderr\"} text"),
                one("- docker:", line, time + "{a=\"b\", stream=\"stderr\"} text"),
                one(
                        "- docker: {}" + show("{{.output}},{{.stream}},{{.timestamp}}"),
                        line,
                        time + "{a=\"b\", stream=\"stderr\"} text,stderr,2026-04-30T02:12:41.8443515Z"),
                one("- docker: {}", "plain", "{a=\"b\"} plain"),
                one("- docker: {}", "{\"log\":\"no time\"}", "{a=\"b\"} {\"log\":\"no time\"}"),
                one(
                        "- docker: {}",
                        "{\"log\":\"x\\n\",\"attrs\":{\"tag\":\"t\"},\"time\":\"2026-04-30T02:12:41Z\"}",
                        "2026-04-30T02:12:41Z {a=\"b\"} x"),
                // the daemon cuts lines after 16 KiB, only the last part ends with a line feed
                row(
                        "- docker: {}" + show("{{.output}}!"),
                        List.of(
                                "{\"log\":\"one \",\"stream\":\"stdout\",\"time\":\"2026-04-30T02:12:41Z\"}",
                                "{\"log\":\"two\\n\",\"stream\":\"stdout\",\"time\":\"2026-04-30T02:12:42Z\"}"),
                        List.of("2026-04-30T02:12:41Z {a=\"b\", stream=\"stdout\"} one two!")));
    }

    static Stream<Arguments> cri() {
        String line = "2026-04-30T02:12:41.8443515Z stdout F a message";
        String time = "2026-04-30T02:12:41.844351500Z ";
        String out = "{a=\"b\", stream=\"stdout\"} ";
        return Stream.of(
                one("- cri: {}", line, time + out + "a message"),
                one(
                        "- cri: {}" + show("{{.content}},{{.stream}},{{.flags}},{{.time}},{{.timestamp}}"),
                        line,
                        time + out + "a message,stdout,F,2026-04-30T02:12:41.8443515Z,2026-04-30T02:12:41.8443515Z"),
                // what a stage before it has made of the line counts, not what was read
                one(
                        "- replace: {expression: '^x(y)', replace: ''}\n- regex: {expression: '^x(?P<rest>.*)'}\n- output: {source: rest}\n- cri: {}"
                                + show("{{.content}}!"),
                        "xy" + line,
                        time + out + "a message!"),
                one(
                        "- cri: {}",
                        "2026-04-30T02:12:41+02:00 stderr F",
                        "2026-04-30T00:12:41Z {a=\"b\", stream=\"stderr\"} "),
                one("- cri: {}", "2026-04-30 T02:12:41Z stderr F x", "{a=\"b\"} 2026-04-30 T02:12:41Z stderr F x"),
                one("- cri: {}", "2026-04-30T02:12:41Z other F x", "{a=\"b\"} 2026-04-30T02:12:41Z other F x"),
                row(
                        "- cri: {}" + show("{{.content}}!"),
                        List.of(
                                "2026-04-30T02:12:41Z stdout P one ",
                                "2026-04-30T02:12:42Z stderr F other",
                                "2026-04-30T02:12:43Z stdout P two ",
                                "2026-04-30T02:12:44Z stdout F three"),
                        List.of(
                                "2026-04-30T02:12:42Z {a=\"b\", stream=\"stderr\"} other!",
                                "2026-04-30T02:12:41Z " + out + "one two three!")),
                // what never ends is let out in the end
                one("- cri: {}", "2026-04-30T02:12:41Z stdout P one", "2026-04-30T02:12:41Z " + out + "one"),
                // more unfinished lines than there may be: they go as they are
                row(
                        "- cri: {max_partial_lines: 1}",
                        List.of("2026-04-30T02:12:41Z stdout P one ", "2026-04-30T02:12:42Z stderr P other"),
                        List.of(
                                "2026-04-30T02:12:41Z " + out + "one ",
                                "2026-04-30T02:12:42Z {a=\"b\", stream=\"stderr\"} other")),
                // without truncating the size has no effect, as Promtail has it
                row(
                        "- cri: {max_partial_line_size: 5}",
                        List.of("2026-04-30T02:12:41Z stdout P abcd", "2026-04-30T02:12:42Z stdout F efgh"),
                        List.of("2026-04-30T02:12:41Z " + out + "abcdefgh")),
                row(
                        "- cri: {max_partial_line_size: 5, max_partial_line_size_truncate: true}",
                        List.of("2026-04-30T02:12:41Z stdout P abcd", "2026-04-30T02:12:42Z stdout F efgh"),
                        List.of("2026-04-30T02:12:41Z " + out + "abcde")));
    }

    static Stream<Arguments> regex() {
        return Stream.of(
                one(
                        "- regex: {expression: '^(?s)(?P<time>\\S+?) (?P<stream>stdout|stderr) (?P<flags>\\S+?) (?P<content>.*)$'}"
                                + show("{{.time}},{{.stream}},{{.flags}},{{.content}}"),
                        "2026-01-01T01:00:00.000000001Z stderr P i''m a line",
                        "{a=\"b\"} 2026-01-01T01:00:00.000000001Z,stderr,P,i''m a line"),
                one(
                        "- json: {expressions: {time: }}\n- regex: {expression: '^(?P<year>\\d+)', source: time}"
                                + show("{{.year}}"),
                        "{\"time\":\"2026-01-01\"}",
                        "{a=\"b\"} 2026"),
                one("- regex: {expression: '(?P<x>\\d+)', source: none}" + show("<{{.x}}>"), "1", "{a=\"b\"} <>"),
                one("- regex: {expression: '(?P<x>\\d+)', source: ''}" + show("{{.x}}"), "1", "{a=\"b\"} 1"),
                // not the whole line has to match, the first match counts, groups without a name do not
                one("- regex: {expression: '(\\d)(?P<x>[a-z])'}" + show("{{.x}}"), "..1a..2b", "{a=\"b\"} a"),
                // a group that takes no part is empty, and takes the label away
                one("- regex: {expression: 'x(?P<a>y)?'}\n- labels: {a: }", "x", "{} x"),
                row(
                        "- regex: {expression: '(?P<user>\\w+) (?P<a>\\d+)', labels_from_groups: true}",
                        List.of("bob 1", "-"),
                        List.of("{a=\"1\", user=\"bob\"} bob 1", "{a=\"b\"} -")));
    }

    static Stream<Arguments> json() {
        String doc = "{\"s\":\"text\",\"n\":12.50,\"i\":9007199254740993,\"big\":1e400000000,\"t\":true,\"z\":null,"
                + "\"o\":{\"k\":{\"d\":\"deep\"},\"l\":[{\"v\":1},{\"v\":2}]},\"grpc.stream\":\"g\",\"e\":\"\",\"j\":\"{\\\"u\\\":\\\"marco\\\"}\"}";
        return Stream.of(
                json("s: ", doc, "{{.s}}", "text"),
                json("x: s", doc, "{{.x}}", "text"),
                json("n: , t: , i: ", doc, "{{.n}} {{.t}} {{.i}}", "12.5 true 9007199254740993"),
                // a number that would fill the memory if it were written out
                json("big: ", doc, "{{.big}}", "1E+400000000"),
                json("z: , none: ", doc, "<{{.z}} {{.none}}>", "< >"),
                json("o: ", doc, "{{.o}}", "{\"k\":{\"d\":\"deep\"},\"l\":[{\"v\":1},{\"v\":2}]}"),
                json("d: o.k.d, l: 'o.l[-1].v', all: 'o.l[*].v'", doc, "{{.d}} {{.l}} {{.all}}", "deep 2 [1,2]"),
                json("g: '\"grpc.stream\"'", doc, "{{.g}}", "g"),
                json("x: 's | @', y: 'none || s', w: 'e || s'", doc, "{{.x}} {{.y}} {{.w}}", "text text text"),
                one(
                        "- json: {expressions: {j: }}\n- json: {expressions: {u: }, source: j}" + show("{{.u}}"),
                        doc,
                        "{a=\"b\"} marco"),
                one("- json: {expressions: {a: }, source: none}" + show("{{.a}}"), doc, "{a=\"b\"} b"),
                row(
                        "- json: {expressions: {s: }}",
                        List.of("no json", "[1]", "", "{\"s\":1} trailing"),
                        List.of("{a=\"b\"} no json", "{a=\"b\"} [1]", "{a=\"b\"} ", "{a=\"b\"} {\"s\":1} trailing")),
                // only objects are well-formed
                row(
                        "- json: {expressions: {s: }, drop_malformed: true}",
                        List.of("no json", "[1]", "\"x\"", "{\"s\":", "{}"),
                        List.of("{a=\"b\"} {}")));
    }

    private static Arguments json(String expressions, String line, String template, String expected) {
        return one("- json: {expressions: {" + expressions + "}}" + show(template), line, "{a=\"b\"} " + expected);
    }

    static Stream<Arguments> logfmt() {
        String line =
                "time=2026-11-01T22:08:41+00:00 app=loki duration=125 flag message=\"a \\\"line\\\"\\t\\u00e9\" extra=\"user=foo\"";
        return Stream.of(
                one(
                        "- logfmt: {mapping: {timestamp: time, app: , duration: , unknown: }}"
                                + show("{{.timestamp}} {{.app}} {{.duration}} {{.unknown}}."),
                        line,
                        "{a=\"b\"} 2026-11-01T22:08:41+00:00 loki 125 ."),
                one("- logfmt: {mapping: {m: message}}" + show("{{.m}}"), line, "{a=\"b\"} a \"line\"\té"),
                one(
                        "- logfmt: {mapping: {extra: }}\n- logfmt: {mapping: {user: }, source: extra}"
                                + show("{{.user}}"),
                        line,
                        "{a=\"b\"} foo"),
                one("- logfmt: {mapping: {flag: }}" + show("<{{.flag}}>"), line, "{a=\"b\"} <>"),
                // one field under two names, the last of two fields with one name
                one("- logfmt: {mapping: {x: k, y: k}}" + show("{{.x}}{{.y}}"), "k=1 k=2", "{a=\"b\"} 22"),
                one("- logfmt: {mapping: {k: }}" + show("{{.k}}"), "k=\"open", "{a=\"b\"} open"),
                one("- logfmt: {mapping: {k: }}", "", "{a=\"b\"} "));
    }

    static Stream<Arguments> replace() {
        String access = "11.11.11.11 - frank [25/Jan/2000:14:00:01 -0500] \"GET /1986.js HTTP/1.1\" 200 932";
        return Stream.of(
                one(
                        "- replace: {expression: 'password (\\S+)', replace: '****'}",
                        "a password xyz! and a password two",
                        "{a=\"b\"} a password **** and a password ****"),
                one(
                        "- json: {expressions: {msg: }}\n- replace: {expression: 'POST (\\S+) .*', source: msg, replace: '/x'}"
                                + show("{{.msg}}"),
                        "{\"msg\":\"1 POST /old HTTP\"}",
                        "{a=\"b\"} 1 POST /x HTTP"),
                one(
                        "- replace: {expression: '11 - (\\S+\\s)', replace: ''}",
                        access,
                        "{a=\"b\"} " + access.replace("frank ", "")),
                one("- replace: {expression: '11 - (\\S+\\s)'}", access, "{a=\"b\"} " + access.replace("frank ", "")),
                one("- replace: {expression: '(a|b|c)', replace: ''}", "abcd", "{a=\"b\"} d"),
                one(
                        "- replace: {expression: '^(\\S+) - (\\S+) .*? (\\d+) \\d+$', replace: '{{ if eq .Value \"200\" }}OK{{ else }}{{ .Value | ToUpper }}{{ end }}'}",
                        access,
                        "{a=\"b\"} " + access.replace("frank", "FRANK").replace(" 200 ", " OK ")),
                // groups in groups: the outer is replaced, all are extracted as they were replaced
                one(
                        "- replace: {expression: '(?P<both>(?P<x>\\w+) (?P<y>\\w+)) (?P<none>-)?', replace: '{{ ToUpper .Value }}'}\n"
                                + "- template: {source: s, template: '{{.Entry}}|{{.both}}|{{.x}}|{{.y}}|{{.none}}'}\n- output: {source: s}",
                        "one two three",
                        "{a=\"b\"} ONE TWO three|ONE TWO|ONE|TWO|"),
                one("- replace: {expression: '(x)', replace: '{{.a}}'}", "1x2", "{a=\"b\"} 1b2"),
                one("- replace: {expression: '\\d+', replace: '#'}", "a1b22", "{a=\"b\"} a#b#"),
                one("- replace: {expression: '(x)', source: none, replace: y}", "x", "{a=\"b\"} x"),
                one(
                        "- replace: {expression: '([0-9]{3}-[0-9]{2}-[0-9]{4})', replace: '*SSN*{{ .Value | Hash \"salt\" }}*'}",
                        "ssn 123-45-6789",
                        "{a=\"b\"} ssn *SSN*3dd216f082c55f933cab97cc79e3d6b25607c8c0ce0133df8cf7232ae7de84e4*"));
    }

    static Stream<Arguments> template() {
        return Stream.of(
                template("hello world!", "x", "hello world!"),
                template("{{ .a }} for {{ ToUpper .a }}", "x", "b for B"),
                template("<{{ .none }}>", "x", "<>"),
                template("<{{ .Value }}>", "x", "<>"),
                template("{{ ToLower .Entry }}", "ABC", "abc"),
                template("{{ Replace .Entry \"a\" \"o\" 2 }}", "banana", "bonona"),
                template("{{ Replace .Entry \"a\" \"o\" -1 }}", "banana", "bonono"),
                template("{{ Trim .Entry \",. \" }}", ", x.", "x"),
                template("{{ TrimLeft .Entry \"x\" }}{{ TrimRight .Entry \"y\" }}", "xmy", "myxm"),
                template("{{ TrimPrefix .Entry \"--\" }}{{ TrimSuffix .Entry \"x\" }}", "--x", "x--"),
                template("{{ TrimSpace .Entry }}", "  x ", "x"),
                template("{{ regexReplaceAll \"(a*)bc\" .Entry \"${1}a\" }}", "aabc", "aaa"),
                template("{{ regexReplaceAllLiteral \"(ts=)\" .Entry \"timestamp=\" }}", "ts=1", "timestamp=1"),
                template("{{ .Entry | substr 1 3 }}", "abcd", "bc"),
                template("{{ if eq .a \"b\" }}yes{{ else }}no{{ end }}", "x", "yes"),
                template("{{ default \"d\" .none2 }}{{ .Entry | upper }}{{ len .Entry }}", "xy", "dXY2"),
                one(
                        "- json: {expressions: {app: }}\n- template: {source: app, template: '{{ .Value }}_suffix'}\n- labels: {app: }",
                        "{\"app\":\"loki\"}",
                        "{a=\"b\", app=\"loki_suffix\"} {\"app\":\"loki\"}"),
                // what comes out empty is taken away
                one(
                        "- json: {expressions: {app: }}\n- template: {source: app, template: ''}\n- labels: {app: }",
                        "{\"app\":\"loki\"}",
                        "{a=\"b\"} {\"app\":\"loki\"}"));
    }

    private static Arguments template(String template, String line, String expected) {
        return one(
                "- template: {source: out, template: '" + template + "'}\n- output: {source: out}",
                line,
                "{a=\"b\"} " + expected);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"docker", "cri", "regex", "json", "logfmt", "replace", "template"})
    void stages(String yaml, List<String> lines, List<String> expected) throws ConfigException {
        assertThat(StageRun.run(yaml, lines)).isEqualTo(expected);
    }
}
