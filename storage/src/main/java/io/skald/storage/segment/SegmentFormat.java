/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import java.time.Duration;

/**
 * Constants of the segment format, version 1. Integers are little-endian. The page docs/formats/segment.md says it in full.
 *
 * <pre>
 * +--------+--------+-----+--------+---------------+-----+--------------+---------+
 * | header | block  | ... | block  | section       | ... | section table | trailer |
 * +--------+--------+-----+--------+---------------+-----+--------------+---------+
 *                                  ^ tail offset
 * </pre>
 */
public final class SegmentFormat {
    /** "SKALDSEG" as a little-endian integer; the first and the last eight bytes. */
    public static final long MAGIC = 0x474553444c414b53L;

    public static final int VERSION = 1;

    /** Bytes before the first block: magic, version, reserved. */
    public static final int HEADER_LENGTH = 16;

    /** Bytes after the section table: its offset, length, crc32c, version, magic. */
    public static final int TRAILER_LENGTH = 28;

    /** Section: where the blocks are. */
    public static final int SECTION_BLOCKS = 1;

    /** Section: the streams and where their rows are. */
    public static final int SECTION_SERIES = 2;

    /** Section: where the skip filters are. */
    public static final int SECTION_FILTERS = 3;

    /** Section: lines and bytes per minute and level; lies before the tail, so that a directory is read without it. */
    public static final int SECTION_COUNTERS = 4;

    /** Section: the names of structured metadata of each chunk beside the level; lies before the tail as well. */
    public static final int SECTION_NAMES = 5;

    /** Section: where the patterns of lines are. */
    public static final int SECTION_PATTERNS = 6;

    /** Most different names of metadata that are listed; a segment with more has no such section. */
    static final int MAX_NAMES = 1024;

    /** Most different levels that are counted apart. */
    static final int MAX_LEVELS = 64;

    /** Bytes of one row of the section table. */
    static final int SECTION_ROW_LENGTH = 24;

    static final int MAX_SECTIONS = 1024;

    /** Longest section, compressed or not, bytes. */
    static final int MAX_SECTION_LENGTH = 512 << 20;

    /** Most blocks of a segment. */
    static final int MAX_BLOCKS = 16 << 20;

    /** Streams with fewer raw bytes than this in a flush share blocks. */
    public static final int SHARED_BELOW_BYTES = 32 * 1024;

    /** Bytes of lines from which on a chunk of copied blocks takes no more. */
    static final int CHUNK_OF_COPIES_BYTES = 4 << 20;

    /** Bytes of skip filters at which a writer ends a group. */
    static final int FILTER_GROUP_BYTES = 16 << 20;

    /** Filters are cut into 64 partitions at most, */
    static final int MAX_PARTITION_BITS = 6;

    /** and into none of fewer bytes on average than this. */
    static final int MIN_PARTITION_BYTES = 4 << 10;

    static final int ZSTD_LEVEL = 3;

    static final long DAY_NANOS = Duration.ofDays(1).toNanos();

    private SegmentFormat() {}
}
