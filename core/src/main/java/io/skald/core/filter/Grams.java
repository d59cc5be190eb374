/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.filter;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

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

    /** Columns that are looked at together: what they take stays in the first-level caches. */
    private static final int COLUMNS = 256;

    /** Windows of a tile. Those of the last column would reach into one more. */
    private static final int TILE = 8 * (COLUMNS - 1);

    /** Columns whose marks are in one number: the key of its bit b stands b times this behind that of its lowest bit. */
    private static final int QUARTER = COLUMNS / 4;

    /** One bit for each row. */
    private static final int ALL_ROWS = 0x11111111;

    /** Keys that a number of {@link #marks} rarely has more of. */
    private static final int OFTEN = 10;

    private final long[] text = new long[COLUMNS + 8];
    /** The text from its fourth byte on, and from its seventh. */
    private final long[] fromFourth = new long[COLUMNS];

    private final long[] fromSeventh = new long[COLUMNS];
    private final long[] nextWords = new long[COLUMNS];
    /** Rows 0 to 7 of hashes, then of the smallest of each window; six more for those on the way. As long as a power of two. */
    private final int[] hashes = new int[16 * COLUMNS];
    /** Bit 4 r + q of number i says whether the key of the window in row r of column {@value #QUARTER} q + i is taken. */
    private final int[] marks = new int[COLUMNS];

    private final int[] keys = new int[TILE + 32];
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

    /** Copies a range to the beginning of {@code t} with ASCII letters in lower case. */
    private static void lowerCase(byte[] b, int offset, int length, long[] t) {
        int words = length >>> 3;
        MemorySegment.copy(MemorySegment.ofArray(b), WORD, offset, t, 0, words);
        long rest = 0;
        for (int i = 8 * words; i < length; i++) {
            rest |= (b[offset + i] & 0xffL) << 8 * i;
        }
        t[words] = rest;
        for (int i = 0; i < t.length; i++) {
            long x = t[i];
            long low = x & ~(ONES << 7);
            long atLeastA = low + ONES * (0x80 - 'A');
            long beyondZ = low + ONES * (0x7f - 'Z');
            // written so that the compiler makes vectors of it
            long upper = atLeastA & ~(beyondZ | x) & ONES << 7;
            t[i] = x + (upper >>> 2);
        }
    }

    /** A gram of six bytes is within a word in three places of eight; for the others there are words that begin elsewhere. */
    private void hash() {
        System.arraycopy(text, 1, nextWords, 0, COLUMNS);
        shift(text, nextWords, 24, fromFourth);
        shift(text, nextWords, 48, fromSeventh);
        for (int r = 0; r < 8; r++) {
            long[] words = r < 3 ? text : r < 6 ? fromFourth : fromSeventh;
            hash(words, 8 * (r % 3), hashes, r * COLUMNS);
        }
    }

    private static void shift(long[] t, long[] next, int by, long[] out) {
        int back = 64 - by;
        for (int i = 0; i < COLUMNS; i++) {
            out[i] = t[i] >>> by | next[i] << back;
        }
    }

    private static void hash(long[] t, int shift, int[] h, int to) {
        for (int i = 0; i < COLUMNS; i++) {
            h[to + i] = (int) (((t[i] >>> shift & GRAM_MASK) * MULTIPLIER) >>> 32);
        }
    }

    /**
     * Of each window the smallest. One that begins in row r has the rows from there to row 6, and some from row 7 on, which go on with row 0 of the next
     * column: the smallest of each part comes of that of the part with a row less.
     */
    private static void minima(int[] h) {
        for (int i = 0; i < COLUMNS; i++) {
            int m = Math.min(h[7 * COLUMNS + i], h[i + 1]);
            h[8 * COLUMNS + i] = m;
            m = Math.min(m, h[COLUMNS + i + 1]);
            h[9 * COLUMNS + i] = m;
            m = Math.min(m, h[2 * COLUMNS + i + 1]);
            h[10 * COLUMNS + i] = m;
            m = Math.min(m, h[3 * COLUMNS + i + 1]);
            h[11 * COLUMNS + i] = m;
            m = Math.min(m, h[4 * COLUMNS + i + 1]);
            h[12 * COLUMNS + i] = m;
            h[13 * COLUMNS + i] = Math.min(m, h[5 * COLUMNS + i + 1]);
        }
        for (int i = 0; i < COLUMNS; i++) {
            int m = Math.min(h[6 * COLUMNS + i], h[5 * COLUMNS + i]);
            h[5 * COLUMNS + i] = m;
            m = Math.min(m, h[4 * COLUMNS + i]);
            h[4 * COLUMNS + i] = m;
            m = Math.min(m, h[3 * COLUMNS + i]);
            h[3 * COLUMNS + i] = m;
            m = Math.min(m, h[2 * COLUMNS + i]);
            h[2 * COLUMNS + i] = m;
            m = Math.min(m, h[COLUMNS + i]);
            h[COLUMNS + i] = m;
            h[i] = Math.min(m, h[i]);
        }
        for (int i = COLUMNS; i < 8 * COLUMNS; i++) {
            h[i] = Math.min(h[i], h[i + 6 * COLUMNS]);
        }
    }

    /** Marks the windows whose key is not that of the window before. */
    private static void differences(int[] h, int[] m) {
        for (int i = 0; i < COLUMNS; i++) {
            int w0 = h[i];
            int w1 = h[COLUMNS + i];
            int w2 = h[2 * COLUMNS + i];
            int w3 = h[3 * COLUMNS + i];
            int w4 = h[4 * COLUMNS + i];
            int w5 = h[5 * COLUMNS + i];
            int w6 = h[6 * COLUMNS + i];
            int w7 = h[7 * COLUMNS + i];
            m[i] = differ(w0, w1) >>> 27 & 0x10
                    | differ(w1, w2) >>> 23 & 0x100
                    | differ(w2, w3) >>> 19 & 0x1000
                    | differ(w3, w4) >>> 15 & 0x10000
                    | differ(w4, w5) >>> 11 & 0x100000
                    | differ(w5, w6) >>> 7 & 0x1000000
                    | differ(w6, w7) >>> 3 & 0x10000000;
        }
        // the window before the first of a tile is not known any more
        m[0] |= 1;
        for (int i = 1; i < COLUMNS; i++) {
            m[i] |= differ(h[7 * COLUMNS + i - 1], h[i]) >>> 31;
        }
        for (int i = 0; i < QUARTER; i++) {
            m[i] = m[i] | m[i + QUARTER] << 1 | m[i + 2 * QUARTER] << 2 | m[i + 3 * QUARTER] << 3;
        }
    }

    /** Negative if two numbers differ. */
    private static int differ(int a, int b) {
        int d = a ^ b;
        return d | -d;
    }

    /** Unmarks the windows across the end of a line, which are none, and marks the first of each line, whatever stands before. */
    private void settle(int windows) {
        while (row < rows) {
            int end = rowAt + lengths[row] - at;
            int from = Math.max(0, rowAt - at);
            int to = Math.min(windows, end - SPAN + 1);
            if (from < to) {
                marks[from >>> 3 & QUARTER - 1] |= 1 << place(from);
            }
            unmark(Math.max(from, to), Math.min(windows, end));
            if (end > TILE) {
                break;
            }
            rowAt += lengths[row++];
        }
        unmark(windows, 8 * COLUMNS);
    }

    /** The bit of a window. */
    private static int place(int window) {
        return 4 * (window & 7) + (window >>> 3) / QUARTER;
    }

    private void unmark(int from, int to) {
        int next;
        for (int i = from; i < to; i = next) {
            // a column at once
            next = Math.min(to, (i | 7) + 1);
            marks[i >>> 3 & QUARTER - 1] &= ~(ALL_ROWS >>> 4 * (8 - next + i) << place(i));
        }
    }

    /**
     * Takes the keys of the marked windows; returns how many. Of 32 windows eight are marked and rarely more than {@value #OFTEN}: so many are written, taken
     * or not, as a branch for each would be guessed wrong too often.
     */
    private static int keep(int[] h, int[] m, int[] out) {
        int k = 0;
        for (int i = 0; i < QUARTER; i++) {
            int w = m[i];
            int n = Integer.bitCount(w);
            for (int j = k; j < k + OFTEN; j += 2) {
                // the mask says to the compiler what it need not check
                out[j] = h[Integer.numberOfTrailingZeros(w) * QUARTER + i & h.length - 1];
                w &= w - 1;
                out[j + 1] = h[Integer.numberOfTrailingZeros(w) * QUARTER + i & h.length - 1];
                w &= w - 1;
            }
            for (int j = k + OFTEN; j < k + n; j++) {
                out[j] = h[Integer.numberOfTrailingZeros(w) * QUARTER + i];
                w &= w - 1;
            }
            k += n;
        }
        return k;
    }

    /** The smallest of several hashes is small: spreads them over all 32 bits again. */
    private static void spread(int[] h, int n) {
        for (int i = 0; i < n; i++) {
            h[i] = spread(h[i]);
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
