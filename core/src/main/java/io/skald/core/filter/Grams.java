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
    private static final int TILE = 1024;

    private final byte[] text = new byte[TILE + SPAN + 16];
    private final int[] hashes = new int[TILE + WINDOW];
    private int[] keys = new int[TILE];
    private int count;
    private int last;

    /** Forgets the keys found. */
    void reset() {
        count = 0;
    }

    int count() {
        return count;
    }

    /** The keys found since {@link #reset}, with repeats; valid until the next call. */
    int[] keys() {
        return keys;
    }

    /** Finds the keys of a text. */
    void add(byte[] b, int offset, int length) {
        int windows = length - SPAN + 1;
        for (int from = 0; from < windows; from += TILE) {
            tile(b, offset + from, Math.min(TILE, windows - from), from == 0);
        }
    }

    private void tile(byte[] b, int offset, int windows, boolean first) {
        lowerCase(b, offset, windows + SPAN - 1);
        int grams = windows + WINDOW - 1;
        byte[] t = text;
        int[] h = hashes;
        for (int i = 0; i < grams; i++) {
            h[i] = (int) ((((long) LONG.get(t, i) & GRAM_MASK) * MULTIPLIER) >>> 32);
        }
        // the smallest of two, of four, of seven, in place: each pass is a short loop without branches
        for (int i = 0; i < grams - 1; i++) {
            h[i] = Math.min(h[i], h[i + 1]);
        }
        for (int i = 0; i < grams - 3; i++) {
            h[i] = Math.min(h[i], h[i + 2]);
        }
        for (int i = 0; i < windows; i++) {
            h[i] = Math.min(h[i], h[i + 3]);
        }
        if (keys.length < count + windows) {
            keys = Arrays.copyOf(keys, Math.max(count + windows, keys.length * 2));
        }
        int[] out = keys;
        int n = count;
        int previous = first ? ~h[0] : last;
        for (int i = 0; i < windows; i++) {
            int v = h[i];
            out[n] = v;
            n += v == previous ? 0 : 1;
            previous = v;
        }
        for (int i = count; i < n; i++) {
            out[i] = spread(out[i]);
        }
        count = n;
        last = previous;
    }

    /** Copies a range to the beginning of {@link #text} with ASCII letters in lower case, eight bytes at a time. */
    private void lowerCase(byte[] b, int offset, int length) {
        byte[] t = text;
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

    /** The smallest of several hashes is small: spreads them over all 32 bits again. */
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
