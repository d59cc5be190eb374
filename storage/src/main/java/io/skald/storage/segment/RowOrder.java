/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.model.EntryBatch;
import io.skald.core.scan.EntryIdentity;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/** The order in which a batch is written: by time, then by arrival, without entries that equal an earlier one. */
final class RowOrder {
    private RowOrder() {}

    /** Indexes into the batch. */
    static int[] of(EntryBatch batch) {
        int n = batch.size();
        int[] order = new int[n];
        int[] runs = new int[16];
        int count = 1;
        boolean ties = false;
        long last = Long.MIN_VALUE;
        for (int i = 0; i < n; i++) {
            order[i] = i;
            long t = batch.timestampNanos(i);
            ties |= t == last;
            if (t < last) {
                if (count == runs.length) {
                    runs = Arrays.copyOf(runs, 2 * count);
                }
                runs[count++] = i;
            }
            last = t;
        }
        if (count > 1) {
            order = mergeSort(batch, order, runs, count);
            ties = true;
        }
        return ties ? collapse(batch, order) : order;
    }

    /**
     * Stable: merges each run of rows that are in order with the next one, until there is one; a pair that is in order already is copied whole.
     *
     * @param runs where each begins
     */
    private static int[] mergeSort(EntryBatch batch, int[] order, int[] runs, int count) {
        int n = order.length;
        int[] from = order;
        int[] to = new int[n];
        for (int left = count; left > 1; left = left + 1 >> 1) {
            for (int r = 0; r < left; r += 2) {
                int lo = runs[r];
                int mid = r + 1 < left ? runs[r + 1] : n;
                int hi = r + 2 < left ? runs[r + 2] : n;
                if (mid >= hi || batch.timestampNanos(from[mid - 1]) <= batch.timestampNanos(from[mid])) {
                    System.arraycopy(from, lo, to, lo, hi - lo);
                } else {
                    merge(batch, from, to, lo, mid, hi);
                }
                runs[r >> 1] = lo;
            }
            int[] swap = from;
            from = to;
            to = swap;
        }
        return from;
    }

    private static void merge(EntryBatch batch, int[] from, int[] to, int lo, int mid, int hi) {
        int a = lo;
        int b = mid;
        for (int i = lo; i < hi; i++) {
            boolean left = b >= hi || a < mid && batch.timestampNanos(from[a]) <= batch.timestampNanos(from[b]);
            to[i] = left ? from[a++] : from[b++];
        }
    }

    private static int[] collapse(EntryBatch batch, int[] order) {
        int[] kept = new int[order.length];
        int size = 0;
        for (int i = 0; i < order.length; ) {
            long t = batch.timestampNanos(order[i]);
            int end = i + 1;
            while (end < order.length && batch.timestampNanos(order[end]) == t) {
                end++;
            }
            if (end == i + 1) {
                kept[size++] = order[i];
            } else {
                Set<EntryIdentity> seen = HashSet.newHashSet(end - i);
                for (int j = i; j < end; j++) {
                    int row = order[j];
                    if (seen.add(new EntryIdentity(
                            batch.buffer(row), batch.offset(row), batch.length(row), batch.metadata(row)))) {
                        kept[size++] = row;
                    }
                }
            }
            i = end;
        }
        return size == order.length ? kept : Arrays.copyOf(kept, size);
    }
}
