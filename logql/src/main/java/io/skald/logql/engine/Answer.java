/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import io.skald.core.model.Labels;
import io.skald.logql.metric.MemoryBudget;
import io.skald.logql.metric.SeriesSink;
import io.skald.logql.metric.SeriesTable;
import io.skald.logql.metric.Steps;
import io.skald.logql.metric.Values;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Collects the series of the answer, and refuses too many of them. Confined to one thread. */
final class Answer implements SeriesSink {
    private final Steps steps;
    private final int maxSeries;
    private final SeriesTable table;

    /** @param maxSeries most series; a negative number is no limit */
    Answer(Steps steps, int maxSeries, MemoryBudget budget) {
        this.steps = steps;
        this.maxSeries = maxSeries;
        this.table = new SeriesTable(budget);
    }

    /** How an instant vector is sorted. */
    enum Order {
        LABELS,
        ASCENDING,
        DESCENDING
    }

    @Override
    public void accept(Labels labels, double[] values) {
        if (!Values.any(values)) {
            return;
        }
        table.accept(labels, values);
        if (maxSeries >= 0 && table.size() > maxSeries) {
            throw RangeScan.tooManySeries(maxSeries);
        }
    }

    QueryResult.VectorData vector(Order order) {
        List<QueryResult.Sample> samples = new ArrayList<>();
        for (int i = 0; i < table.size(); i++) {
            samples.add(new QueryResult.Sample(table.labels(i), steps.time(0), table.values(i)[0]));
        }
        Comparator<QueryResult.Sample> byLabels = Comparator.comparing(QueryResult.Sample::labels);
        // Double.compare puts NaN last in both directions
        samples.sort(
                switch (order) {
                    case LABELS -> byLabels;
                    case ASCENDING ->
                        Comparator.comparingDouble(QueryResult.Sample::value).thenComparing(byLabels);
                    case DESCENDING ->
                        ((Comparator<QueryResult.Sample>) (a, b) -> Double.isNaN(a.value()) || Double.isNaN(b.value())
                                        ? Boolean.compare(Double.isNaN(a.value()), Double.isNaN(b.value()))
                                        : Double.compare(b.value(), a.value()))
                                .thenComparing(byLabels);
                });
        return new QueryResult.VectorData(samples);
    }

    QueryResult.Matrix matrix() {
        List<QueryResult.Series> rows = new ArrayList<>();
        for (int i = 0; i < table.size(); i++) {
            double[] values = table.values(i);
            long[] times = new long[values.length];
            double[] present = new double[values.length];
            int n = 0;
            for (int k = 0; k < values.length; k++) {
                if (!Values.absent(values[k])) {
                    times[n] = steps.time(k);
                    present[n++] = values[k];
                }
            }
            rows.add(new QueryResult.Series(
                    table.labels(i), java.util.Arrays.copyOf(times, n), java.util.Arrays.copyOf(present, n)));
        }
        rows.sort(Comparator.comparing(QueryResult.Series::labels));
        return new QueryResult.Matrix(rows);
    }
}
