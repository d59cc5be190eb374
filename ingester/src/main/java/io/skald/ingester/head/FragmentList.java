/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import java.util.Arrays;

/**
 * Where the entries of one stream are in the WAL: a few numbers per fragment, in order of address. Thread-safe as its owner guards it; a
 * {@link Slice} is immutable and may be used by anyone.
 */
final class FragmentList {
    private long[] addresses = new long[2];
    private int[] headBytes = new int[2];
    private int[] lineBytes = new int[2];
    /** Entries; negative (their complement) when the times do not strictly increase. */
    private int[] counts = new int[2];

    private long[] minNanos = new long[2];
    private long[] maxNanos = new long[2];
    private int size;

    /** Fragments of a list as they were once; what a list holds is only appended to or replaced, never changed. */
    static final class Slice {
        private final FragmentList at;
        private final int from;
        private final int to;

        private Slice(FragmentList copy, int from, int to) {
            this.at = copy;
            this.from = from;
            this.to = to;
        }

        int size() {
            return to - from;
        }

        /** Where the fragment's bytes begin: number of the file and offset in it. */
        long address(int i) {
            return at.addresses[from + i];
        }

        int headBytes(int i) {
            return at.headBytes[from + i];
        }

        int lineBytes(int i) {
            return at.lineBytes[from + i];
        }

        int count(int i) {
            int c = at.counts[from + i];
            return c < 0 ? ~c : c;
        }

        boolean increasing(int i) {
            return at.counts[from + i] >= 0;
        }

        long minNanos(int i) {
            return at.minNanos[from + i];
        }

        long maxNanos(int i) {
            return at.maxNanos[from + i];
        }

        boolean overlaps(int i, long startNanos, long endNanos) {
            return minNanos(i) < endNanos && maxNanos(i) >= startNanos;
        }
    }

    void add(long address, EncodedBatch.Fragment f) {
        if (size == addresses.length) {
            int n = size + Math.max(2, size >> 1);
            addresses = Arrays.copyOf(addresses, n);
            headBytes = Arrays.copyOf(headBytes, n);
            lineBytes = Arrays.copyOf(lineBytes, n);
            counts = Arrays.copyOf(counts, n);
            minNanos = Arrays.copyOf(minNanos, n);
            maxNanos = Arrays.copyOf(maxNanos, n);
        }
        addresses[size] = address;
        headBytes[size] = f.headBytes();
        lineBytes[size] = f.lineBytes();
        counts[size] = f.increasing() ? f.count() : ~f.count();
        minNanos[size] = f.minNanos();
        maxNanos[size++] = f.maxNanos();
    }

    /** Fragments with addresses in [from, to). */
    Slice slice(long from, long to) {
        FragmentList copy = new FragmentList();
        copy.addresses = addresses;
        copy.headBytes = headBytes;
        copy.lineBytes = lineBytes;
        copy.counts = counts;
        copy.minNanos = minNanos;
        copy.maxNanos = maxNanos;
        copy.size = size;
        return new Slice(copy, lowerBound(from), lowerBound(to));
    }

    /** Forgets fragments with smaller addresses; returns how many are left. */
    int dropBelow(long address) {
        int n = lowerBound(address);
        if (n > 0) {
            addresses = Arrays.copyOfRange(addresses, n, size);
            headBytes = Arrays.copyOfRange(headBytes, n, size);
            lineBytes = Arrays.copyOfRange(lineBytes, n, size);
            counts = Arrays.copyOfRange(counts, n, size);
            minNanos = Arrays.copyOfRange(minNanos, n, size);
            maxNanos = Arrays.copyOfRange(maxNanos, n, size);
            size -= n;
        }
        return size;
    }

    /** Forgets fragments with this address or greater ones. Only while there are no slices yet. */
    void dropFrom(long address) {
        size = lowerBound(address);
    }

    private int lowerBound(long address) {
        int lo = 0;
        int hi = size;
        while (lo < hi) {
            int mid = (lo + hi) >>> 1;
            if (addresses[mid] < address) {
                lo = mid + 1;
            } else {
                hi = mid;
            }
        }
        return lo;
    }
}
