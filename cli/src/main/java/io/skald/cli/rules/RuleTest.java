/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.rules;

import io.skald.core.model.Labels;
import io.skald.logql.ast.SampleExpr;
import io.skald.logql.engine.QueryResult.Sample;
import io.skald.querier.rules.eval.ActiveAlert;
import io.skald.querier.rules.eval.InlineLines;
import io.skald.querier.rules.eval.RuleQueryException;
import io.skald.querier.rules.eval.Simulation;
import io.skald.querier.rules.model.RuleGroup;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One unit test of rules.
 *
 * @param interval how often groups are evaluated that do not say so
 * @param alerts what must fire, in order of time
 * @param samples what queries must give
 */
record RuleTest(
        String name,
        List<RuleGroup> groups,
        Duration interval,
        Labels externalLabels,
        InlineLines lines,
        List<AlertCheck> alerts,
        List<SampleCheck> samples) {
    /** The moment 0s of a test: a midnight in UTC. */
    static final long START = Instant.parse("2026-01-01T00:00:00Z").getEpochSecond() * 1_000_000_000L;

    /** What an alert must look like: all of its labels but {@code alertname}, and those annotations that are given. */
    record ExpectedAlert(Map<String, String> labels, Map<String, String> annotations) {}

    /** The alerts of a name that must fire at a moment, and no others. */
    record AlertCheck(Duration at, String alert, List<ExpectedAlert> expected) {}

    /** The samples that a query must give at a moment, and no others. */
    record SampleCheck(Duration at, String text, SampleExpr expr, Map<Labels, Double> expected) {}

    /** Runs the test; gives what is not as expected. */
    List<String> run() throws InterruptedException {
        List<String> problems = new ArrayList<>();
        try (Simulation s = new Simulation(groups, lines, interval, externalLabels, START)) {
            for (AlertCheck c :
                    alerts.stream().sorted(Comparator.comparing(AlertCheck::at)).toList()) {
                s.runTo(START + c.at.toNanos());
                check(c, s, problems);
                s.failures().forEach(f -> problems.add("at " + text(c.at) + ": " + f));
            }
            for (SampleCheck c : samples) {
                check(c, s, problems);
            }
        }
        return problems.stream().distinct().toList();
    }

    private static String text(Duration d) {
        return io.skald.core.config.Durations.format(d);
    }

    private static void check(AlertCheck c, Simulation s, List<String> problems) {
        List<String> wanted = new ArrayList<>();
        List<ActiveAlert> left = new ArrayList<>(s.firing(c.alert));
        for (ExpectedAlert e : c.expected) {
            ActiveAlert match = null;
            for (ActiveAlert a : left) {
                if (match == null && matches(e, a)) {
                    match = a;
                }
            }
            if (match == null) {
                wanted.add(e.labels + (e.annotations.isEmpty() ? "" : " " + e.annotations));
            } else {
                left.remove(match);
            }
        }
        for (String w : wanted) {
            problems.add(c.alert + " at " + text(c.at) + ": expected and not there: " + w);
        }
        for (ActiveAlert a : left) {
            Map<String, String> annotations = new TreeMap<>(a.annotations());
            annotations.remove("explore");
            problems.add(c.alert + " at " + text(c.at) + ": there and not expected: " + own(a)
                    + (annotations.isEmpty() ? "" : " " + annotations));
        }
    }

    private static Map<String, String> own(ActiveAlert a) {
        Map<String, String> out = new TreeMap<>();
        for (int i = 0; i < a.labels().size(); i++) {
            out.put(a.labels().name(i), a.labels().value(i));
        }
        out.remove("alertname");
        return out;
    }

    private static boolean matches(ExpectedAlert e, ActiveAlert a) {
        return own(a).equals(e.labels)
                && e.annotations.entrySet().stream()
                        .allMatch(x -> x.getValue()
                                .strip()
                                .equals(a.annotations()
                                        .getOrDefault(x.getKey(), "")
                                        .strip()));
    }

    private static void check(SampleCheck c, Simulation s, List<String> problems) throws InterruptedException {
        Map<Labels, Double> found = new TreeMap<>();
        try {
            for (Sample x : s.query(c.expr, START + c.at.toNanos())) {
                found.put(x.labels(), x.value());
            }
        } catch (RuleQueryException e) {
            problems.add(c.text + " at " + text(c.at) + ": " + e.getMessage());
            return;
        }
        if (!found.equals(new TreeMap<>(c.expected))) {
            problems.add(c.text + " at " + text(c.at) + ": expected " + new TreeMap<>(c.expected) + ", got " + found);
        }
    }
}
