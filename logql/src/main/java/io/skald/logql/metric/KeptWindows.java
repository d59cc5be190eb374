/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.metric;

import java.util.Arrays;

/** Windows of functions that need every sample: quantiles and counters. */
final class KeptWindows implements SeriesWindows {
    /** The function over the samples of a window. */
    interface Function {
        /** Writes the values of all steps, given samples in order of time; step k has those from {@code from[k]} to before {@code to[k]}. */
        void apply(long[] timestampNanos, double[] samples, int[] from, int[] to, double[] values);
    }

    private final Windows windows;
    private final Function function;
    private final MemoryBudget budget;
    private int size;
    private int[] panes = new int[4];
    private long[] times = new long[4];
    private int[] ordinals = new int[4];
    private double[] samples = new double[4];

    KeptWindows(Windows windows, Function function, MemoryBudget budget) {
        this.windows = windows;
        this.function = function;
        this.budget = budget;
        budget.charge(MemoryBudget.SERIES_CELLS);
    }

    @Override
    public void add(int pane, long timestampNanos, int ordinal, double value) {
        if (size == panes.length) {
            int n = size * 2;
            budget.charge(3L * size);
            panes = Arrays.copyOf(panes, n);
            times = Arrays.copyOf(times, n);
            ordinals = Arrays.copyOf(ordinals, n);
            samples = Arrays.copyOf(samples, n);
        }
        panes[size] = pane;
        times[size] = timestampNanos;
        ordinals[size] = ordinal;
        samples[size++] = value;
    }

    @Override
    public void addMany(int pane, long count, double sum) {
        throw new UnsupportedOperationException("every sample is needed");
    }

    @Override
    public void merge(SeriesWindows other) {
        KeptWindows o = (KeptWindows) other;
        for (int i = 0; i < o.size; i++) {
            add(o.panes[i], o.times[i], o.ordinals[i], o.samples[i]);
        }
    }

    @Override
    public void finish(double[] values) {
        sort();
        int[] from = new int[values.length];
        int[] to = new int[values.length];
        int lo = 0;
        int hi = 0;
        for (int k = 0; k < values.length; k++) {
            while (hi < size && panes[hi] <= windows.last(k)) {
                hi++;
            }
            while (lo < hi && panes[lo] < windows.first(k)) {
                lo++;
            }
            from[k] = lo;
            to[k] = hi;
        }
        Arrays.fill(values, Values.ABSENT);
        function.apply(Arrays.copyOf(times, size), Arrays.copyOf(samples, size), from, to, values);
    }

    /**
     * Sorts by time, then stream. Samples come in runs that are sorted, one for each piece of a stream that was read, so runs are merged; of
     * samples with equal keys the earlier one stays first, so that arrival decides within a stream.
     */
    private void sort() {
        int[] begins = new int[16];
        int runs = 0;
        for (int i = 0; i < size; i++) {
            if (i == 0 || compare(i - 1, i) > 0) {
                if (runs == begins.length) {
                    begins = Arrays.copyOf(begins, 2 * runs);
                }
                begins[runs++] = i;
            }
        }
        if (runs <= 1) {
            return;
        }
        int[] order = new int[size];
        Arrays.setAll(order, i -> i);
        order = merged(order, Arrays.copyOf(begins, runs + 1), runs);
        int[] oldPanes = panes;
        long[] oldTimes = times;
        int[] oldOrdinals = ordinals;
        double[] oldSamples = samples;
        panes = new int[size];
        times = new long[size];
        ordinals = new int[size];
        samples = new double[size];
        for (int i = 0; i < size; i++) {
            panes[i] = oldPanes[order[i]];
            times[i] = oldTimes[order[i]];
            ordinals[i] = oldOrdinals[order[i]];
            samples[i] = oldSamples[order[i]];
        }
    }

    /** Merges neighbouring runs until one is left. {@code begins} has room for the end behind the last. */
    private int[] merged(int[] order, int[] begins, int count) {
        int[] from = order;
        int[] to = new int[size];
        int runs = count;
        begins[runs] = size;
        while (runs > 1) {
            int made = 0;
            for (int r = 0; r < runs; r += 2) {
                int begin = begins[r];
                int mid = begins[Math.min(runs, r + 1)];
                int end = begins[Math.min(runs, r + 2)];
                merge(from, to, begin, mid, end);
                begins[made++] = begin;
            }
            runs = made;
            begins[runs] = size;
            int[] t = from;
            from = to;
            to = t;
        }
        return from;
    }

    private void merge(int[] from, int[] to, int begin, int mid, int end) {
        int a = begin;
        int b = mid;
        for (int i = begin; i < end; i++) {
            to[i] = b >= end || a < mid && compare(from[a], from[b]) <= 0 ? from[a++] : from[b++];
        }
    }

    private int compare(int a, int b) {
        int c = Long.compare(times[a], times[b]);
        return c != 0 ? c : Integer.compare(ordinals[a], ordinals[b]);
    }
}
