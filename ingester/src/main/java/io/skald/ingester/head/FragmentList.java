/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import java.util.Arrays;

/**
 * Where the entries of one stream are in the WAL: a few numbers per fragment, in order of address. Thread-safe as its owner guards it; a
 * {@link Slice} is immutable and may be used by anyone.
 */
final class FragmentList {
    /** Numbers of a fragment, in one array: with many streams, arrays of their own would take more than what is in them. */
    private static final int WIDTH = 5;

    private static final int ADDRESS = 0;
    private static final int MIN_NANOS = 1;
    private static final int MAX_NANOS = 2;
    /** Bytes of the head and, in the low half, of the lines. */
    private static final int LENGTHS = 3;
    /** Bytes of the block that holds the entries (0 when the lines themselves are there) and, in the low half, twice the entries, plus one if their times increase. */
    private static final int BLOCK_AND_COUNT = 4;

    private long[] numbers;
    private int size;

    FragmentList() {
        this(1);
    }

    FragmentList(int capacity) {
        numbers = new long[capacity * WIDTH];
    }

    /** Fragments of a list as they were once; what a list holds is only appended to or replaced, never changed. */
    static final class Slice {
        private final long[] numbers;
        private final int from;
        private final int to;

        private Slice(long[] numbers, int from, int to) {
            this.numbers = numbers;
            this.from = from;
            this.to = to;
        }

        private long number(int i, int what) {
            return numbers[(from + i) * WIDTH + what];
        }

        int size() {
            return to - from;
        }

        /** Where the fragment's bytes begin: number of the file and offset in it. */
        long address(int i) {
            return number(i, ADDRESS);
        }

        int headBytes(int i) {
            return (int) (number(i, LENGTHS) >>> 32);
        }

        /** Bytes of the lines of its entries. */
        int lineBytes(int i) {
            return (int) number(i, LENGTHS);
        }

        /** Whether the entries are in a block. */
        boolean isBlock(int i) {
            return blockBytes(i) > 0;
        }

        /** Bytes of the block; 0 when there is none. */
        int blockBytes(int i) {
            return (int) (number(i, BLOCK_AND_COUNT) >>> 32);
        }

        int count(int i) {
            return (int) number(i, BLOCK_AND_COUNT) >>> 1;
        }

        /** Whether each time is greater than the one before. */
        boolean increasing(int i) {
            return (number(i, BLOCK_AND_COUNT) & 1) != 0;
        }

        long minNanos(int i) {
            return number(i, MIN_NANOS);
        }

        long maxNanos(int i) {
            return number(i, MAX_NANOS);
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
        int at = size * WIDTH;
        if (at == numbers.length) {
            room(size + Math.max(2, size >> 1));
        }
        numbers[at + ADDRESS] = address;
        numbers[at + MIN_NANOS] = min;
        numbers[at + MAX_NANOS] = max;
        numbers[at + LENGTHS] = (long) head << 32 | lines;
        numbers[at + BLOCK_AND_COUNT] = (long) block << 32 | (long) count << 1 | (increasing ? 1 : 0);
        size++;
    }

    private void room(int n) {
        numbers = Arrays.copyOf(numbers, n * WIDTH);
    }

    /** Adds the fragments of another list, whose addresses are above those here. */
    void addAll(FragmentList other) {
        if ((size + other.size) * WIDTH > numbers.length) {
            room(size + Math.max(other.size, size >> 1));
        }
        System.arraycopy(other.numbers, 0, numbers, size * WIDTH, other.size * WIDTH);
        size += other.size;
    }

    int size() {
        return size;
    }

    /** Bytes of all fragments. */
    long bytes() {
        long n = 0;
        for (int i = 0; i < size; i++) {
            long lengths = numbers[i * WIDTH + LENGTHS];
            long block = numbers[i * WIDTH + BLOCK_AND_COUNT] >>> 32;
            n += (lengths >>> 32) + (block > 0 ? block : (int) lengths);
        }
        return n;
    }

    /** The greatest address of a list that is not empty. */
    long lastAddress() {
        return address(size - 1);
    }

    private long address(int i) {
        return numbers[i * WIDTH + ADDRESS];
    }

    /** Fragments with addresses in [from, to). */
    Slice slice(long from, long to) {
        return new Slice(numbers, lowerBound(from), lowerBound(to));
    }

    /** Forgets fragments with smaller addresses; returns how many are left. */
    int dropBelow(long address) {
        int n = lowerBound(address);
        if (n > 0) {
            numbers = Arrays.copyOfRange(numbers, n * WIDTH, size * WIDTH);
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
        // nearly always all or none
        if (size == 0 || address(size - 1) < address) {
            return size;
        }
        int lo = 0;
        int hi = size;
        while (lo < hi) {
            int mid = (lo + hi) >>> 1;
            if (address(mid) < address) {
                lo = mid + 1;
            } else {
                hi = mid;
            }
        }
        return lo;
    }
}
