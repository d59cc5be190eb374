/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.wire;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Finds bytes, eight at a time. */
final class ByteSearch {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long ONES = 0x0101010101010101L;
    private static final long HIGHS = 0x8080808080808080L;
    private static final long QUOTES = '"' * ONES;
    private static final long BACKSLASHES = '\\' * ONES;

    private ByteSearch() {}

    /** The lowest byte that is zero has its highest bit set in the result, and no lower one has; 0 if none is zero. */
    private static long zeroes(long v) {
        return v - ONES & ~v & HIGHS;
    }

    /** Eight bytes, the first one lowest. */
    static long eight(byte[] b, int from) {
        return (long) LONG.get(b, from);
    }

    /** Where a byte is first in [from, end), or -1. */
    static int indexOf(byte[] b, int from, int end, byte wanted) {
        long pattern = (wanted & 0xff) * ONES;
        int i = from;
        for (; i + 8 <= end; i += 8) {
            long hit = zeroes((long) LONG.get(b, i) ^ pattern);
            if (hit != 0) {
                return i + (Long.numberOfTrailingZeros(hit) >>> 3);
            }
        }
        for (; i < end; i++) {
            if (b[i] == wanted) {
                return i;
            }
        }
        return -1;
    }

    /** Where the quote is that ends a string whose text begins at {@code from}; a backslash hides the byte after it. -1 for none. */
    static int closingQuote(byte[] b, int from, int end) {
        int i = from;
        while (i < end) {
            if (i + 8 <= end) {
                long v = (long) LONG.get(b, i);
                long hit = zeroes(v ^ QUOTES) | zeroes(v ^ BACKSLASHES);
                if (hit == 0) {
                    i += 8;
                    continue;
                }
                i += Long.numberOfTrailingZeros(hit) >>> 3;
            }
            if (b[i] == '"') {
                return i;
            }
            i += b[i] == '\\' ? 2 : 1;
        }
        return -1;
    }
}
