/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.ast.Position;
import io.skald.logql.ast.SampleExpr;
import io.skald.logql.engine.QueryResult.Sample;
import io.skald.logql.engine.QueryResult.Series;
import io.skald.querier.rules.model.Condition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds sources that fell silent. What was there is learned once, from the whole time to learn from; after that each evaluation reads only
 * the lines since the one before. When a source logged last is known to the interval of evaluations, at first and after a pause to a
 * sixtieth of the silence that raises an alert.
 */
final class Silences {
    private static final int STEPS_PER_SILENCE = 60;
    private static final int MOST_STEPS = 5000;

    private Silences() {}

    /** What an evaluation found: one sample for each silent source, with the seconds of its silence, and what is known now. */
    record Found(List<Sample> samples, Map<Labels, Long> lastSeen, long seenUpTo) {}

    static Found evaluate(RuleQueries queries, TenantId tenant, Condition.Silence s, RuleState before, long at)
            throws RuleQueryException, InterruptedException {
        Map<Labels, Long> seen = new HashMap<>(before.lastSeen());
        long learned = s.learnedFrom().toNanos();
        long step = Math.max(s.silentFor().toNanos() / STEPS_PER_SILENCE, learned / MOST_STEPS);
        step = Math.max(1_000_000_000L, step);
        long from = Math.max(before.seenUpTo(), at - learned);
        if (before.seenUpTo() == 0
                || at - from > Math.max(2 * step, s.silentFor().toNanos() / 4)) {
            // steps count back from now, and the first ends after what is known
            long first = at - (at - from - 1) / step * step;
            for (Series row : queries.range(tenant, count(s, step), first, at, step)) {
                for (int i = 0; i < row.values().length; i++) {
                    seen.merge(row.labels(), row.timestampNanos()[i], Math::max);
                }
            }
        } else if (at > before.seenUpTo()) {
            for (Sample row : queries.instant(tenant, count(s, at - before.seenUpTo()), at)) {
                seen.put(row.labels(), at);
            }
        }
        seen.values().removeIf(last -> at - last > learned);
        List<Sample> silent = new ArrayList<>();
        seen.forEach((labels, last) -> {
            if (at - last >= s.silentFor().toNanos()) {
                silent.add(new Sample(labels, at, (at - last) / 1e9));
            }
        });
        silent.sort((a, b) -> a.labels().compareTo(b.labels()));
        return new Found(silent, seen, at);
    }

    private static SampleExpr count(Condition.Silence s, long range) {
        Position p = Position.START;
        LogExpr log = new LogExpr(s.matchers(), List.of(), p);
        return new SampleExpr.VectorAggregation(
                SampleExpr.VectorOp.SUM,
                null,
                new SampleExpr.RangeAggregation(
                        SampleExpr.RangeOp.COUNT_OVER_TIME,
                        null,
                        new SampleExpr.LogRange(log, null, range, 0, p),
                        null,
                        p),
                new SampleExpr.Grouping(s.by(), false),
                p);
    }
}
