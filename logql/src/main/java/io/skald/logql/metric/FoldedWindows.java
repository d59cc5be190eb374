/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.metric;

import java.util.Arrays;

/** Windows whose value follows from a {@link Fold}: a row per pane, over the panes that were touched. */
final class FoldedWindows implements SeriesWindows {
    private static final int FIRST_PANES = 4;

    /** Reads a value from a row that is not empty. */
    @FunctionalInterface
    interface Result {
        double of(double[] rows, int at);
    }

    private final Windows windows;
    private final Fold fold;
    private final Result result;
    private final MemoryBudget budget;

    /** Rows of the panes from {@code base} on. */
    private double[] rows = new double[0];

    private int base;
    private int panes;

    FoldedWindows(Windows windows, Fold fold, Result result, MemoryBudget budget) {
        this.windows = windows;
        this.fold = fold;
        this.result = result;
        this.budget = budget;
        budget.charge(MemoryBudget.SERIES_CELLS);
    }

    @Override
    public void add(int pane, long timestampNanos, int ordinal, double value) {
        // row() may replace the array, so it comes first
        int at = row(pane);
        fold.add(rows, at, timestampNanos, ordinal, value);
    }

    @Override
    public void addMany(int pane, long count, double sum) {
        int at = row(pane);
        fold.addMany(rows, at, count, sum);
    }

    /** Where a pane's row begins; makes room for it. */
    private int row(int pane) {
        if (pane < base || pane >= base + panes) {
            if (panes == 0) {
                resize(pane, Math.min(FIRST_PANES, windows.paneCount() - pane));
            } else if (pane < base) {
                int from = Math.max(0, Math.min(pane, base - panes));
                resize(from, base + panes - from);
            } else {
                int to = Math.min(windows.paneCount(), Math.max(pane + 1, base + 2 * panes));
                resize(base, to - base);
            }
        }
        return (pane - base) * fold.width();
    }

    private void resize(int newBase, int newPanes) {
        budget.charge((long) (newPanes - panes) * fold.width());
        double[] bigger = new double[newPanes * fold.width()];
        System.arraycopy(rows, 0, bigger, panes == 0 ? 0 : (base - newBase) * fold.width(), rows.length);
        rows = bigger;
        base = newBase;
        panes = newPanes;
    }

    @Override
    public void merge(SeriesWindows other) {
        FoldedWindows o = (FoldedWindows) other;
        for (int p = 0; p < o.panes; p++) {
            if (o.rows[p * fold.width()] != 0) {
                int at = row(o.base + p);
                fold.combine(rows, at, o.rows, p * fold.width());
            }
        }
    }

    /**
     * Slides over the panes in time linear in their number, without ever subtracting (which would lose digits and cannot undo a maximum):
     * {@code suffix[i]} holds panes i..mid, {@code tail} those after mid; once a window begins after mid, a new suffix is built.
     */
    @Override
    public void finish(double[] values) {
        Arrays.fill(values, Values.ABSENT);
        if (panes == 0) {
            return;
        }
        int w = fold.width();
        double[] suffix = new double[rows.length];
        double[] tail = new double[w];
        double[] sum = new double[w];
        int mid = -1;
        int right = -1;
        for (int k = 0; k < values.length; k++) {
            int from = Math.max(windows.first(k) - base, 0);
            int to = Math.min(windows.last(k) - base, panes - 1);
            if (from > to) {
                continue;
            }
            if (from > mid) {
                mid = to;
                right = to;
                Arrays.fill(tail, 0);
                System.arraycopy(rows, from * w, suffix, from * w, (to - from + 1) * w);
                for (int i = to - 1; i >= from; i--) {
                    fold.combine(suffix, i * w, suffix, (i + 1) * w);
                }
            }
            while (right < to) {
                fold.combine(tail, 0, rows, ++right * w);
            }
            System.arraycopy(suffix, from * w, sum, 0, w);
            fold.combine(sum, 0, tail, 0);
            if (sum[0] != 0) {
                values[k] = result.of(sum, 0);
            }
        }
    }
}
