/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.backup;

/**
 * Constants of the file of a backup, version 1. Integers are little-endian. The page docs/formats/backup.md says it in full.
 *
 * <pre>
 * 0           8         9
 * +-----------+---------+----------------------------------------------------------------+
 * | magic (8) | version | frames: length u32, crc32c u32 of type and fields, type, fields |
 * +-----------+---------+----------------------------------------------------------------+
 * </pre>
 */
final class BackupFormat {
    static final int VERSION = 1;
    static final int MAGIC_LENGTH = 8;
    /** "SKLDBACK" as bytes in order. */
    private static final String MAGIC = "SKLDBACK";

    static final int HEADER_LENGTH = MAGIC_LENGTH + 1;
    static final int FRAME_HEADER_LENGTH = 8;
    /** A frame holds one record of the index at most. */
    static final int MAX_FRAME = 8 << 20;

    static final int FRAME_ABOUT = 1;
    static final int FRAME_TENANT = 2;
    static final int FRAME_SEGMENT = 3;
    static final int FRAME_LOST = 4;
    static final int FRAME_RECORD = 5;
    static final int FRAME_END = 6;

    static final int MAX_STRING = 8192;

    private BackupFormat() {}

    static byte[] header() {
        byte[] h = new byte[HEADER_LENGTH];
        for (int i = 0; i < MAGIC_LENGTH; i++) {
            h[i] = (byte) MAGIC.charAt(i);
        }
        h[MAGIC_LENGTH] = VERSION;
        return h;
    }
}
