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

    /** At most so many stretches may look right by two bytes alone, or three are compared. */
    private static final double FALSE_STRETCHES = 0.05;

    private final byte[] bytes;
    private final boolean ignoreCase;
    /** The bits that are compared. */
    private final long kept;
    /** Three places in the string, the rarest byte first. */
    private final int[] places = new int[3];

    private final long[] patterns = new long[3];
    /** The highest of the places. */
    private final int reach;

    private final boolean three;

    /**
     * @param bytes at least one
     * @param ignoreCase whether ASCII letters stand for either case
     */
    ByteNeedle(byte[] bytes, boolean ignoreCase) {
        this.bytes = bytes.clone();
        this.ignoreCase = ignoreCase;
        this.kept = ignoreCase ? ~CASE : -1;
        if (ignoreCase) {
            for (int i = 0; i < bytes.length; i++) {
                this.bytes[i] = (byte) lower(bytes[i]);
            }
        }
        int highest = 0;
        for (int i = 0; i < 3; i++) {
            places[i] = place(i);
            patterns[i] = (this.bytes[places[i]] & 0xff) * ONES;
            highest = Math.max(highest, places[i]);
        }
        reach = highest;
        three = bytes.length > 2
                && STRETCH * share(this.bytes[places[0]]) * share(this.bytes[places[1]]) > FALSE_STRETCHES;
    }

    /** Where the rarest byte is that is not at the first {@code n} places: one that stands at none of them, or any that is left, or the last place. */
    private int place(int n) {
        int best = -1;
        boolean bestIsNew = false;
        for (int i = 0; i < bytes.length; i++) {
            boolean taken = false;
            boolean isNew = true;
            for (int k = 0; k < n; k++) {
                taken |= places[k] == i;
                isNew &= bytes[places[k]] != bytes[i];
            }
            if (!taken
                    && (best < 0
                            || isNew && !bestIsNew
                            || isNew == bestIsNew && share(bytes[i]) < share(bytes[best]))) {
                best = i;
                bestIsNew = isNew;
            }
        }
        return best < 0 ? places[n - 1] : best;
    }

    /** About what part of text a byte is. */
    private static double share(byte b) {
        int f = FREQUENT.indexOf(b & 0xff);
        return f < 0 ? 0.003 : 0.06 / (1 + f / 8.0);
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
                long hits = hits(b, i, places[0], places[1], patterns[0], patterns[1], kept);
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

    /** The first place from which on it may stand, of those that eight can be looked at from; beyond {@code wide} if it stands at none. */
    private int ruleOut(byte[] b, int from, int wide) {
        int last = wide + 8 - STRETCH;
        int i = from;
        while (i <= last && !mayHold(b, i)) {
            i += STRETCH;
        }
        // the last stretch may begin within what is ruled out
        return i > last && i <= wide && last >= 0 && !mayHold(b, last) ? wide + 8 : i;
    }

    private boolean mayHold(byte[] b, int from) {
        return three
                ? mayHold3(b, from, places, patterns, kept)
                : mayHold2(b, from, places[0], places[1], patterns[0], patterns[1], kept);
    }

    /** Whether both bytes stand right anywhere in a stretch. A loop that must stay as simple as it is, or it is not made one of vectors. */
    private static boolean mayHold2(byte[] b, int from, int first, int second, long p, long q, long kept) {
        long any = 0;
        for (int i = from; i < from + STRETCH; i += 8) {
            long v = (((long) LONG.get(b, i + first) ^ p) | ((long) LONG.get(b, i + second) ^ q)) & kept;
            any |= (v - ONES) & ~v;
        }
        // of a long without zero bytes no highest bit is left
        return (any & HIGHS) != 0;
    }

    /** The same of three bytes. */
    private static boolean mayHold3(byte[] b, int from, int[] places, long[] patterns, long kept) {
        int first = places[0];
        int second = places[1];
        int third = places[2];
        long p = patterns[0];
        long q = patterns[1];
        long r = patterns[2];
        long any = 0;
        for (int i = from; i < from + STRETCH; i += 8) {
            long v = (((long) LONG.get(b, i + first) ^ p)
                            | ((long) LONG.get(b, i + second) ^ q)
                            | ((long) LONG.get(b, i + third) ^ r))
                    & kept;
            any |= (v - ONES) & ~v;
        }
        return (any & HIGHS) != 0;
    }

    /** The places among eight at which both bytes stand: the highest bit of each. */
    private static long hits(byte[] b, int i, int first, int second, long p, long q, long kept) {
        long v = (((long) LONG.get(b, i + first) ^ p) | ((long) LONG.get(b, i + second) ^ q)) & kept;
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
