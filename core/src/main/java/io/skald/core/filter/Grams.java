/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.filter;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The keys of a text: of every {@value #WINDOW} consecutive {@value #GRAM}-grams the one with the smallest hash. Two texts that share
 * {@value #SPAN} bytes or more share a key, so a needle of that length is ruled out where its keys are not. Letters of ASCII count as
 * lower case. Confined to one thread.
 */
final class Grams {
    /** Bytes of a gram. */
    static final int GRAM = 6;

    /** Grams of which one is a key. */
    static final int WINDOW = 7;

    /** Bytes of a window: the shortest text that has a key. */
    static final int SPAN = GRAM + WINDOW - 1;

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long GRAM_MASK = (1L << (8 * GRAM)) - 1;
    private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;
    private static final long ONES = 0x0101010101010101L;

    /** Windows that are looked at together: what they take stays in the first-level cache. */
    private static final int TILE = 2048;

    private final byte[] text = new byte[TILE + SPAN + 16];
    private final int[] hashes = new int[TILE + WINDOW];
    private final int[] shifted = new int[TILE + WINDOW];
    private final int[] keys = new int[TILE];
    private int count;

    private byte[] bytes = new byte[0];
    private int offset;
    private int[] lengths = new int[0];
    private int rows;
    private int size;
    /** Where the next tile begins, from {@link #offset} on. */
    private int at;
    /** The first line that reaches into the next tile, and where it begins. */
    private int row;

    private int rowAt;
    /** The key found last; {@link #any} is false when there is none. */
    private int last;

    private boolean any;

    /** Begins with the lines that stand one after the other from an offset on; {@link #next} then finds their keys. */
    void begin(byte[] b, int from, int[] lineLengths, int lines) {
        bytes = b;
        offset = from;
        lengths = lineLengths;
        rows = lines;
        size = 0;
        for (int i = 0; i < lines; i++) {
            size += lineLengths[i];
        }
        at = 0;
        row = 0;
        rowAt = 0;
        any = false;
    }

    int count() {
        return count;
    }

    /** The {@link #count} keys that {@link #next} found, some of them repeatedly; valid until it is called again. */
    int[] keys() {
        return keys;
    }

    /**
     * Finds the keys of the next few thousand bytes, over all lines at once, as lines are too short for loops to gain speed in; false at the end.
     */
    boolean next() {
        int windows = Math.min(TILE, size - at - SPAN + 1);
        if (windows <= 0) {
            return false;
        }
        lowerCase(bytes, offset + at, windows + SPAN - 1, text);
        hash(text, hashes, windows + WINDOW - 1);
        minima(hashes, shifted, windows);
        settle(windows);
        count = 0;
        if (any) {
            System.arraycopy(hashes, 0, shifted, 1, windows - 1);
            shifted[0] = last;
            last = hashes[windows - 1];
            differences(hashes, shifted, windows);
            count = keep(hashes, shifted, windows, keys);
            spread(keys, count);
        }
        at += TILE;
        return true;
    }

    /** Windows across the end of a line are none: they get the key of the one before, so that they add nothing. */
    private void settle(int windows) {
        int key = last;
        while (row < rows) {
            int end = rowAt + lengths[row] - at;
            int from = Math.max(0, rowAt - at);
            int to = Math.min(windows, end - SPAN + 1);
            if (from < to) {
                if (!any) {
                    any = true;
                    last = ~hashes[from];
                    Arrays.fill(hashes, 0, from, last);
                }
                key = hashes[to - 1];
            }
            int limit = Math.min(windows, end);
            for (int i = Math.max(from, to); i < limit; i++) {
                hashes[i] = key;
            }
            if (end > TILE) {
                return;
            }
            rowAt += lengths[row++];
        }
    }

    private static void hash(byte[] t, int[] h, int grams) {
        for (int i = 0; i < grams; i++) {
            h[i] = (int) ((((long) LONG.get(t, i) & GRAM_MASK) * MULTIPLIER) >>> 32);
        }
    }

    /**
     * Of each window the smallest, by that of two, of four, of seven, in place. Shifted copies cost less than reading the array at two places: the loop then
     * has nothing to align.
     */
    private static void minima(int[] h, int[] shifted, int windows) {
        lower(h, 1, shifted, windows + 5);
        lower(h, 2, shifted, windows + 3);
        lower(h, 3, shifted, windows);
    }

    private static void lower(int[] h, int by, int[] shifted, int n) {
        System.arraycopy(h, by, shifted, 0, n);
        for (int i = 0; i < n; i++) {
            h[i] = Math.min(h[i], shifted[i]);
        }
    }

    /** Makes of what stands before each value 1 if it differs, else 0. */
    private static void differences(int[] h, int[] before, int n) {
        for (int i = 0; i < n; i++) {
            int d = h[i] ^ before[i];
            before[i] = (d | -d) >>> 31;
        }
    }

    /** Takes the values that are marked with 1, without a branch, which would be guessed wrong each fourth time; returns how many. */
    private static int keep(int[] h, int[] marks, int n, int[] out) {
        int k = 0;
        for (int i = 0; i < n; i++) {
            out[k] = h[i];
            k += marks[i];
        }
        return k;
    }

    /** The smallest of several hashes is small: spreads them over all 32 bits again. */
    private static void spread(int[] h, int n) {
        for (int i = 0; i < n; i++) {
            h[i] = spread(h[i]);
        }
    }

    /** Copies a range to the beginning of {@code t} with ASCII letters in lower case, eight bytes at a time. */
    private static void lowerCase(byte[] b, int offset, int length, byte[] t) {
        int i = 0;
        for (; i + 8 <= length; i += 8) {
            LONG.set(t, i, lowerCase((long) LONG.get(b, offset + i)));
        }
        for (; i < length; i++) {
            byte c = b[offset + i];
            t[i] = c >= 'A' && c <= 'Z' ? (byte) (c + 32) : c;
        }
    }

    private static long lowerCase(long x) {
        long low = x & ~(ONES << 7);
        long atLeastA = low + ONES * (0x80 - 'A');
        long beyondZ = low + ONES * (0x7f - 'Z');
        long upper = (atLeastA ^ beyondZ) & ~x & (ONES << 7);
        return x | (upper >>> 2);
    }

    private static int spread(int h) {
        int x = h * 0x85ebca6b;
        x ^= x >>> 13;
        return x * 0xc2b2ae35;
    }

    /** The key of a whole metadata value. */
    static int metadata(String name, String value) {
        int h = 0x2545F491;
        for (byte c : name.getBytes(StandardCharsets.UTF_8)) {
            h = (h ^ c) * 0x01000193;
        }
        h = (h ^ 0xff) * 0x01000193;
        for (byte c : value.getBytes(StandardCharsets.UTF_8)) {
            h = (h ^ c) * 0x01000193;
        }
        h ^= h >>> 16;
        return spread(h);
    }
}
