/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.wal;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The frame around the directory of a sealed WAL file, {@code 0000000012.dir}: which file it is of, and a checksum. What it holds is the
 * listener's.
 *
 * @param number the file that it describes
 * @param end where the acknowledged records of that file end
 * @param content what the listener gave
 */
record SealedDirectory(long number, int end, byte[] content) {
    private static final long MAGIC = 0x534b414c44444952L; // "SKALDDIR"
    private static final int VERSION = 1;
    private static final int HEADER = 32;

    ByteBuffer encode() {
        ByteBuffer b = ByteBuffer.allocate(HEADER + content.length);
        b.putLong(MAGIC).putInt(VERSION).putLong(number).putInt(end).putInt(content.length);
        b.position(HEADER);
        b.put(content);
        b.putInt(HEADER - 4, crc(b.array()));
        return b.flip();
    }

    /** The directory in a file's bytes, or null when they are not one that is whole. */
    static @Nullable SealedDirectory decode(byte[] bytes) {
        ByteBuffer b = ByteBuffer.wrap(bytes);
        if (bytes.length < HEADER
                || b.getLong() != MAGIC
                || b.getInt() != VERSION
                || b.getInt(24) != bytes.length - HEADER
                || b.getInt(HEADER - 4) != crc(bytes)) {
            return null;
        }
        return new SealedDirectory(b.getLong(), b.getInt(), Arrays.copyOfRange(bytes, HEADER, bytes.length));
    }

    private static int crc(byte[] bytes) {
        CRC32C c = new CRC32C();
        c.update(bytes, 0, HEADER - 4);
        c.update(bytes, HEADER, bytes.length - HEADER);
        return (int) c.getValue();
    }
}
