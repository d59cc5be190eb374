/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.metric;

import io.skald.core.model.Labels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The k largest or smallest series of a group, chosen anew at each step: a heap per step of values and series numbers. */
final class Top implements VectorAggregator.Group {
    private final int k;
    private final boolean largest;
    private final MemoryBudget budget;
    private final List<Labels> series = new ArrayList<>();
    private final double[][] heaps;
    private final int[][] owners;
    private final int[] sizes;

    Top(int steps, int k, boolean largest, MemoryBudget budget) {
        this.k = k;
        this.largest = largest;
        this.budget = budget;
        budget.charge(3L * steps + MemoryBudget.SERIES_CELLS);
        heaps = new double[steps][];
        owners = new int[steps][];
        sizes = new int[steps];
        Arrays.fill(heaps, new double[0]);
        Arrays.fill(owners, new int[0]);
    }

    @Override
    public void add(Labels labels, double[] values) {
        int id = series.size();
        boolean chosen = false;
        for (int s = 0; s < values.length; s++) {
            if (!Values.absent(values[s])) {
                chosen |= offer(s, values[s], id);
            }
        }
        if (chosen) {
            budget.charge(MemoryBudget.SERIES_CELLS);
            series.add(labels);
        }
    }

    private boolean offer(int s, double value, int id) {
        if (sizes[s] < k) {
            if (sizes[s] == heaps[s].length) {
                int n = (int) Math.min(k, Math.max(4, heaps[s].length * 2L));
                budget.charge(2L * (n - heaps[s].length));
                heaps[s] = Arrays.copyOf(heaps[s], n);
                owners[s] = Arrays.copyOf(owners[s], n);
            }
            siftUp(heaps[s], owners[s], sizes[s]++, value, id);
            return true;
        }
        // the root is the worst that is kept; of equals the first that came stays
        if (k == 0 || !better(value, heaps[s][0])) {
            return false;
        }
        siftDown(heaps[s], owners[s], sizes[s], value, id);
        return true;
    }

    /** NaN is worse than any number. */
    private boolean better(double a, double b) {
        if (Double.isNaN(b)) {
            return !Double.isNaN(a);
        }
        return largest ? a > b : a < b;
    }

    private boolean worse(double a, int idA, double b, int idB) {
        return better(b, a) || !better(a, b) && idA > idB;
    }

    private void siftUp(double[] heap, int[] ids, int from, double value, int id) {
        int at = from;
        while (at > 0) {
            int parent = (at - 1) / 2;
            if (!worse(value, id, heap[parent], ids[parent])) {
                break;
            }
            heap[at] = heap[parent];
            ids[at] = ids[parent];
            at = parent;
        }
        heap[at] = value;
        ids[at] = id;
    }

    private void siftDown(double[] heap, int[] ids, int size, double value, int id) {
        int at = 0;
        while (2 * at + 1 < size) {
            int child = 2 * at + 1;
            if (child + 1 < size && worse(heap[child + 1], ids[child + 1], heap[child], ids[child])) {
                child++;
            }
            if (worse(value, id, heap[child], ids[child])) {
                break;
            }
            heap[at] = heap[child];
            ids[at] = ids[child];
            at = child;
        }
        heap[at] = value;
        ids[at] = id;
    }

    @Override
    public void finish(Labels group, SeriesSink sink) {
        double @Nullable [][] rows = new double[series.size()][];
        for (int s = 0; s < sizes.length; s++) {
            for (int i = 0; i < sizes[s]; i++) {
                int id = owners[s][i];
                double[] row = rows[id];
                if (row == null) {
                    budget.charge(sizes.length);
                    row = Values.none(sizes.length);
                    rows[id] = row;
                }
                row[s] = heaps[s][i];
            }
        }
        for (int id = 0; id < rows.length; id++) {
            double[] row = rows[id];
            if (row != null) {
                sink.accept(series.get(id), row);
            }
        }
    }
}
