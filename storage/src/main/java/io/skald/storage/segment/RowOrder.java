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
        boolean sorted = true;
        boolean ties = false;
        for (int i = 0; i < n; i++) {
            order[i] = i;
            if (i > 0) {
                sorted &= batch.timestampNanos(i - 1) <= batch.timestampNanos(i);
                ties |= batch.timestampNanos(i - 1) == batch.timestampNanos(i);
            }
        }
        if (!sorted) {
            order = mergeSort(batch, order);
            ties = true;
        }
        return ties ? collapse(batch, order) : order;
    }

    /** Stable, bottom-up; a pair of runs that is in order already is copied whole. */
    private static int[] mergeSort(EntryBatch batch, int[] order) {
        int n = order.length;
        int[] from = order;
        int[] to = new int[n];
        for (int width = 1; width > 0 && width < n; width <<= 1) {
            for (int lo = 0; lo < n; ) {
                int mid = (int) Math.min(n, (long) lo + width);
                int hi = (int) Math.min(n, (long) lo + 2L * width);
                if (mid >= hi || batch.timestampNanos(from[mid - 1]) <= batch.timestampNanos(from[mid])) {
                    System.arraycopy(from, lo, to, lo, hi - lo);
                } else {
                    merge(batch, from, to, lo, mid, hi);
                }
                lo = hi;
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
