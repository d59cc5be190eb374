/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Searches bytes for a substring, optionally with ASCII letters of either case. Looks at eight
 * places at a time, or, where case does not matter, skips ahead by a table of the needle's bytes (Horspool). Immutable.
 */
final class Needle implements LineMatcher {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long ONES = 0x0101010101010101L;
    private static final long LOWS = 0x7f7f7f7f7f7f7f7fL;

    private final byte[] bytes;
    private final byte[] fold;
    private final int[] shift;
    /** Whether letters match in their own case only. */
    private final boolean exact;

    private final long firstPattern;
    private final long lastPattern;

    Needle(String text) {
        this(text.getBytes(StandardCharsets.UTF_8), false);
    }

    /** @param ignoreCase whether ASCII letters match in either case; the needle is then lower-cased */
    Needle(byte[] needle, boolean ignoreCase) {
        fold = new byte[256];
        for (int i = 0; i < 256; i++) {
            fold[i] = (byte) (ignoreCase && i >= 'A' && i <= 'Z' ? i + 32 : i);
        }
        bytes = needle.clone();
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = fold[bytes[i] & 0xff];
        }
        int n = bytes.length;
        exact = !ignoreCase;
        firstPattern = n == 0 ? 0 : (bytes[0] & 0xff) * ONES;
        lastPattern = n == 0 ? 0 : (bytes[n - 1] & 0xff) * ONES;
        shift = new int[256];
        Arrays.fill(shift, Math.max(1, n));
        for (int i = 0; i < n - 1; i++) {
            shift[bytes[i] & 0xff] = n - 1 - i;
        }
        if (ignoreCase) {
            for (int c = 'A'; c <= 'Z'; c++) {
                shift[c] = shift[c + 32];
            }
        }
    }

    @Override
    public boolean matches(byte[] buffer, int from, int to) {
        return indexIn(buffer, from, to) >= 0;
    }

    int length() {
        return bytes.length;
    }

    byte[] bytes() {
        return bytes.clone();
    }

    /** Whether the needle stands at a place, and before {@code to}. */
    boolean standsAt(byte[] b, int at, int to) {
        int n = bytes.length;
        return n == 0 || n <= to - at && fold[b[at + n - 1] & 0xff] == bytes[n - 1] && matchesAt(b, at);
    }

    /** The first place of the needle within [from, to), or -1. */
    int indexIn(byte[] b, int from, int to) {
        int n = bytes.length;
        if (n == 0) {
            return from;
        }
        if (exact) {
            return n == 1 ? indexOfByteWide(b, from, to) : indexInWide(b, from, to);
        }
        if (n == 1) {
            return indexOfByte(b, from, to);
        }
        byte last = bytes[n - 1];
        int i = from + n - 1;
        while (i < to) {
            int c = b[i] & 0xff;
            if (fold[c] == last && matchesAt(b, i - n + 1)) {
                return i - n + 1;
            }
            i += shift[c];
        }
        return -1;
    }

    /** Eight places at a time: only those are looked at where the first and the last byte stand. */
    private int indexInWide(byte[] b, int from, int to) {
        int n = bytes.length;
        int end = to - n;
        int i = from;
        for (int wide = Math.min(end - 7, b.length - 7 - n); i <= wide; i += 8) {
            long v = (long) LONG.get(b, i) ^ firstPattern | (long) LONG.get(b, i + n - 1) ^ lastPattern;
            // exactly the bytes that are zero
            long hits = ~((v & LOWS) + LOWS | v | LOWS);
            while (hits != 0) {
                int at = i + (Long.numberOfTrailingZeros(hits) >>> 3);
                if (n == 2 || ByteKeys.standsAt(bytes, b, at)) {
                    return at;
                }
                hits &= hits - 1;
            }
        }
        for (; i <= end; i++) {
            if (b[i] == bytes[0] && b[i + n - 1] == bytes[n - 1] && ByteKeys.standsAt(bytes, b, i)) {
                return i;
            }
        }
        return -1;
    }

    private int indexOfByteWide(byte[] b, int from, int to) {
        int i = from;
        for (; i + 8 <= to; i += 8) {
            long v = (long) LONG.get(b, i) ^ firstPattern;
            // the lowest byte that is zero has its highest bit set, and no lower one has
            long hits = v - ONES & ~v & ~LOWS;
            if (hits != 0) {
                return i + (Long.numberOfTrailingZeros(hits) >>> 3);
            }
        }
        byte c = bytes[0];
        while (i < to && b[i] != c) {
            i++;
        }
        return i < to ? i : -1;
    }

    private int indexOfByte(byte[] b, int from, int to) {
        byte c = bytes[0];
        for (int i = from; i < to; i++) {
            if (fold[b[i] & 0xff] == c) {
                return i;
            }
        }
        return -1;
    }

    private boolean matchesAt(byte[] b, int at) {
        for (int k = bytes.length - 2; k >= 0; k--) {
            if (fold[b[at + k] & 0xff] != bytes[k]) {
                return false;
            }
        }
        return true;
    }
}
