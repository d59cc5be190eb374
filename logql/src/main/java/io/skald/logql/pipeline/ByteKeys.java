/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Hashes of bytes for tables that are looked up at each line, and whether keys stand somewhere. */
final class ByteKeys {
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /** Odd, with its ones spread evenly. */
    private static final long SPREAD = 0x9e3779b97f4a7c15L;

    private ByteKeys() {}

    /** All bytes count; the low bits are as good as the high ones. */
    static int hash(byte[] b, int from, int length) {
        long h = length;
        int i = from;
        int end = from + length;
        for (; i + 8 <= end; i += 8) {
            h = (h ^ (long) LONG.get(b, i)) * SPREAD;
            h ^= h >>> 32;
        }
        int rest = end - i;
        if (rest >= 4) {
            // the two overlap
            h ^= (int) INT.get(b, i) & 0xffffffffL | (long) (int) INT.get(b, end - 4) << 32;
        } else if (rest > 0) {
            h ^= b[i] & 0xffL | (b[i + (rest >> 1)] & 0xffL) << 8 | (b[end - 1] & 0xffL) << 16;
        }
        h *= SPREAD;
        return (int) (h ^ h >>> 32);
    }

    /** Whether a key stands at a place; there must be room for it. */
    static boolean standsAt(byte[] key, byte[] b, int at) {
        int n = key.length;
        if (n >= 8) {
            for (int i = 0; i <= n - 8; i += 8) {
                if ((long) LONG.get(key, i) != (long) LONG.get(b, at + i)) {
                    return false;
                }
            }
            return (long) LONG.get(key, n - 8) == (long) LONG.get(b, at + n - 8);
        }
        if (n >= 4) {
            return (int) INT.get(key, 0) == (int) INT.get(b, at)
                    && (int) INT.get(key, n - 4) == (int) INT.get(b, at + n - 4);
        }
        for (int i = 0; i < n; i++) {
            if (key[i] != b[at + i]) {
                return false;
            }
        }
        return true;
    }

    /** Whether bytes are a key. */
    static boolean equal(byte[] key, byte[] b, int from, int length) {
        return key.length == length && standsAt(key, b, from);
    }
}
