/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.metric;

import io.skald.core.model.Labels;
import io.skald.logql.ast.SampleExpr.Grouping;
import io.skald.logql.ast.SampleExpr.VectorAggregation;
import io.skald.logql.ast.SampleExpr.VectorOp;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** An aggregation over series that come one by one: keeps a row per group, not the series. Confined to one thread. */
public final class VectorAggregator implements SeriesSink {
    private final VectorOp op;
    private final int k;
    private final Set<String> names;
    private final boolean without;
    private final int steps;
    private final MemoryBudget budget;
    private final Map<Labels, Group> groups = new HashMap<>();

    public VectorAggregator(VectorAggregation aggregation, int steps, MemoryBudget budget) {
        this.op = aggregation.op();
        Integer parameter = aggregation.parameter();
        this.k = parameter == null ? 0 : parameter;
        @Nullable Grouping grouping = aggregation.grouping();
        this.names = grouping == null ? Set.of() : Set.copyOf(grouping.labels());
        this.without = grouping != null && grouping.without();
        this.steps = steps;
        this.budget = budget;
    }

    @Override
    public void accept(Labels labels, double[] values) {
        Labels key = without ? Groups.without(labels, names) : Groups.only(labels, names);
        groups.computeIfAbsent(key, missing -> newGroup()).add(labels, values);
    }

    /** Passes the results on, in order of the groups' labels. */
    public void finish(SeriesSink sink) {
        new TreeMap<>(groups).forEach((labels, group) -> group.finish(labels, sink));
    }

    private Group newGroup() {
        return switch (op) {
            case SUM -> new FoldedGroup(Fold.SUM, (r, at) -> r[at + 1]);
            case AVG -> new FoldedGroup(Fold.SUM, (r, at) -> r[at + 1] / r[at]);
            case MIN -> new FoldedGroup(Fold.MIN, (r, at) -> r[at + 1]);
            case MAX -> new FoldedGroup(Fold.MAX, (r, at) -> r[at + 1]);
            case COUNT -> new FoldedGroup(Fold.COUNT, (r, at) -> r[at]);
            case STDVAR -> new FoldedGroup(Fold.MOMENTS, (r, at) -> r[at + 2] / r[at]);
            case STDDEV -> new FoldedGroup(Fold.MOMENTS, (r, at) -> Math.sqrt(r[at + 2] / r[at]));
            case TOPK, APPROX_TOPK -> new Top(steps, k, true, budget);
            case BOTTOMK -> new Top(steps, k, false, budget);
            case SORT, SORT_DESC -> new Kept(new SeriesTable(budget));
        };
    }

    /** What becomes of the series of one group. */
    interface Group {
        void add(Labels labels, double[] values);

        void finish(Labels group, SeriesSink sink);
    }

    private final class FoldedGroup implements Group {
        private final Fold fold;
        private final FoldedWindows.Result result;
        private final double[] rows;

        FoldedGroup(Fold fold, FoldedWindows.Result result) {
            this.fold = Objects.requireNonNull(fold);
            this.result = result;
            budget.charge((long) steps * fold.width() + MemoryBudget.SERIES_CELLS);
            rows = new double[steps * fold.width()];
        }

        @Override
        public void add(Labels labels, double[] values) {
            for (int s = 0; s < steps; s++) {
                if (!Values.absent(values[s])) {
                    fold.add(rows, s * fold.width(), 0, 0, values[s]);
                }
            }
        }

        @Override
        public void finish(Labels group, SeriesSink sink) {
            double[] values = Values.none(steps);
            for (int s = 0; s < steps; s++) {
                if (rows[s * fold.width()] != 0) {
                    values[s] = result.of(rows, s * fold.width());
                }
            }
            sink.accept(group, values);
        }
    }

    /** Sorting changes nothing but the order of the final answer, which is made where the answer is. */
    private record Kept(SeriesTable table) implements Group {
        @Override
        public void add(Labels labels, double[] values) {
            table.accept(labels, values);
        }

        @Override
        public void finish(Labels group, SeriesSink sink) {
            table.drainTo(sink);
        }
    }
}
