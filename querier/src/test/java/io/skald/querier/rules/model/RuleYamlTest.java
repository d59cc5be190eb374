/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class RuleYamlTest {
    private static final String FULL = """
            namespace: shop
            groups:
              - name: errors
                interval: 30s
                query_offset: 1m
                limit: 10
                labels: {team: shop}
                max_delay: 2m
                late_grace: 0s
                rules:
                  - alert: Errors
                    expr: |
                      sum by (app) (rate({env="prod"} |= "error" [5m]))
                        > 0.5
                    for: 10m
                    keep_firing_for: 5m
                    labels: {severity: page, "n": "1"}
                    annotations:
                      summary: '{{ $labels.app }} has {{ $value | humanize }} errors/s: "bad"'
                      text: "a\\tb\\n c\\n\\nd"
                    samples: 3
                  - alert: Silent
                    silence: {selector: '{env="prod"}', by: [app, zone], for: 10m, learned_from: 2d}
                  - record: app:errors:rate5m
                    expr: sum by (app) (rate({env="prod"} |= "error" [5m]))
                    labels: {source: logs}
            """;

    @Test
    void readsEveryKey() {
        RuleFile file = RuleYaml.parseFile("f.yaml", FULL);
        assertThat(file.namespace()).isEqualTo("shop");
        RuleGroup g = file.groups().getFirst();
        assertThat(g.interval()).isEqualTo(Duration.ofSeconds(30));
        assertThat(g.queryOffset()).isEqualTo(Duration.ofMinutes(1));
        assertThat(g.lateGrace()).isEqualTo(Duration.ZERO);
        assertThat(g.rules()).hasSize(3);
        Rule.Alert errors = (Rule.Alert) g.rules().getFirst();
        assertThat(errors.hold()).isEqualTo(Duration.ofMinutes(10));
        assertThat(errors.keepFiringFor()).isEqualTo(Duration.ofMinutes(5));
        assertThat(errors.labels()).isEqualTo(Map.of("severity", "page", "n", "1"));
        assertThat(errors.annotations()).containsEntry("text", "a\tb\n c\n\nd");
        Rule.Alert silent = (Rule.Alert) g.rules().get(1);
        assertThat(silent.condition()).isInstanceOfSatisfying(Condition.Silence.class, s -> {
            assertThat(s.by()).containsExactly("app", "zone");
            assertThat(s.silentFor()).isEqualTo(Duration.ofMinutes(10));
            assertThat(s.learnedFrom()).isEqualTo(Duration.ofDays(2));
        });
    }

    @Test
    void whatIsWrittenReadsBackEqual() {
        RuleGroup g = RuleYaml.parseFile("f.yaml", FULL).groups().getFirst();
        assertThat(RuleYaml.parseGroup("again", RuleYaml.write(g))).isEqualTo(g);
        Map<String, List<RuleGroup>> all = new TreeMap<>(Map.of("a: b", List.of(g), "true", List.of(g, g)));
        String yaml = RuleYaml.write(all);
        // a file of one namespace is what stands below its key
        String below = yaml.substring(yaml.indexOf('\n') + 1, yaml.indexOf("\n\"true\""));
        assertThat(RuleYaml.parseFile("again", "groups:\n" + below).groups()).containsExactly(g);
    }

    @Test
    void everyProblemHasItsPlace() {
        String[][] table = {
            {"group: x", "g:1:1: unknown key 'group' in the file; did you mean 'groups'?"},
            {"groups: 3", "g:1:9: the file: groups must be a list"},
            {"groups:\n- rules: []", "g:2:3: the group: name is missing"},
            {
                "groups:\n- name: a\n  intervall: 1m",
                "g:3:3: unknown key 'intervall' in the group; did you mean 'interval'?"
            },
            {"groups:\n- name: a\n  interval: 500ms", "g:3:13: the group: interval must be at least 1s"},
            {
                "groups:\n- name: a\n  interval: soon",
                "g:3:13: the group: interval: 'soon' is not a duration (write it as 15m, 7d or 1h30m)"
            },
            {"groups:\n- name: a\n- name: a", "g:3:3: group 'a' is there twice"},
            {rule("expr: 1"), "g:4:5: group 'a', rule 1: one of alert and record must be there"},
            {rule("alert: A, record: b, expr: 1"), "g:4:5: group 'a', rule 1: only one of alert and record"},
            {rule("alert: A"), "g:4:5: group 'a', rule 1: expr is missing"},
            {rule("alert: A, expr: 1, fro: 1m"), "g:4:25: unknown key 'fro' in group 'a', rule 1; did you mean 'for'?"},
            {
                rule("alert: A, expr: 'sum(rate({a=\"b\"}[1m])'"),
                "g:4:22: group 'a', rule 1: expr: parse error at line 1, col 22: syntax error: unexpected $end"
            },
            {
                rule("alert: A, expr: '{a=\"b\"}'"),
                "g:4:22: group 'a', rule 1: expr must give numbers: wrap the log query in count_over_time(… [5m]) or"
                        + " another function"
            },
            {rule("record: a b, expr: 1"), "g:4:14: group 'a', rule 1: invalid metric name 'a b'"},
            {rule("record: r, expr: 1, for: 1m"), "g:4:31: group 'a', rule 1: for is for alert rules"},
            {rule("alert: A, expr: 1, labels: {a-b: c}"), "g:4:33: group 'a', rule 1: invalid name 'a-b' in labels"},
            {
                rule("alert: A, silence: {selector: '{a=\"b\"}'}"),
                "g:4:25: group 'a', rule 1, silence: for is missing: how long nothing must have come"
            },
            {
                rule("alert: A, silence: {selector: '{a=b}', for: 1m}"),
                "g:4:36: group 'a', rule 1, silence: selector: parse error at line 1, col 4"
            },
            {"groups: [", "g:1:10: not YAML:"},
        };
        for (String[] row : table) {
            assertThatThrownBy(() -> RuleYaml.parseFile("g", row[0]))
                    .as(row[0])
                    .isInstanceOf(RuleException.class)
                    .hasMessageContaining(row[1]);
        }
    }

    private static String rule(String members) {
        return "groups:\n- name: a\n  rules:\n  - {" + members + "}";
    }

    @Test
    void allProblemsComeAtOnce() {
        assertThatThrownBy(() -> RuleYaml.parseFile("g", "groups:\n- nam: a\n  limit: -1\n  rules:\n  - {alert: A}"))
                .isInstanceOfSatisfying(
                        RuleException.class, e -> assertThat(e.problems()).hasSize(4));
    }
}
