/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.block.BlockFormat;
import io.skald.core.block.ByteSource;
import io.skald.core.block.Checksum;
import io.skald.core.block.Zstandard;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.storage.SegmentStore;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The directory of a segment, decoded: its chunks and its blocks. Immutable. */
final class SegmentDirectory {
    /** Where a block is. */
    record Block(
            boolean shared,
            long offset,
            int length,
            int prefixLength,
            int rows,
            int lineBytes,
            long minNanos,
            long maxNanos) {}

    /** Consecutive rows of a chunk in one block. */
    record Extent(int block, int firstRow, int rows, long minNanos, long maxNanos) {
        boolean overlaps(long startNanos, long endNanos) {
            return minNanos < endNanos && maxNanos >= startNanos;
        }
    }

    /** Consecutive rows of one stream. */
    record Chunk(
            int number,
            Labels labels,
            long entries,
            long lineBytes,
            long minNanos,
            long maxNanos,
            List<Extent> extents) {
        boolean overlaps(long startNanos, long endNanos) {
            return minNanos < endNanos && maxNanos >= startNanos;
        }
    }

    private static final int MAX_STRING = 1 << 20;

    final Block[] blocks;
    final List<Chunk> chunks;
    final FilterGroup[] filters;
    final @Nullable Section counters;
    final @Nullable Section names;

    /** Empty if the segment has none. */
    final PatternGroup[] patterns;

    /** About what this takes in memory, bytes. */
    final long weight;

    private SegmentDirectory(
            Block[] blocks,
            List<Chunk> chunks,
            FilterGroup[] filters,
            @Nullable Section counters,
            @Nullable Section names,
            PatternGroup[] patterns,
            long weight) {
        this.names = names;
        this.patterns = patterns;
        this.blocks = blocks;
        this.chunks = chunks;
        this.filters = filters;
        this.counters = counters;
        this.weight = weight;
    }

    /**
     * Decodes what lies between {@code tailOffset} and the end of the object.
     *
     * @param tail those bytes
     */
    static SegmentDirectory decode(String key, byte[] tail, long tailOffset) throws CorruptData {
        String object = "segment " + key;
        if (tail.length < SegmentFormat.TRAILER_LENGTH) {
            throw new CorruptData(object + ": no room for a trailer at offset " + tailOffset);
        }
        int at = tail.length - SegmentFormat.TRAILER_LENGTH;
        ByteSource in = new ByteSource(object, tail, at, SegmentFormat.TRAILER_LENGTH, tailOffset + at);
        long tableOffset = in.i64();
        int tableLength = in.u32();
        int crc = in.u32();
        int version = in.u32();
        if (in.i64() != SegmentFormat.MAGIC) {
            throw in.corrupt("wrong magic at the end: torn or no segment,");
        }
        if (version != SegmentFormat.VERSION) {
            throw in.corrupt("segment version " + version + ", this reader knows " + SegmentFormat.VERSION + ",");
        }
        if (tableLength < 0
                || tableLength > SegmentFormat.MAX_SECTIONS * SegmentFormat.SECTION_ROW_LENGTH
                || tableLength % SegmentFormat.SECTION_ROW_LENGTH != 0
                || tableOffset != tailOffset + at - tableLength) {
            throw in.corrupt("section table of " + tableLength + " bytes at " + tableOffset + " does not end here,");
        }
        int tableAt = at - tableLength;
        if (tableAt < 0 || Checksum.of(tail, tableAt, tableLength + 12) != crc) {
            throw in.corrupt("wrong checksum of the section table,");
        }
        byte[] blockSection = null;
        byte[] seriesSection = null;
        byte[] filterSection = null;
        byte[] patternSection = null;
        Section counters = null;
        Section names = null;
        ByteSource table = new ByteSource(object, tail, tableAt, tableLength, tableOffset);
        while (table.remaining() > 0) {
            Section s = Section.read(table);
            // sections of other types are of a later writer and not needed to read entries
            if (s.type == SegmentFormat.SECTION_BLOCKS) {
                blockSection = s.load(object, tail, tailOffset, tableAt);
            } else if (s.type == SegmentFormat.SECTION_SERIES) {
                seriesSection = s.load(object, tail, tailOffset, tableAt);
            } else if (s.type == SegmentFormat.SECTION_FILTERS) {
                filterSection = s.load(object, tail, tailOffset, tableAt);
            } else if (s.type == SegmentFormat.SECTION_COUNTERS) {
                counters = s;
            } else if (s.type == SegmentFormat.SECTION_NAMES) {
                names = s;
            } else if (s.type == SegmentFormat.SECTION_PATTERNS) {
                patternSection = s.load(object, tail, tailOffset, tableAt);
            }
        }
        if (blockSection == null || seriesSection == null) {
            throw table.corrupt("no block index or no series list");
        }
        Block[] blocks = blocks(new ByteSource(object + " block index", blockSection, 0, blockSection.length, 0));
        for (Block b : blocks) {
            if (b.offset < SegmentFormat.HEADER_LENGTH || b.offset > tailOffset - b.length) {
                throw table.corrupt("block of " + b.length + " bytes at " + b.offset + " outside of the segment");
            }
        }
        List<Chunk> chunks =
                chunks(new ByteSource(object + " series list", seriesSection, 0, seriesSection.length, 0), blocks);
        FilterGroup[] filters = filterSection == null
                ? new FilterGroup[0]
                : FilterGroup.decode(
                        new ByteSource(object + " filter index", filterSection, 0, filterSection.length, 0),
                        blocks.length,
                        tailOffset);
        PatternGroup[] patterns = patternSection == null
                ? new PatternGroup[0]
                : PatternGroup.decode(
                        new ByteSource(object + " patterns index", patternSection, 0, patternSection.length, 0),
                        chunks.size(),
                        tailOffset);
        long weight = blocks.length * 64L + seriesSection.length * 6L + 1024;
        for (FilterGroup g : filters) {
            weight += g.weight();
        }
        return new SegmentDirectory(blocks, chunks, filters, counters, names, patterns, weight);
    }

    /** A row of the section table. */
    record Section(int type, int codec, long offset, int length, int rawLength, int crc) {
        static Section read(ByteSource in) throws CorruptData {
            return new Section(in.u16(), in.u16(), in.i64(), in.u32(), in.u32(), in.u32());
        }

        byte[] load(String object, byte[] tail, long tailOffset, int limit) throws CorruptData {
            long at = offset - tailOffset;
            check(object, at >= 0 && at + length <= limit);
            return decompress(object, tail, (int) at);
        }

        /** Reads a section that lies before the tail. */
        byte[] read(SegmentStore store, String key, long limit) throws StoreException {
            String object = "segment " + key;
            check(object, offset >= SegmentFormat.HEADER_LENGTH && offset <= limit - length);
            return decompress(object, store.read(key, offset, length), 0);
        }

        private byte[] decompress(String object, byte[] b, int at) throws CorruptData {
            if (Checksum.of(b, at, length) != crc) {
                throw new CorruptData(object + ": wrong checksum of section " + type + " at offset " + offset);
            }
            return Zstandard.decompress(b, at, length, rawLength, object, offset);
        }

        private void check(String object, boolean within) throws CorruptData {
            if (length < 0
                    || rawLength < 0
                    || rawLength > SegmentFormat.MAX_SECTION_LENGTH
                    || codec != BlockFormat.CODEC_ZSTD
                    || !within) {
                throw new CorruptData(object + ": section " + type + " of " + length + " bytes, codec " + codec
                        + " is not readable at offset " + offset);
            }
        }
    }

    private static Block[] blocks(ByteSource in) throws CorruptData {
        long base = in.i64();
        int n = in.count("blocks", Math.min(SegmentFormat.MAX_BLOCKS, in.remaining() / 8));
        Block[] blocks = new Block[n];
        for (int i = 0; i < n; i++) {
            boolean shared = (in.u8() & 1) != 0;
            long offset = in.varint();
            int length = in.count("block length", Integer.MAX_VALUE);
            int prefix = in.count("prefix length", length);
            int rows = in.count("rows", BlockFormat.MAX_ROWS);
            int lineBytes = in.count("line bytes", BlockFormat.MAX_LINE_BYTES);
            long min = base + in.varint();
            blocks[i] = new Block(shared, offset, length, prefix, rows, lineBytes, min, min + in.varint());
        }
        in.expectEnd();
        return blocks;
    }

    private static List<Chunk> chunks(ByteSource in, Block[] blocks) throws CorruptData {
        long base = in.i64();
        String[] strings = new String[in.count("strings", in.remaining())];
        for (int i = 0; i < strings.length; i++) {
            strings[i] = in.string("label", MAX_STRING);
        }
        int n = in.count("chunks", in.remaining() / 8);
        List<Chunk> chunks = new ArrayList<>(n);
        Labels last = null;
        for (int i = 0; i < n; i++) {
            Labels labels = labels(in, strings, last);
            if (in.i64() != labels.fingerprint()) {
                throw in.corrupt("wrong fingerprint of " + labels);
            }
            last = labels;
            long entries = in.varint();
            long lineBytes = in.varint();
            long min = base + in.varint();
            long max = min + in.varint();
            Extent[] extents = new Extent[in.count("extents", in.remaining() / 5)];
            int block = 0;
            for (int e = 0; e < extents.length; e++) {
                block += (int) in.zigzag();
                if (block < 0 || block >= blocks.length) {
                    throw in.corrupt("block " + block + " of " + blocks.length);
                }
                int first = in.count("first row", blocks[block].rows);
                int rows = in.count("rows", blocks[block].rows - first);
                long extentMin = min + in.varint();
                extents[e] = new Extent(block, first, rows, extentMin, extentMin + in.varint());
            }
            chunks.add(new Chunk(i, labels, entries, lineBytes, min, max, List.of(extents)));
        }
        in.expectEnd();
        return chunks;
    }

    private static Labels labels(ByteSource in, String[] strings, @Nullable Labels last) throws CorruptData {
        int pairs = in.count("labels", in.remaining() / 2);
        Labels.Builder b = new Labels.Builder();
        for (int p = 0; p < pairs; p++) {
            int name = in.count("label", strings.length - 1);
            b.set(strings[name], strings[in.count("label", strings.length - 1)]);
        }
        Labels labels = b.build();
        if (last != null && last.compareTo(labels) > 0) {
            throw in.corrupt("stream " + labels + " listed after " + last);
        }
        // a stream in several chunks: one instance, so that grouping is by identity first
        return last != null && last.equals(labels) ? last : labels;
    }
}
