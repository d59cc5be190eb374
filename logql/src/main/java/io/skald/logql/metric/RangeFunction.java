/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.metric;

import io.skald.logql.ast.SampleExpr.RangeAggregation;
import io.skald.logql.ast.SampleExpr.RangeOp;
import java.util.Objects;
import java.util.function.Supplier;

/** A function over a window, ready to take the samples of many series. Immutable and thread-safe. */
public final class RangeFunction {
    private final Supplier<SeriesWindows> series;

    private RangeFunction(Supplier<SeriesWindows> series) {
        this.series = series;
    }

    /** A series without samples. */
    public SeriesWindows newSeries() {
        return series.get();
    }

    /**
     * The function of an aggregation; {@code absent_over_time} counts, and the caller turns the answer round.
     *
     * @param windows those of the aggregation
     * @param budget what all its series may take
     */
    public static RangeFunction of(RangeAggregation aggregation, Windows windows, MemoryBudget budget) {
        long rangeNanos = aggregation.range().rangeNanos();
        double seconds = rangeNanos / 1e9;
        RangeOp op = aggregation.op();
        return switch (op) {
            case COUNT_OVER_TIME, ABSENT_OVER_TIME -> folded(windows, Fold.COUNT, (r, at) -> r[at], budget);
            case PRESENT_OVER_TIME -> folded(windows, Fold.COUNT, (r, at) -> 1, budget);
            case RATE ->
                aggregation.range().unwrap() == null
                        ? folded(windows, Fold.COUNT, (r, at) -> r[at] / seconds, budget)
                        : folded(windows, Fold.SUM, (r, at) -> r[at + 1] / seconds, budget);
            case BYTES_OVER_TIME, SUM_OVER_TIME -> folded(windows, Fold.SUM, (r, at) -> r[at + 1], budget);
            case BYTES_RATE -> folded(windows, Fold.SUM, (r, at) -> r[at + 1] / seconds, budget);
            case AVG_OVER_TIME -> folded(windows, Fold.SUM, (r, at) -> r[at + 1] / r[at], budget);
            case MIN_OVER_TIME -> folded(windows, Fold.MIN, (r, at) -> r[at + 1], budget);
            case MAX_OVER_TIME -> folded(windows, Fold.MAX, (r, at) -> r[at + 1], budget);
            case STDVAR_OVER_TIME -> folded(windows, Fold.MOMENTS, (r, at) -> r[at + 2] / r[at], budget);
            case STDDEV_OVER_TIME -> folded(windows, Fold.MOMENTS, (r, at) -> Math.sqrt(r[at + 2] / r[at]), budget);
            case FIRST_OVER_TIME -> folded(windows, Fold.FIRST, (r, at) -> r[at + 3], budget);
            case LAST_OVER_TIME -> folded(windows, Fold.LAST, (r, at) -> r[at + 3], budget);
            case QUANTILE_OVER_TIME -> {
                double phi = Objects.requireNonNull(aggregation.parameter(), "quantile without a parameter");
                yield new RangeFunction(() -> new KeptWindows(windows, new Quantile(phi), budget));
            }
            case RATE_COUNTER -> new RangeFunction(() -> new KeptWindows(windows, new CounterRate(rangeNanos), budget));
        };
    }

    private static RangeFunction folded(Windows windows, Fold fold, FoldedWindows.Result result, MemoryBudget budget) {
        return new RangeFunction(() -> new FoldedWindows(windows, fold, result, budget));
    }
}
