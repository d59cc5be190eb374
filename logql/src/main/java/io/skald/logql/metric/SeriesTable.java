/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.metric;

import io.skald.core.model.Labels;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Series kept in memory, each label set once, in order of arrival. Confined to one thread. */
public final class SeriesTable implements SeriesSink {
    private final MemoryBudget budget;
    private final List<Labels> labels = new ArrayList<>();
    private final List<double[]> values = new ArrayList<>();
    private final Map<Labels, double[]> byLabels = new HashMap<>();

    public SeriesTable(MemoryBudget budget) {
        this.budget = budget;
    }

    /** Keeps a copy. Where a label set comes again, its values fill the gaps of the first. */
    @Override
    public void accept(Labels series, double[] row) {
        double[] known = byLabels.get(series);
        if (known != null) {
            for (int k = 0; k < row.length; k++) {
                if (Values.absent(known[k])) {
                    known[k] = row[k];
                }
            }
            return;
        }
        budget.charge(row.length + (long) MemoryBudget.SERIES_CELLS);
        double[] copy = row.clone();
        byLabels.put(series, copy);
        labels.add(series);
        values.add(copy);
    }

    public int size() {
        return labels.size();
    }

    public Labels labels(int i) {
        return labels.get(i);
    }

    /** The values of a series; not to be changed. */
    public double[] values(int i) {
        return values.get(i);
    }

    /** Passes all series on. */
    void drainTo(SeriesSink sink) {
        for (int i = 0; i < size(); i++) {
            sink.accept(labels.get(i), values.get(i));
        }
    }

    /** Passes all series on, sorted by labels. */
    public void drainSorted(SeriesSink sink) {
        new TreeMap<>(byLabels).forEach(sink::accept);
    }
}
