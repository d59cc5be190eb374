/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Checks of UTF-8. */
final class Utf8 {
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long NOT_ASCII = 0x8080808080808080L;

    private Utf8() {}

    /** Whether the bytes are UTF-8 without overlong forms, surrogates or cut characters. */
    static boolean isValid(byte[] b, int from, int to) {
        int i = from;
        while (i < to) {
            while (i <= to - Long.BYTES && ((long) LONGS.get(b, i) & NOT_ASCII) == 0) {
                i += Long.BYTES;
            }
            if (i == to) {
                return true;
            }
            int c = b[i];
            if (c >= 0) {
                i++;
                continue;
            }
            int n = sequence(c & 0xff);
            if (n == 0 || i + n > to || !isTail(b, i, n)) {
                return false;
            }
            i += n;
        }
        return true;
    }

    private static int sequence(int lead) {
        if (lead >= 0xc2 && lead <= 0xdf) {
            return 2;
        }
        if (lead >= 0xe0 && lead <= 0xef) {
            return 3;
        }
        return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
    }

    private static boolean isTail(byte[] b, int i, int n) {
        for (int k = 1; k < n; k++) {
            if ((b[i + k] & 0xc0) != 0x80) {
                return false;
            }
        }
        int lead = b[i] & 0xff;
        int second = b[i + 1] & 0xff;
        return switch (lead) {
            case 0xe0 -> second >= 0xa0;
            case 0xed -> second < 0xa0;
            case 0xf0 -> second >= 0x90;
            case 0xf4 -> second < 0x90;
            default -> true;
        };
    }
}
