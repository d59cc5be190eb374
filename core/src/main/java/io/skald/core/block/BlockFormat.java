/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.block;

/**
 * Constants of the block format, version 1. Integers are little-endian. The page docs/formats/block.md says it in full.
 *
 * <pre>
 * +--------+---------------+-------+---------+---------------------------+----------+-------+
 * | header | header crc32c | times | lengths | metadata, one per key ... | (stamps) | lines |
 * +--------+---------------+-------+---------+---------------------------+----------+-------+
 * </pre>
 */
public final class BlockFormat {
    /** "SKBL" as a little-endian integer. */
    public static final int MAGIC = 0x4c424b53;

    public static final int VERSION = 1;

    /** The lines as they are, one after the other. */
    public static final int LINES_RAW = 0;

    /** The lines without the first date of each, which is in a column of its own. */
    public static final int LINES_STAMPED = 1;

    public static final int CODEC_NONE = 0;
    public static final int CODEC_ZSTD = 1;

    static final int COLUMN_TIMES = 1;
    static final int COLUMN_LENGTHS = 2;
    static final int COLUMN_METADATA = 3;
    static final int COLUMN_LINES = 4;
    static final int COLUMN_STAMPS = 5;
    static final int COLUMN_FILTER = 6;

    static final int TIMES_DELTA = 0;
    static final int TIMES_DELTA_OF_DELTA = 1;

    static final int METADATA_DENSE = 0;
    static final int METADATA_SPARSE = 1;

    /** Bytes of the header before the column table. */
    static final int FIXED_HEADER_LENGTH = 40;

    /** Raw bytes at which a writer should begin the next block. */
    public static final int TARGET_RAW_BYTES = 256 * 1024;

    /** Rows at which a writer should begin the next block. */
    public static final int TARGET_ROWS = 1 << 16;

    /** Most rows of a block. */
    public static final int MAX_ROWS = 1 << 20;

    /** Most bytes of lines in a block, and so the longest line. */
    public static final int MAX_LINE_BYTES = 64 << 20;

    /** Most bytes of all columns together, decompressed. */
    public static final int MAX_RAW_BYTES = 160 << 20;

    /** Most bytes of a header, its checksum included. */
    public static final int MAX_HEADER_LENGTH = 4 << 20;

    /** Most metadata keys. */
    public static final int MAX_KEYS = 65_000;

    /** Bytes of lines from which a block is stored as it came from an agent, and so brings its skip filter along. */
    public static final int COPIED_FROM_BYTES = 64 * 1024;

    /** Longest name of who built a filter, characters. */
    static final int MAX_BUILDER_LENGTH = 200;

    /** Level of the edge and of the flush; measured denser and faster than 3 on logs. */
    static final int ZSTD_LEVEL = 1;

    private BlockFormat() {}
}
