/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Finds a byte string in a large array, eight places at a time: a place is looked at only where two bytes of the string, chosen for being rare,
 * stand as far apart as they should. Searching the array where it is costs less than making a string of it for {@code indexOf}. Immutable.
 */
final class ByteNeedle {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long ONES = 0x0101010101010101L;
    private static final long LOWS = 0x7f7f7f7f7f7f7f7fL;
    private static final long CASE = 0x2020202020202020L;

    /** So many bytes let {@code memmem} skip far enough to be as fast as {@link #indexIn}; with 2 it is a sixth of that. */
    private static final int NATIVE_BYTES = 8;

    /** Bytes that text has most of, the most frequent first; all others are rarer. */
    private static final String FREQUENT = "e 0tao1in2sr3-d5l\"4cp:u68/m97.=,gfhbyvk_[]()wTSE";

    private final byte[] bytes;
    private final boolean ignoreCase;
    /** Places of the two bytes in the string; the first is the rarer one. */
    private final int first;

    private final int second;
    private final long firstPattern;
    private final long secondPattern;

    /**
     * @param bytes at least one
     * @param ignoreCase whether ASCII letters stand for either case
     */
    ByteNeedle(byte[] bytes, boolean ignoreCase) {
        this.bytes = bytes.clone();
        this.ignoreCase = ignoreCase;
        if (ignoreCase) {
            for (int i = 0; i < bytes.length; i++) {
                this.bytes[i] = (byte) lower(bytes[i]);
            }
        }
        int a = 0;
        for (int i = 1; i < bytes.length; i++) {
            if (rarity(i) > rarity(a)) {
                a = i;
            }
        }
        int b = a;
        for (int i = 0; i < bytes.length; i++) {
            if (i != a && this.bytes[i] != this.bytes[a] && (b == a || rarity(i) > rarity(b))) {
                b = i;
            }
        }
        first = a;
        second = b;
        firstPattern = pattern(this.bytes[a]);
        secondPattern = pattern(this.bytes[b]);
    }

    int length() {
        return bytes.length;
    }

    private long pattern(byte b) {
        return (ignoreCase ? (b | 0x20) & 0xff : b & 0xff) * ONES;
    }

    private int rarity(int i) {
        int f = FREQUENT.indexOf(bytes[i] & 0xff);
        return f < 0 ? FREQUENT.length() : f;
    }

    private static int lower(int b) {
        return b >= 'A' && b <= 'Z' ? b | 0x20 : b;
    }

    /** Whether it is anywhere in [from, to). */
    boolean occurs(byte[] b, int from, int to) {
        return !ignoreCase && bytes.length >= NATIVE_BYTES && NativeSearch.isThere()
                ? NativeSearch.occurs(MemorySegment.ofArray(bytes), b, from, to)
                : indexIn(b, from, to) >= 0;
    }

    /** Where it begins first in [from, to), or -1. */
    int indexIn(byte[] b, int from, int to) {
        int end = to - bytes.length;
        int i = from;
        // the bytes read are those of eight places each
        int wide = Math.min(end - 7, b.length - 8 - Math.max(first, second));
        long fold = ignoreCase ? CASE : 0;
        while (i <= wide) {
            i = skip(b, i, wide, first, second, firstPattern, secondPattern, fold);
            if (i > wide) {
                break;
            }
            long hits = hits(b, i, first, second, firstPattern, secondPattern, fold);
            while (hits != 0) {
                int at = i + (Long.numberOfTrailingZeros(hits) >>> 3);
                if (isAt(b, at)) {
                    return at;
                }
                hits &= hits - 1;
            }
            i += 8;
        }
        for (; i <= end; i++) {
            if (isAt(b, i)) {
                return i;
            }
        }
        return -1;
    }

    /** The places among eight at which both bytes stand: the highest bit of each. */
    private static long hits(byte[] b, int i, int first, int second, long p, long q, long fold) {
        long x = ((long) LONG.get(b, i + first) | fold) ^ p;
        long y = ((long) LONG.get(b, i + second) | fold) ^ q;
        long v = x | y;
        // exactly the bytes that are zero
        return ~(((v & LOWS) + LOWS) | v | LOWS);
    }

    /** The first of [i, wide], in steps of eight, that has hits; beyond {@code wide} if none has. A loop that compiles well. */
    private static int skip(byte[] b, int from, int wide, int first, int second, long p, long q, long fold) {
        int i = from;
        for (; i <= wide - 8; i += 16) {
            if ((hits(b, i, first, second, p, q, fold) | hits(b, i + 8, first, second, p, q, fold)) != 0) {
                return hits(b, i, first, second, p, q, fold) != 0 ? i : i + 8;
            }
        }
        for (; i <= wide; i += 8) {
            if (hits(b, i, first, second, p, q, fold) != 0) {
                return i;
            }
        }
        return i;
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
