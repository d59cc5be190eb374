/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.skald.core.model.Labels;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.parser.Parser;
import io.skald.logql.parser.SyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One line through the stages of a query: what is left of line and labels. A dropped line is shown as {@code -}. */
class StageTableTest {
    private static final Labels STREAM = Labels.of("app", "web");

    private static String run(String stages, String line) {
        LogExpr log = Parser.parseLog("{app=\"web\"} " + stages);
        LinePipeline p = Pipelines.compile(log.stages()).forStream(STREAM);
        byte[] b = line.getBytes(StandardCharsets.UTF_8);
        long time = 1_772_328_585_744_957_906L;
        if (!p.process(time, b, 0, b.length, Labels.EMPTY)) {
            return "-";
        }
        assertThat(p.lineLength()).isEqualTo(p.line().getBytes(StandardCharsets.UTF_8).length);
        return p.line() + " " + p.parsedLabels();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '¦',
            quoteCharacter = '°',
            value = {
                "|= `err` or `warn` ¦ a warn ¦ a warn {}",
                "!= `err` or `warn` ¦ a warn ¦ -",
                "|~ `a|b` !~ `d|e` ¦ xbx ¦ xbx {}",
                "|~ `(?i)ERROR|FATAL` ¦ an Error ¦ an Error {}",
                "|~ `^port \\d+$` ¦ port 22 ¦ port 22 {}",
                "|> `<_>sshd[<_>]: <_>` ¦ x sshd[1]: ok ¦ x sshd[1]: ok {}",
                "|> `<_>Failed` ¦ Failed ¦ -",
                "|= ip(`10.0.0.0/8`) ¦ from 10.2.3.4:80 ¦ from 10.2.3.4:80 {}",
                "|= ip(`10.0.0.0/8`) ¦ from 210.2.3.4 ¦ -",
                "|= ip(`2001:db8::/32`) ¦ vpn=2001:db8::1 up ¦ vpn=2001:db8::1 up {}",
                "| json x=`a.b[1]`, y=`c` ¦ {\"a\":{\"b\":[1,{\"z\":2}]}} ¦ {\"a\":{\"b\":[1,{\"z\":2}]}} {x=\"{\\\"z\\\":2}\", y=\"\"}",
                "| json ¦ {\"k\":1,\"k\":2,\"app\":\"x\"} ¦ {\"k\":1,\"k\":2,\"app\":\"x\"} {app_extracted=\"x\", k=\"1\"}",
                "| logfmt ¦ a=1 b=te\"st c=3 =x d ¦ a=1 b=te\"st c=3 =x d {a=\"1\", c=\"3\"}",
                "| logfmt --keep-empty ¦ a= b ¦ a= b {a=\"\", b=\"\"}",
                "| logfmt --strict ¦ a=1 =x ¦ a=1 =x {__error__=\"LogfmtParserErr\", __error_details__=\"logfmt syntax error at pos 5 : unexpected '='\", a=\"1\"}",
                "| regexp `(?P<m>GET|PUT) (?P<p>/\\S*)` ¦ x GET /a ü ¦ x GET /a ü {m=\"GET\", p=\"/a\"}",
                "| pattern `<ip> - <_> [<t>]` ¦ 1.2.3.4 - u [now] ¦ 1.2.3.4 - u [now] {ip=\"1.2.3.4\", t=\"now\"}",
                "| unpack ¦ {\"p\":\"1\",\"_entry\":\"in \\\"q\\\"\"} ¦ in \"q\" {p=\"1\"}",
                "| logfmt | n > 5 ¦ n=7 ¦ n=7 {n=\"7\"}",
                "| logfmt | n > 5 ¦ n=3 ¦ -",
                "| logfmt | n > 5 | __error__=`` ¦ n=x ¦ -",
                "| logfmt | d >= 1h30m ¦ d=90m ¦ d=90m {d=\"90m\"}",
                "| logfmt | s > 1MB ¦ s=1.5MiB ¦ s=1.5MiB {s=\"1.5MiB\"}",
                "| logfmt | a=ip(`10.0.0.0/8`) ¦ a=10.1.1.1 ¦ a=10.1.1.1 {a=\"10.1.1.1\"}",
                "| logfmt | label_format b=a, c=`{{.d}}-{{.d | upper}}` ¦ a=1 d=x ¦ a=1 d=x {b=\"1\", c=\"x-X\", d=\"x\"}",
                "| logfmt | drop a, b=`2` ¦ a=1 b=2 c=3 ¦ a=1 b=2 c=3 {c=\"3\"}",
                "| logfmt | keep a ¦ a=1 b=2 ¦ a=1 b=2 {a=\"1\"}",
                "| line_format `{{ if eq .app \"web\" }}yes{{ else }}no{{ end }} {{ __line__ | len }}` ¦ héé ¦ yes 5 {}",
                "| line_format `{{ range $i, $x := fromJson __line__ }}{{ $i }}={{ $x }};{{ end }}` ¦ [1,\"b\"] ¦ 0=1;1=b; {}",
                "| line_format `{{ __timestamp__ | date \"2006-01-02T15:04:05.000Z07:00\" }}` ¦ x ¦ 2026-03-01T01:29:45.744Z {}",
                "| line_format `{{ printf \"%-4s|%04d|%.2f|%q\" .app 7 1.5 \"a\" }}` ¦ x ¦ web |0007|1.50|\"a\" {}",
                "| line_format `{{ div 7 2 }} {{ addf 0.1 0.2 }} {{ regexReplaceAll \"(o+)\" \"foo\" \"<$1>\" }}` ¦ x ¦ 3 0.3 f<oo> {}",
            })
    void stages(String stages, String line, String expected) {
        assertThat(run(stages, line)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '¦',
            quoteCharacter = '°',
            value = {
                "{{ duration \"1d\" }} ¦ template: line:1:3: executing \"line\" at <duration \"1d\">: error calling duration: time: unknown unit \"d\" in duration \"1d\"",
                "{{ div 1 0 }} ¦ template: line:1:3: executing \"line\" at <div 1 0>: error calling div: runtime error: integer divide by zero",
                "{{ .app.foo }} ¦ template: line:1:7: executing \"line\" at <.app.foo>: can't evaluate field foo in type string",
            })
    void aTemplateThatFailsKeepsTheLine(String template, String details) {
        LogExpr log = Parser.parseLog("{app=\"web\"} | line_format `" + template + "`");
        LinePipeline p = Pipelines.compile(log.stages()).forStream(STREAM);
        assertThat(p.process(1, new byte[] {'x'}, 0, 1, Labels.EMPTY)).isTrue();
        assertThat(List.of(p.line(), String.valueOf(p.error()), String.valueOf(p.errorDetails())))
                .containsExactly("x", "TemplateFormatErr", details);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '¦',
            quoteCharacter = '°',
            value = {
                "| line_format `{{ .a | nosuch }}` ¦ function \"nosuch\" not defined",
                "| line_format `{{ if .a }}` ¦ unexpected EOF",
                "| label_format a=`{{ .x ` ¦ unclosed action",
                "| pattern `<a><b>` ¦ found consecutive capture '<a><b>': invalid expression",
                "|= ip(`hello`) ¦ ip: invalid pattern: \"hello\"",
            })
    void badStagesAreSyntaxErrors(String stages, String message) {
        assertThatThrownBy(() -> run(stages, "x"))
                .isInstanceOf(SyntaxException.class)
                .hasMessageStartingWith("parse error : ")
                .hasMessageEndingWith(message);
    }
}
