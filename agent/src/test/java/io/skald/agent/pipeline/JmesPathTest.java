/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What JMESPath's specification says of every kind of expression: documents, and below each what expressions make of them. */
class JmesPathTest {
    private static void check(String table) throws IOException {
        Object document = null;
        for (String row : table.lines().toList()) {
            String[] parts = row.split(" => ", 2);
            if (parts.length == 1) {
                document = Values.parseJson(row);
            } else {
                assertThat(Values.writeJson(JmesPath.parse(parts[0].strip()).of(document)))
                        .as(parts[0])
                        .isEqualTo(Values.writeJson(Values.parseJson(parts[1])));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // fields, also in quotes
                """
                {"foo": {"bar": {"baz": "right"}, "-1": "minus", "a.b": "dot", "é\\"": "q"}}
                foo => {"bar": {"baz": "right"}, "-1": "minus", "a.b": "dot", "é\\"": "q"}
                foo.bar.baz => "right"
                foo . bar => {"baz": "right"}
                foo.bar.baz.bad => null
                foo[0] => null
                bad.foo => null
                foo."-1" => "minus"
                foo."a.b" => "dot"
                "foo"."\\u00e9\\"" => "q"
                @.foo.bar => {"baz": "right"}
                (foo).bar => {"baz": "right"}""",
                // indexes and slices
                """
                {"a": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], "o": [{"b": 1}, {"b": 2}, {"c": 3}], "n": [[1, 2], [3]]}
                a[0] => 0
                a[-1] => 9
                a[10] => null
                a[-11] => null
                n[0][1] => 2
                a[0:3] => [0, 1, 2]
                a[:3] => [0, 1, 2]
                a[7:] => [7, 8, 9]
                a[:] => [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
                a[::3] => [0, 3, 6, 9]
                a[::-1] => [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
                a[8:2:-2] => [8, 6, 4]
                a[-3:] => [7, 8, 9]
                a[-50:2] => [0, 1]
                a[5:50] => [5, 6, 7, 8, 9]
                a[10:-50:-1] => [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
                a[10:0] => []
                o[:2].b => [1, 2]
                o[::-1].b => [2, 1]
                o[0:2][0] => []
                n[:][0] => [1, 3]
                foo[:] => null""",
                // projections of lists and objects, and flattening
                """
                {"l": [{"x": [1, 2]}, {"x": [3]}, {"y": 4}], "m": {"a": {"n": 1}, "b": {"n": 2}, "c": 5}, "d": [[1, [2]], 3, [[4]]], "e": []}
                l[*].x => [[1, 2], [3]]
                l[*].x[0] => [1, 3]
                l[*].x[*] => [[1, 2], [3]]
                l[].x[] => [1, 2, 3]
                l[*].x[] => [1, 2, 3]
                l[*].x | [0] => [1, 2]
                l[*].[x, y] => [[[1, 2], null], [[3], null], [null, 4]]
                l[*].{n: y} => [{"n": null}, {"n": null}, {"n": 4}]
                m.* => [{"n": 1}, {"n": 2}, 5]
                m.*.n => [1, 2]
                m.* | [0].n => 1
                *.a => [{"n": 1}]
                d[] => [1, [2], 3, [4]]
                d[][] => [1, 2, 3, 4]
                d[*][0] => [1, [4]]
                e[*] => []
                e[] => []
                m[*] => null
                m[] => null
                l.* => null
                nothing[*] => null
                nothing.* => null
                length(l[*].x[]) => 3""",
                // filters
                """
                {"l": [{"k": "a", "n": 1}, {"k": "b", "n": 2.0}, {"k": "c"}, {"k": "a", "n": 9, "t": true, "s": [1]}]}
                l[?k == 'a'].n => [1, 9]
                l[?n == `2`].k => ["b"]
                l[?n != `2`].k => ["a", "c", "a"]
                l[?n > `1`].k => ["b", "a"]
                l[?n >= `2`].k => ["b", "a"]
                l[?n < `2`].k => ["a"]
                l[?n <= `2`].k => ["a", "b"]
                l[?'x' < 'y'] => []
                l[?n].k => ["a", "b", "a"]
                l[?!n].k => ["c"]
                l[?t && n > `5`].k => ["a"]
                l[?k == 'b' || k == 'c'].k => ["b", "c"]
                l[?k == 'a' && (n == `1` || t)].n => [1, 9]
                l[?s[0] == `1`].n => [9]
                l[?s == `[1]`].n => [9]
                l[?contains(['a', 'c'], k)].k => ["a", "c", "a"]
                l[?k=='a'] | [-1].n => 9
                l[?k == 'nobody'] => []
                l[?k == 'a'][].s[] => [1]
                k[?a] => null""",
                // or, and, not, in their order
                """
                {"t": true, "f": false, "n": 5, "z": 0, "el": [], "eo": {}, "es": "", "s": "x"}
                f || n => 5
                el || eo || es || s => "x"
                f || el => []
                t && n => 5
                el && t => []
                n || t && f => 5
                (n || t) && f => false
                !z => false
                !el => true
                !!es => false
                !(t && f) => true
                t && !f => true
                n > z && n < `6` => true
                el < n => null
                n == n => true
                nothing == nothing => true
                el == `[]` => true
                n == `5.0` => true""",
                // literals and multi-selects
                """
                {"a": 1, "b": {"c": 2}}
                `"x"` => "x"
                `{"x": [1, null]}`.x[0] => 1
                'it\\'s' => "it's"
                '\\n' => "\\\\n"
                `"\\`"` => "`"
                [a, b.c, missing] => [1, 2, null]
                {x: a, "y z": b.c} => {"x": 1, "y z": 2}
                b.{c: c, d: @} => {"c": 2, "d": {"c": 2}}
                b.[c, `3`] => [2, 3]
                missing.[a] => null
                missing.{a: a} => null
                [a][0] => 1
                a | [@, @] => [1, 1]"""
            })
    void picks(String table) throws IOException {
        check(table);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                """
                {"n": [3, -1.5, 2], "s": ["b", "a", "c"], "t": "äbc", "o": {"x": 1, "y": [2]}, "p": [{"a": 2, "b": "x"}, {"a": 1, "b": "y"}, {"a": 2, "b": "w"}], "num": "12.5"}
                abs(n[1]) => 1.5
                ceil(n[1]) => -1
                floor(n[1]) => -2
                sum(n) => 3.5
                sum(`[]`) => 0
                avg(n) => 1.1666666666666667
                avg(`[]`) => null
                max(n) => 3
                min(n) => -1.5
                max(s) => "c"
                min(`[]`) => null
                sort(n) => [-1.5, 2, 3]
                sort(s) => ["a", "b", "c"]
                reverse(s) => ["c", "a", "b"]
                reverse(t) => "cbä"
                length(t) => 3
                length(n) => 3
                length(o) => 2
                contains(t, 'bc') => true
                contains(t, 'x') => false
                contains(n, `2.0`) => true
                starts_with(t, 'ä') => true
                ends_with(t, 'b') => false
                join(', ', s) => "b, a, c"
                keys(o) => ["x", "y"]
                values(o) => [1, [2]]
                merge(o, `{"x": 5}`, {z: t}) => {"x": 5, "y": [2], "z": "äbc"}
                not_null(nothing, o.none, t, s) => "äbc"
                not_null(nothing) => null
                to_array(t) => ["äbc"]
                to_array(s) => ["b", "a", "c"]
                to_number(num) => 12.5
                to_number(n[0]) => 3
                to_number(t) => null
                to_number('0x1') => null
                to_string(n) => "[3,-1.5,2]"
                to_string(t) => "äbc"
                to_string(`null`) => "null"
                type(t) => "string"
                type(n) => "array"
                type(o) => "object"
                type(n[0]) => "number"
                type(`true`) => "boolean"
                type(nothing) => "null"
                map(&a, p) => [2, 1, 2]
                map(&c, p) => [null, null, null]
                sort_by(p, &a)[*].b => ["y", "x", "w"]
                sort_by(p, &b)[0].a => 2
                max_by(p, &a).b => "x"
                min_by(p, &a).b => "y"
                p[*].b | sort(@) | join('', @) => "wxy"
                length(p[?a == `2`]) => 2
                p[?length(b) == `1`] | length(@) => 3""",
                // what a function cannot take gives nothing
                """
                {"n": 1, "s": "x", "l": [1, "x"], "o": {}}
                abs(s) => null
                sum(l) => null
                max(l) => null
                sort(l) => null
                sort_by(l, &@) => null
                join(n, l) => null
                join(',', l) => null
                length(n) => null
                keys(l) => null
                contains(n, s) => null
                starts_with(s, n) => null
                merge(o, l) => null
                map(s, l) => null
                to_string(&s) => null
                reverse(o) => null"""
            })
    void functions(String table) throws IOException {
        check(table);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                "foo.",
                ".foo",
                "foo..bar",
                "foo.1",
                "foo.-11",
                "foo[.]",
                ":",
                ",",
                "]",
                "[",
                "}",
                "{",
                ")",
                "(",
                "((&",
                "a[",
                "a]",
                "a][",
                "!",
                "@=",
                "@``",
                "![!(!",
                "(@",
                "@(foo)",
                "\"foo\"(bar)",
                ".*",
                "*foo",
                "*0",
                "foo[*]bar",
                "foo[*]*",
                "*.[0]",
                "foo[#]",
                "led[*",
                "[:@]",
                "[:::]",
                "[:@:]",
                "[:1@]",
                "[::0]",
                "foo[0, 1]",
                "foo.[0]",
                "foo[0, ]",
                "foo[0,",
                "foo.[a",
                "foo[0,, 1]",
                "foo[abc]",
                "foo[abc, def]",
                "foo.[abc, 1]",
                "foo.[abc, ]",
                "foo.[abc,, def]",
                "foo.[0, 1]",
                "a{}",
                "a{",
                "a{foo}",
                "a{foo:",
                "a{foo: 0}",
                "a.{}",
                "a.{foo}",
                "a.{foo: bar, }",
                "a.{foo: bar, baz}",
                "{a: @",
                "foo ||",
                "foo.|| bar",
                " || foo",
                "foo || || foo",
                "foo.[a ||]",
                "\"foo",
                "foo[ ?bar=='x']",
                "foo[?bar==]",
                "foo[?==]",
                "foo[?==bar]",
                "foo[?bar==baz?]",
                "foo[?bar==`[\"foo`bar\"]`]",
                "foo[?bar<>baz]",
                "foo[?bar^baz]",
                "foo[bar==baz]",
                "bar.`\"anything\"`",
                "foo[*].`\"literal\"`",
                "foo[].name.`\"literal\"`",
                "foo[? @ | @",
                "\"\\u\"",
                "`x`",
                "'x",
                "nosuch(a)",
                "abs()",
                "abs(a, b)",
                "not_null()",
                "abs(",
                "abs(a",
                "abs(,)",
                "99999999999",
                "a[99999999999]",
                "-",
                "a b",
                "a = b"
            })
    void refuses(String expression) {
        assertThatThrownBy(() -> JmesPath.parse(expression))
                .as(expression)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("is no JMESPath");
    }

    @ParameterizedTest
    @ValueSource(strings = {"((((", "!!!!", "[[[[", "a.", "a|", "a[?"})
    void refusesWhatIsTooDeepOrTooLong(String part) {
        assertThatThrownBy(() -> JmesPath.parse(part.repeat(100_000) + "a"))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
