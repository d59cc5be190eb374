/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import io.skald.core.block.Checksum;
import java.util.zip.CRC32C;

/**
 * The first bytes of a fragment: its lengths and checksums. With checksums of its own, a fragment that is read long after its record was checked
 * is still never served with other bytes than were acknowledged.
 */
final class FragmentHeader {
    /** headBytes, lineBytes, crc of the lines, crc of the head. */
    static final int LENGTH = 16;

    private static final int LINE_CRC_AT = 8;
    private static final int HEAD_CRC_AT = 12;

    private FragmentHeader() {}

    /** Completes a fragment of which everything else is written. */
    static void put(PayloadWriter out, int start, int headBytes, int lineBytes) {
        out.putI32(start, headBytes);
        out.putI32(start + 4, lineBytes);
        out.putI32(start + LINE_CRC_AT, Checksum.of(out.array(), start + headBytes, lineBytes));
        out.putI32(start + HEAD_CRC_AT, headCrc(out.array(), start, headBytes));
    }

    /**
     * Checks that a fragment can be as long as it says.
     *
     * @param room bytes from its beginning to the end of what it is in
     * @throws IllegalArgumentException if it cannot
     */
    static void checkLengths(int headBytes, int bodyBytes, long room) {
        if (headBytes < LENGTH || bodyBytes < 0 || (long) headBytes + bodyBytes > room) {
            throw new IllegalArgumentException(
                    "fragment of " + headBytes + " and " + bodyBytes + " bytes where there are " + room);
        }
    }

    /**
     * Checks the bytes of a fragment.
     *
     * @param bytes the fragment's head, and its lines if there are more bytes than {@code headBytes}
     * @throws IllegalArgumentException if they are not what was written
     */
    static void check(byte[] bytes, int headBytes) {
        if (i32(bytes, HEAD_CRC_AT) != headCrc(bytes, 0, headBytes)) {
            throw new IllegalArgumentException("checksum of a fragment's head does not match");
        }
        if (bytes.length > headBytes
                && i32(bytes, LINE_CRC_AT) != Checksum.of(bytes, headBytes, bytes.length - headBytes)) {
            throw new IllegalArgumentException("checksum of a fragment's lines does not match");
        }
    }

    private static int headCrc(byte[] bytes, int start, int headBytes) {
        CRC32C c = new CRC32C();
        c.update(bytes, start, HEAD_CRC_AT);
        c.update(bytes, start + LENGTH, headBytes - LENGTH);
        return (int) c.getValue();
    }

    private static int i32(byte[] b, int at) {
        return (b[at] & 0xff) << 24 | (b[at + 1] & 0xff) << 16 | (b[at + 2] & 0xff) << 8 | b[at + 3] & 0xff;
    }
}
