/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Finds a byte string in a large array. Stretches of the array are ruled out where some bytes of the string, chosen for being rare, nowhere stand as far
 * apart as they should: the JVM makes vector instructions of that loop, so it searches as fast as the cache delivers. What is left is looked at
 * eight places at a time. Immutable.
 */
final class ByteNeedle {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long ONES = 0x0101010101010101L;
    private static final long LOWS = 0x7f7f7f7f7f7f7f7fL;
    private static final long HIGHS = 0x8080808080808080L;
    private static final long CASE = 0x2020202020202020L;

    /** Places that are ruled out at once, a multiple of 8: enough for the loop to pay, and few enough to seldom hold bytes that only look right. */
    private static final int STRETCH = 2048;

    /** Places that are looked at before any is ruled out: what was found a moment ago is often found again at once. */
    private static final int NEAR = 256;

    /** Bytes that text has most of, the most frequent first; all others are rarer. */
    private static final String FREQUENT = "e 0tao1in2sr3-d5l\"4cp:u68/m97.=,gfhbyvk_[]()wTSE";

    private final byte[] bytes;
    private final boolean ignoreCase;
    private final long fold;
    /** Places in the string, the rarest byte first; fewer than four are repeated. */
    private final int[] places;

    private final long[] patterns;
    /** The highest of the places. */
    private final int reach;
    /** Whether all four places are compared, as the first two alone would be right too often. */
    private final boolean four;

    /**
     * @param bytes at least one
     * @param ignoreCase whether ASCII letters stand for either case
     */
    ByteNeedle(byte[] bytes, boolean ignoreCase) {
        this.bytes = bytes.clone();
        this.ignoreCase = ignoreCase;
        this.fold = ignoreCase ? CASE : 0;
        if (ignoreCase) {
            for (int i = 0; i < bytes.length; i++) {
                this.bytes[i] = (byte) lower(bytes[i]);
            }
        }
        places = new int[4];
        patterns = new long[4];
        int n = choosePlaces();
        int highest = 0;
        for (int i = 0; i < 4; i++) {
            places[i] = places[i % n];
            patterns[i] = (this.bytes[places[i]] & 0xff) * ONES | fold;
            highest = Math.max(highest, places[i]);
        }
        reach = highest;
        four = n > 2 && rarity(this.bytes[places[1]]) < FREQUENT.length();
    }

    /** Takes the rarest byte that was not taken yet, four times. Returns how many there were. */
    private int choosePlaces() {
        int n = 0;
        boolean more = true;
        while (more && n < 4) {
            int best = -1;
            for (int i = 0; i < bytes.length; i++) {
                if (!taken(bytes[i], n) && (best < 0 || rarity(bytes[i]) > rarity(bytes[best]))) {
                    best = i;
                }
            }
            more = best >= 0;
            if (more) {
                places[n++] = best;
            }
        }
        return n;
    }

    private boolean taken(byte b, int n) {
        for (int i = 0; i < n; i++) {
            if (bytes[places[i]] == b) {
                return true;
            }
        }
        return false;
    }

    private static int rarity(byte b) {
        int f = FREQUENT.indexOf(b & 0xff);
        return f < 0 ? FREQUENT.length() : f;
    }

    private static int lower(int b) {
        return b >= 'A' && b <= 'Z' ? b | 0x20 : b;
    }

    int length() {
        return bytes.length;
    }

    /** Where it begins first in [from, to), or -1. */
    int indexIn(byte[] b, int from, int to) {
        int end = to - bytes.length;
        // the bytes read are those of eight places each
        int wide = Math.min(end - 7, b.length - 8 - reach);
        int i = from;
        int stop = from + NEAR;
        while (i <= wide) {
            if (i >= stop) {
                i = ruleOut(b, i, wide);
                stop = i + STRETCH;
            }
            for (; i < stop && i <= wide; i += 8) {
                long hits = hits(b, i, places[0], places[1], patterns[0], patterns[1], fold);
                while (hits != 0) {
                    int at = i + (Long.numberOfTrailingZeros(hits) >>> 3);
                    if (isAt(b, at)) {
                        return at;
                    }
                    hits &= hits - 1;
                }
            }
        }
        for (; i <= end; i++) {
            if (isAt(b, i)) {
                return i;
            }
        }
        return -1;
    }

    /** Where the first stretch begins that may hold it, or the last one, which is none. */
    private int ruleOut(byte[] b, int from, int wide) {
        int i = from;
        if (four) {
            while (i <= wide + 8 - STRETCH && !mayHold4(b, i, places, patterns, fold)) {
                i += STRETCH;
            }
        } else {
            while (i <= wide + 8 - STRETCH && !mayHold2(b, i, places[0], places[1], patterns[0], patterns[1], fold)) {
                i += STRETCH;
            }
        }
        return i;
    }

    /** Whether both bytes stand right anywhere in a stretch. A loop that must stay as simple as it is, or it is not made one of vectors. */
    private static boolean mayHold2(byte[] b, int from, int first, int second, long p, long q, long fold) {
        long any = 0;
        for (int i = from; i < from + STRETCH; i += 8) {
            long v = (((long) LONG.get(b, i + first) | fold) ^ p) | (((long) LONG.get(b, i + second) | fold) ^ q);
            any |= (v - ONES) & ~v;
        }
        // of a long without zero bytes no highest bit is left
        return (any & HIGHS) != 0;
    }

    /** The same of four bytes. */
    private static boolean mayHold4(byte[] b, int from, int[] places, long[] patterns, long fold) {
        int first = places[0];
        int second = places[1];
        int third = places[2];
        int fourth = places[3];
        long p = patterns[0];
        long q = patterns[1];
        long r = patterns[2];
        long s = patterns[3];
        long any = 0;
        for (int i = from; i < from + STRETCH; i += 8) {
            long v = (((long) LONG.get(b, i + first) | fold) ^ p)
                    | (((long) LONG.get(b, i + second) | fold) ^ q)
                    | (((long) LONG.get(b, i + third) | fold) ^ r)
                    | (((long) LONG.get(b, i + fourth) | fold) ^ s);
            any |= (v - ONES) & ~v;
        }
        return (any & HIGHS) != 0;
    }

    /** The places among eight at which both bytes stand: the highest bit of each. */
    private static long hits(byte[] b, int i, int first, int second, long p, long q, long fold) {
        long x = ((long) LONG.get(b, i + first) | fold) ^ p;
        long y = ((long) LONG.get(b, i + second) | fold) ^ q;
        long v = x | y;
        // exactly the bytes that are zero
        return ~(((v & LOWS) + LOWS) | v | LOWS);
    }

    private boolean isAt(byte[] b, int at) {
        if (ignoreCase) {
            for (int i = 0; i < bytes.length; i++) {
                if (lower(b[at + i]) != bytes[i]) {
                    return false;
                }
            }
            return true;
        }
        for (int i = 0; i < bytes.length; i++) {
            if (b[at + i] != bytes[i]) {
                return false;
            }
        }
        return true;
    }
}
