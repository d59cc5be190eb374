/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.model;

import io.skald.core.model.Matcher;
import io.skald.core.model.RequestException;
import io.skald.logql.ast.Expr;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.ast.Position;
import io.skald.logql.ast.SampleExpr;
import io.skald.logql.parser.Parser;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;

/** Reads a group, and checks all that can be checked without lines. Confined to one thread. */
final class GroupReader {
    private static final List<String> GROUP_KEYS =
            List.of("name", "interval", "query_offset", "limit", "labels", "max_delay", "late_grace", "rules");
    private static final List<String> RULE_KEYS =
            List.of("alert", "record", "expr", "silence", "for", "keep_firing_for", "labels", "annotations", "samples");
    private static final List<String> SILENCE_KEYS = List.of("selector", "by", "for", "learned_from");
    private static final Duration LEARNED_FROM = Duration.ofHours(24);
    private static final Duration SHORTEST_INTERVAL = Duration.ofSeconds(1);
    private static final int MAX_SAMPLES = 100;
    private static final Condition.Query NOTHING = new Condition.Query("", new SampleExpr.Literal(0, Position.START));

    private final YamlFields.Problems problems;

    GroupReader(YamlFields.Problems problems) {
        this.problems = problems;
    }

    RuleGroup group(Node node) {
        YamlFields f = YamlFields.of(node, "the group", GROUP_KEYS, problems);
        String name = f.text("name", "");
        if (name.isEmpty()) {
            f.problem(node, "name is missing");
        }
        Duration interval = f.duration("interval");
        if (interval != null && !interval.isZero() && interval.compareTo(SHORTEST_INTERVAL) < 0) {
            f.problem(f.node("interval"), "interval must be at least 1s");
        }
        List<Rule> rules = new ArrayList<>();
        int n = 0;
        for (Node r : f.list("rules")) {
            rules.add(rule(r, "group '" + name + "', rule " + ++n));
        }
        Map<String, String> labels = f.map("labels");
        checkLabels(f, labels);
        return new RuleGroup(
                name,
                interval == null || interval.isZero() ? null : interval,
                f.duration("query_offset"),
                f.number("limit", 0, Integer.MAX_VALUE),
                labels,
                f.duration("max_delay"),
                f.duration("late_grace"),
                rules);
    }

    private Rule rule(Node node, String what) {
        YamlFields f = YamlFields.of(node, what, RULE_KEYS, problems);
        String alert = f.text("alert", "");
        String record = f.text("record", "");
        if (alert.isEmpty() == record.isEmpty()) {
            f.problem(node, alert.isEmpty() ? "one of alert and record must be there" : "only one of alert and record");
        }
        Map<String, String> labels = f.map("labels");
        checkLabels(f, labels);
        if (!record.isEmpty()) {
            for (String key : List.of("for", "keep_firing_for", "annotations", "samples", "silence")) {
                if (f.node(key) != null) {
                    f.problem(f.node(key), key + " is for alert rules");
                }
            }
            f.check("record", r -> r.matches("[a-zA-Z_:][a-zA-Z0-9_:]*") ? "" : "invalid metric name '" + r + "'");
            return new Rule.Recording(record, query(f), labels);
        }
        Map<String, String> annotations = f.map("annotations");
        annotations.keySet().forEach(a -> checkName(f, "annotations", a));
        Condition condition = condition(f, what);
        int samples = f.number("samples", 0, MAX_SAMPLES);
        return new Rule.Alert(
                alert,
                condition,
                orZero(f.duration("for")),
                orZero(f.duration("keep_firing_for")),
                labels,
                annotations,
                samples);
    }

    private static Duration orZero(@Nullable Duration d) {
        return d == null ? Duration.ZERO : d;
    }

    private static void checkLabels(YamlFields f, Map<String, String> labels) {
        for (String name : labels.keySet()) {
            if (name.equals("__name__")) {
                f.problem(f.node("labels"), "invalid label name '__name__'");
            } else {
                checkName(f, "labels", name);
            }
        }
    }

    private static void checkName(YamlFields f, String key, String name) {
        if (!name.matches("[a-zA-Z_][a-zA-Z0-9_]*")) {
            f.problem(f.node(key), "invalid name '" + name + "' in " + key);
        }
    }

    private Condition condition(YamlFields f, String what) {
        Node silence = f.node("silence");
        if (silence == null) {
            return query(f);
        }
        if (f.node("expr") != null) {
            f.problem(f.node("expr"), "only one of expr and silence");
        }
        if (f.node("for") != null) {
            f.problem(f.node("for"), "for of a silence stands within it");
        }
        YamlFields s = YamlFields.of(silence, what + ", silence", SILENCE_KEYS, problems);
        Duration silentFor = s.duration("for");
        if (silentFor == null || silentFor.isZero()) {
            s.problem(s.place("for"), "for is missing: how long nothing must have come");
        }
        List<String> by = s.texts("by");
        by.forEach(b -> checkName(s, "by", b));
        Duration learned = Objects.requireNonNullElse(s.duration("learned_from"), LEARNED_FROM);
        if (silentFor != null && learned.compareTo(silentFor) <= 0) {
            s.problem(s.place("learned_from"), "learned_from must be longer than for");
        }
        return new Condition.Silence(s.text("selector", ""), matchers(s), by, orZero(silentFor), learned);
    }

    private static List<Matcher> matchers(YamlFields s) {
        try {
            return Parser.parseSelector(s.text("selector", ""));
        } catch (RequestException e) {
            s.problem(s.place("selector"), "selector: " + e.getMessage());
            return List.of();
        }
    }

    private static Condition.Query query(YamlFields f) {
        String text = f.text("expr", "");
        if (text.isBlank()) {
            f.problem(f.place("expr"), "expr is missing");
            return NOTHING;
        }
        try {
            Expr expr = Parser.parseExtended(text);
            return switch (expr) {
                case SampleExpr sample -> new Condition.Query(text, sample);
                case LogExpr log -> {
                    f.problem(
                            f.place("expr"),
                            "expr must give numbers: wrap the log query in count_over_time(… [5m]) or another function");
                    yield NOTHING;
                }
            };
        } catch (RequestException e) {
            f.problem(f.place("expr"), "expr: " + e.getMessage());
            return NOTHING;
        }
    }
}
