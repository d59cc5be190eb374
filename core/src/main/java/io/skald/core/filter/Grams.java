/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.filter;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The keys of a text: of every {@value #WINDOW} consecutive {@value #GRAM}-grams the one with the smallest hash. Two texts that share
 * {@value #SPAN} bytes or more share a key, so a needle of that length is ruled out where its keys are not. Letters of ASCII count as
 * lower case. Confined to one thread.
 *
 * <p>What begins at byte 8 c + r of a tile stands in column c of row r. So what belongs to neighbouring bytes is at the same place of neighbouring rows, and
 * every loop goes straight over arrays, many numbers at a time.
 */
final class Grams {
    /** Bytes of a gram. */
    static final int GRAM = 6;

    /** Grams of which one is a key. */
    static final int WINDOW = 7;

    /** Bytes of a window: the shortest text that has a key. */
    static final int SPAN = GRAM + WINDOW - 1;

    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final long GRAM_MASK = (1L << (8 * GRAM)) - 1;
    private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;
    private static final long ONES = 0x0101010101010101L;

    /** Columns of windows that are looked at together: what they take stays in the first-level caches. */
    private static final int COLUMNS = 256;

    private static final int TILE = 8 * COLUMNS;
    /** From a row to the next: one column more is needed, for what windows reach into, and rows begin alike in the lines of a cache. */
    private static final int ROW = COLUMNS + 16;

    private final long[] text = new long[ROW];
    /** The text from its fourth byte on, and from its seventh. */
    private final long[] fromFourth = new long[ROW];

    private final long[] fromSeventh = new long[ROW];
    private final long[] nextWords = new long[ROW];
    /** A row for what stands before row 0, then rows 0 to 13, the last six of which are the first six, a column on. */
    private final int[] hashes = new int[15 * ROW];
    /** Whether the key of a window is another one than that of the window before, 1 or 0. */
    private final int[] marks = new int[8 * ROW];

    private final int[] keys = new int[8 * ROW];
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
        hash();
        minima(hashes);
        differences(hashes, marks);
        settle(windows);
        count = keep(hashes, marks, keys);
        spread(keys, count);
        at += TILE;
        return true;
    }

    /** A gram of six bytes is within a word in three places of eight; for the others there are words that begin elsewhere. */
    private void hash() {
        int[] h = hashes;
        System.arraycopy(text, 1, nextWords, 0, ROW - 1);
        shift(text, nextWords, 24, fromFourth);
        shift(text, nextWords, 48, fromSeventh);
        for (int r = 0; r < 8; r++) {
            long[] words = r < 3 ? text : r < 6 ? fromFourth : fromSeventh;
            hash(words, 8 * (r % 3), h, (1 + r) * ROW);
        }
        for (int r = 0; r < WINDOW - 1; r++) {
            System.arraycopy(h, (1 + r) * ROW + 1, h, (9 + r) * ROW, COLUMNS);
        }
    }

    private static void shift(long[] t, long[] next, int by, long[] out) {
        int back = 64 - by;
        for (int i = 0; i < ROW; i++) {
            out[i] = t[i] >>> by | next[i] << back;
        }
    }

    private static void hash(long[] t, int shift, int[] h, int to) {
        for (int i = 0; i < ROW; i++) {
            h[to + i] = (int) (((t[i] >>> shift & GRAM_MASK) * MULTIPLIER) >>> 32);
        }
    }

    /** Of each window the smallest, by that of two, of four, of seven, in place. */
    private static void minima(int[] h) {
        for (int i = ROW; i < 14 * ROW; i++) {
            h[i] = Math.min(h[i], h[i + ROW]);
        }
        for (int i = ROW; i < 12 * ROW; i++) {
            h[i] = Math.min(h[i], h[i + 2 * ROW]);
        }
        for (int i = ROW; i < 9 * ROW; i++) {
            h[i] = Math.min(h[i], h[i + 3 * ROW]);
        }
    }

    /** Marks the windows whose key is not that of the window before. */
    private static void differences(int[] h, int[] m) {
        System.arraycopy(h, 8 * ROW, h, 1, COLUMNS - 1);
        h[0] = ~h[ROW];
        for (int i = 0; i < 8 * ROW; i++) {
            int d = h[i] ^ h[i + ROW];
            m[i] = (d | -d) >>> 31;
        }
    }

    /** Unmarks the windows across the end of a line, which are none, and marks the first of each line, whatever stands before. */
    private void settle(int windows) {
        while (row < rows) {
            int end = rowAt + lengths[row] - at;
            int from = Math.max(0, rowAt - at);
            int to = Math.min(windows, end - SPAN + 1);
            if (from < to) {
                mark(from, 1);
            }
            int limit = Math.min(windows, end);
            for (int i = Math.max(from, to); i < limit; i++) {
                mark(i, 0);
            }
            if (end > TILE) {
                break;
            }
            rowAt += lengths[row++];
        }
        int columns = windows + 7 >>> 3;
        for (int i = windows; i < 8 * columns; i++) {
            mark(i, 0);
        }
        for (int r = 0; r < 8; r++) {
            Arrays.fill(marks, r * ROW + columns, (r + 1) * ROW, 0);
        }
    }

    private void mark(int window, int as) {
        marks[(window & 7) * ROW + (window >>> 3)] = as;
    }

    /** Takes the values that are marked with 1, without a branch, which would be guessed wrong each fourth time; returns how many. */
    private static int keep(int[] h, int[] m, int[] out) {
        int k = 0;
        for (int i = 0; i < 8 * ROW; i++) {
            out[k] = h[ROW + i];
            k += m[i];
        }
        return k;
    }

    /** The smallest of several hashes is small: spreads them over all 32 bits again. */
    private static void spread(int[] h, int n) {
        for (int i = 0; i < n; i++) {
            h[i] = spread(h[i]);
        }
    }

    /** Copies a range to the beginning of {@code t} with ASCII letters in lower case. */
    private static void lowerCase(byte[] b, int offset, int length, long[] t) {
        int words = length >>> 3;
        MemorySegment.copy(MemorySegment.ofArray(b), WORD, offset, t, 0, words);
        long rest = 0;
        for (int i = 8 * words; i < length; i++) {
            rest |= (b[offset + i] & 0xffL) << 8 * i;
        }
        t[words] = rest;
        for (int i = 0; i < ROW; i++) {
            long x = t[i];
            long low = x & ~(ONES << 7);
            long atLeastA = low + ONES * (0x80 - 'A');
            long beyondZ = low + ONES * (0x7f - 'Z');
            long upper = (atLeastA ^ beyondZ) & ~x & (ONES << 7);
            t[i] = x | (upper >>> 2);
        }
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
