/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.tail;

import io.skald.agent.spool.FileState.Position;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Finds line feeds, eight bytes at a time. */
final class Lines {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long ONES = 0x0101010101010101L;
    private static final long HIGH = 0x8080808080808080L;
    private static final long FEEDS = '\n' * ONES;

    private Lines() {}

    /** Where the first line feed in [from, to) is, or -1. */
    static int indexOf(byte[] b, int from, int to) {
        int i = from;
        for (; i <= to - 8; i += 8) {
            long x = (long) LONG.get(b, i) ^ FEEDS;
            long found = (x - ONES) & ~x & HIGH;
            if (found != 0) {
                return i + (Long.numberOfTrailingZeros(found) >>> 3);
            }
        }
        for (; i < to; i++) {
            if (b[i] == '\n') {
                return i;
            }
        }
        return -1;
    }

    /** The end of a line without its carriage return. */
    static int withoutCarriageReturn(byte[] b, int from, int end) {
        return end > from && b[end - 1] == '\r' ? end - 1 : end;
    }

    /** Where the first line begins that nothing was delivered of; the number of bytes if there is none. */
    static int startOfLine(byte[] b, int n, Position position) {
        int end = indexOf(b, 0, n);
        return switch (position) {
            case LINE_START -> 0;
            case OPEN_LINE -> end == 0 || end == 1 && b[0] == '\r' ? end + 1 : 0;
            case SKIPPING -> end < 0 ? n : end + 1;
        };
    }
}
