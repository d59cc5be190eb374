/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.metric;

import java.util.Arrays;
import java.util.function.IntToDoubleFunction;

/**
 * The φ-quantile of windows, interpolated between neighbours. Windows that hardly overlap are sorted one by one. Else samples are ranked once;
 * a Fenwick tree counts which ranks the window holds, so that a step costs the samples that come and go, each logarithmic.
 *
 * @param phi below 0 gives −∞, above 1 +∞
 */
record Quantile(double phi) implements KeptWindows.Function {
    /** How many windows hold a sample, on average, up to which each is sorted. */
    private static final int SORTED_OVERLAP = 4;

    @Override
    public void apply(long[] timestampNanos, double[] samples, int[] from, int[] to, double[] values) {
        int n = samples.length;
        long held = 0;
        for (int k = 0; k < values.length; k++) {
            held += to[k] - from[k];
        }
        if (held <= (long) SORTED_OVERLAP * n) {
            sorted(samples, from, to, values);
            return;
        }
        double[] sorted = samples.clone();
        Arrays.sort(sorted);
        int[] rank = new int[n];
        int[] used = new int[n];
        for (int i = 0; i < n; i++) {
            // equal values share the block of ranks that begins at the first of them
            int first = firstOf(sorted, samples[i]);
            rank[i] = first + used[first]++;
        }
        int[] tree = new int[n + 1];
        int lo = 0;
        int hi = 0;
        for (int k = 0; k < values.length; k++) {
            while (hi < to[k]) {
                add(tree, rank[hi++], 1);
            }
            while (lo < from[k]) {
                add(tree, rank[lo++], -1);
            }
            int size = hi - lo;
            if (size > 0) {
                values[k] = of(i -> sorted[select(tree, i)], size);
            }
        }
    }

    private void sorted(double[] samples, int[] from, int[] to, double[] values) {
        double[] window = new double[0];
        for (int k = 0; k < values.length; k++) {
            int size = to[k] - from[k];
            if (size > 0) {
                if (window.length < size) {
                    window = new double[Math.max(size, 2 * window.length)];
                }
                System.arraycopy(samples, from[k], window, 0, size);
                Arrays.sort(window, 0, size);
                double[] w = window;
                values[k] = of(i -> w[i], size);
            }
        }
    }

    private double of(IntToDoubleFunction ascending, int size) {
        if (Double.isNaN(phi)) {
            return Double.NaN;
        }
        if (phi < 0) {
            return Double.NEGATIVE_INFINITY;
        }
        if (phi > 1) {
            return Double.POSITIVE_INFINITY;
        }
        double place = phi * (size - 1);
        int lower = (int) Math.floor(place);
        int upper = Math.min(size - 1, lower + 1);
        double weight = place - lower;
        double low = ascending.applyAsDouble(lower);
        double high = ascending.applyAsDouble(upper);
        return low * (1 - weight) + high * weight;
    }

    private static int firstOf(double[] sorted, double v) {
        int lo = 0;
        int hi = sorted.length - 1;
        while (lo < hi) {
            int mid = (lo + hi) >>> 1;
            if (Double.compare(sorted[mid], v) < 0) {
                lo = mid + 1;
            } else {
                hi = mid;
            }
        }
        return lo;
    }

    private static void add(int[] tree, int rank, int delta) {
        for (int i = rank + 1; i < tree.length; i += i & -i) {
            tree[i] += delta;
        }
    }

    /** The rank of the i-th held sample, from 0. */
    private static int select(int[] tree, int i) {
        int at = 0;
        int left = i;
        for (int bit = Integer.highestOneBit(tree.length - 1); bit > 0; bit >>= 1) {
            int next = at + bit;
            if (next < tree.length && tree[next] <= left) {
                at = next;
                left -= tree[next];
            }
        }
        return at;
    }
}
