/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import java.util.Arrays;

/**
 * Where the entries of one stream are in the WAL: a few numbers per fragment, in order of address. Thread-safe as its owner guards it; a
 * {@link Slice} is immutable and may be used by anyone.
 */
final class FragmentList {
    private long[] addresses;
    private int[] headBytes;
    private int[] lineBytes;
    /** Bytes of the block that holds the entries, 0 when the lines themselves are there. */
    private int[] blockBytes;

    /** Entries; negative (their complement) when the times do not strictly increase. */
    private int[] counts;

    private long[] minNanos;
    private long[] maxNanos;
    private int size;

    FragmentList() {
        this(2);
    }

    FragmentList(int capacity) {
        addresses = new long[capacity];
        headBytes = new int[capacity];
        lineBytes = new int[capacity];
        blockBytes = new int[capacity];
        counts = new int[capacity];
        minNanos = new long[capacity];
        maxNanos = new long[capacity];
    }

    private FragmentList(FragmentList of) {
        addresses = of.addresses;
        headBytes = of.headBytes;
        lineBytes = of.lineBytes;
        blockBytes = of.blockBytes;
        counts = of.counts;
        minNanos = of.minNanos;
        maxNanos = of.maxNanos;
        size = of.size;
    }

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

        /** Bytes of the lines of its entries. */
        int lineBytes(int i) {
            return at.lineBytes[from + i];
        }

        /** Whether the entries are in a block. */
        boolean isBlock(int i) {
            return at.blockBytes[from + i] > 0;
        }

        /** Bytes of the block; 0 when there is none. */
        int blockBytes(int i) {
            return at.blockBytes[from + i];
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
        add(
                address,
                f.headBytes(),
                f.lineBytes(),
                f.blockBytes(),
                f.count(),
                f.increasing(),
                f.minNanos(),
                f.maxNanos());
    }

    void add(long address, int head, int lines, int block, int count, boolean increasing, long min, long max) {
        if (size == addresses.length) {
            room(size + Math.max(2, size >> 1));
        }
        addresses[size] = address;
        headBytes[size] = head;
        lineBytes[size] = lines;
        blockBytes[size] = block;
        counts[size] = increasing ? count : ~count;
        minNanos[size] = min;
        maxNanos[size++] = max;
    }

    private void room(int n) {
        addresses = Arrays.copyOf(addresses, n);
        headBytes = Arrays.copyOf(headBytes, n);
        lineBytes = Arrays.copyOf(lineBytes, n);
        blockBytes = Arrays.copyOf(blockBytes, n);
        counts = Arrays.copyOf(counts, n);
        minNanos = Arrays.copyOf(minNanos, n);
        maxNanos = Arrays.copyOf(maxNanos, n);
    }

    /** Adds the fragments of another list, whose addresses are above those here. */
    void addAll(FragmentList other) {
        if (size + other.size > addresses.length) {
            room(size + Math.max(other.size, size >> 1));
        }
        System.arraycopy(other.addresses, 0, addresses, size, other.size);
        System.arraycopy(other.headBytes, 0, headBytes, size, other.size);
        System.arraycopy(other.lineBytes, 0, lineBytes, size, other.size);
        System.arraycopy(other.blockBytes, 0, blockBytes, size, other.size);
        System.arraycopy(other.counts, 0, counts, size, other.size);
        System.arraycopy(other.minNanos, 0, minNanos, size, other.size);
        System.arraycopy(other.maxNanos, 0, maxNanos, size, other.size);
        size += other.size;
    }

    int size() {
        return size;
    }

    /** Bytes of all fragments. */
    long bytes() {
        long n = 0;
        for (int i = 0; i < size; i++) {
            n += headBytes[i] + (long) (blockBytes[i] > 0 ? blockBytes[i] : lineBytes[i]);
        }
        return n;
    }

    long lastAddress() {
        return addresses[size - 1];
    }

    /** Fragments with addresses in [from, to). */
    Slice slice(long from, long to) {
        FragmentList copy = new FragmentList(this);
        return new Slice(copy, lowerBound(from), lowerBound(to));
    }

    /** Forgets fragments with smaller addresses; returns how many are left. */
    int dropBelow(long address) {
        int n = lowerBound(address);
        if (n > 0) {
            addresses = Arrays.copyOfRange(addresses, n, size);
            headBytes = Arrays.copyOfRange(headBytes, n, size);
            lineBytes = Arrays.copyOfRange(lineBytes, n, size);
            blockBytes = Arrays.copyOfRange(blockBytes, n, size);
            counts = Arrays.copyOfRange(counts, n, size);
            minNanos = Arrays.copyOfRange(minNanos, n, size);
            maxNanos = Arrays.copyOfRange(maxNanos, n, size);
            size -= n;
        }
        return size;
    }

    /** Forgets fragments with this address or greater ones; returns how many. Only while there are no slices yet. */
    int dropFrom(long address) {
        int gone = size - lowerBound(address);
        size -= gone;
        return gone;
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
