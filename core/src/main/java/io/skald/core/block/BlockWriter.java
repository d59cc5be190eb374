/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.block;

import io.skald.core.filter.SkipFilter;
import io.skald.core.filter.SkipFilterBuilder;
import io.skald.core.model.Labels;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Encodes rows as a block. Rows stay in the order in which they are added. After {@link #finish} the writer is empty and can be used again
 * with its buffers. Confined to one thread.
 */
public final class BlockWriter {
    /** Columns of metadata that are kept for the next block. */
    private static final int SPARE_COLUMNS = 8;

    private static final int SEEN = 16;

    private final int targetRawBytes;
    private final int zstdLevel;
    private final ByteSink lines;
    private final ByteSink scratch = new ByteSink(16 << 10);
    private final StampColumn stamps = new StampColumn();
    private final ByteSink rest = new ByteSink(64 << 10);
    private final ByteSink body = new ByteSink(64 << 10);
    private final ByteSink header = new ByteSink(256);
    private final CRC32C crc = new CRC32C();
    private final Map<String, KeyColumn> keys = new TreeMap<>();
    private final ArrayDeque<KeyColumn> spare = new ArrayDeque<>();
    private long[] times = new long[4096];
    private int[] lengths = new int[4096];
    private int rows;
    private long metadataBytes;

    /** By their hash, metadata that rows of this block had, and what they are in the columns: rows alternate between few. */
    private final Labels[] seen = new Labels[SEEN];

    private final KeyColumn[][] seenColumns = new KeyColumn[SEEN][];
    private final int[][] seenIndexes = new int[SEEN][];

    /** A writer of blocks as the edge and the flush write them: fast. */
    public BlockWriter() {
        this(BlockFormat.TARGET_RAW_BYTES, BlockFormat.ZSTD_LEVEL);
    }

    /**
     * The same.
     *
     * @param targetRawBytes raw bytes at which a block is full
     */
    public BlockWriter(int targetRawBytes) {
        this(targetRawBytes, BlockFormat.ZSTD_LEVEL);
    }

    /**
     * @param targetRawBytes raw bytes at which a block is full
     * @param zstdLevel how hard to compress, 1 to 19
     */
    public BlockWriter(int targetRawBytes, int zstdLevel) {
        if (targetRawBytes < 1 || targetRawBytes > BlockFormat.MAX_LINE_BYTES || zstdLevel < 1 || zstdLevel > 19) {
            throw new IllegalArgumentException("blocks of " + targetRawBytes + " bytes at level " + zstdLevel);
        }
        this.targetRawBytes = targetRawBytes;
        this.zstdLevel = zstdLevel;
        this.lines = new ByteSink(targetRawBytes + (16 << 10));
        Arrays.fill(seen, Labels.EMPTY);
    }

    /**
     * What was written.
     *
     * @param length bytes of the whole block
     * @param prefixLength bytes before the line column: all that is needed when lines are not
     * @param rows its rows
     * @param lineBytes bytes of its lines
     * @param minNanos earliest time
     * @param maxNanos latest time
     */
    public record Summary(int length, int prefixLength, int rows, int lineBytes, long minNanos, long maxNanos) {}

    /**
     * Adds a row.
     *
     * @throws IllegalArgumentException if the block would exceed the limits of the format; nothing was added then
     */
    public void add(long timestampNanos, byte[] buffer, int offset, int length, Labels metadata) {
        if (rows == BlockFormat.MAX_ROWS || length > BlockFormat.MAX_LINE_BYTES - lines.size()) {
            throw new IllegalArgumentException("block too large: " + rows + " rows, " + lines.size() + " + " + length
                    + " line bytes, limits " + BlockFormat.MAX_ROWS + " and " + BlockFormat.MAX_LINE_BYTES);
        }
        if (!metadata.isEmpty()) {
            addMetadata(metadata);
        }
        if (rows == times.length) {
            times = Arrays.copyOf(times, rows * 2);
            lengths = Arrays.copyOf(lengths, rows * 2);
        }
        times[rows] = timestampNanos;
        lengths[rows++] = length;
        lines.bytes(buffer, offset, length);
    }

    private void addMetadata(Labels metadata) {
        int slot = metadata.hashCode() & SEEN - 1;
        if (!metadata.equals(seen[slot])) {
            see(metadata, slot);
        }
        KeyColumn[] columns = seenColumns[slot];
        int[] indexes = seenIndexes[slot];
        for (int i = 0; i < columns.length; i++) {
            metadataBytes += columns[i].put(rows, indexes[i]);
        }
    }

    private void see(Labels metadata, int slot) {
        int n = metadata.size();
        if (keys.size() + n > BlockFormat.MAX_KEYS) {
            throw new IllegalArgumentException("block with more than " + BlockFormat.MAX_KEYS + " metadata keys");
        }
        KeyColumn[] columns = new KeyColumn[n];
        int[] indexes = new int[n];
        for (int i = 0; i < n; i++) {
            KeyColumn c = keys.get(metadata.name(i));
            columns[i] = c != null ? c : newColumn(metadata.name(i));
            indexes[i] = columns[i].indexOf(metadata.value(i));
        }
        seen[slot] = metadata;
        seenColumns[slot] = columns;
        seenIndexes[slot] = indexes;
    }

    /** A key that is not valid UTF-16 is written with question marks, and so may be one that is there. */
    private KeyColumn newColumn(String key) {
        String name = new String(key.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
        KeyColumn c = keys.get(name);
        if (c == null) {
            KeyColumn used = spare.pollLast();
            c = used == null ? new KeyColumn(name) : used.emptied(name);
            keys.put(name, c);
            metadataBytes += name.length() + 16;
        }
        return c;
    }

    public int rows() {
        return rows;
    }

    /** Bytes of the lines added. */
    public int lineBytes() {
        return lines.size();
    }

    public boolean isEmpty() {
        return rows == 0;
    }

    /** About the raw size of all columns, bytes. */
    public long rawBytes() {
        return lines.size() + metadataBytes;
    }

    /** Whether the next row should go to another block. */
    public boolean full() {
        return rawBytes() >= targetRawBytes || rows >= BlockFormat.TARGET_ROWS;
    }

    /** Adds all rows to the skip filter of this block. */
    public void addTo(SkipFilterBuilder filter) {
        filter.begin(rawBytes());
        filter.lines(lines.array(), 0, lengths, rows);
        for (KeyColumn c : keys.values()) {
            for (String value : c.dictionary.keySet()) {
                filter.metadata(c.name, value);
            }
        }
    }

    /**
     * As {@link #finish(ByteSink)}; a block that is large enough to be stored as it is gets its skip filter as a column.
     *
     * @param builtBy who answers for the filter, at most 200 characters
     */
    public Summary finish(ByteSink out, SkipFilterBuilder filter, String builtBy) {
        if (lines.size() < BlockFormat.COPIED_FROM_BYTES) {
            return finish(out, null);
        }
        addTo(filter);
        ByteSink column = new ByteSink(8 << 10);
        column.u8(SkipFilter.RULES_IN_PARTS);
        column.string(builtBy);
        filter.finish().appendTo(column);
        return finish(out, column);
    }

    /**
     * Appends the block to {@code out} and empties this writer.
     *
     * @throws IllegalStateException if there are no rows
     */
    public Summary finish(ByteSink out) {
        return finish(out, null);
    }

    private Summary finish(ByteSink out, @Nullable ByteSink filter) {
        if (rows == 0) {
            throw new IllegalStateException("no rows");
        }
        long min = min(times, rows);
        long max = max(times, rows);
        // worth a column of its own only if it takes something away
        int cut = stamps.cut(times, lengths, rows, lines.array(), rest);
        boolean stamped = cut > lines.size() / 64;
        body.reset();
        header.reset();
        header.u32(BlockFormat.MAGIC);
        header.u8(BlockFormat.VERSION);
        header.u8(stamped ? BlockFormat.LINES_STAMPED : BlockFormat.LINES_RAW);
        header.u16(3 + keys.size() + (stamped ? 1 : 0) + (filter != null ? 1 : 0));
        header.u32(0);
        header.u32(rows);
        header.i64(min);
        header.i64(max);
        header.u32(lines.size());
        header.u32(0);

        scratch.reset();
        TimeColumn.encode(times, rows, scratch);
        column(BlockFormat.COLUMN_TIMES, "", scratch);
        scratch.reset();
        scratch.varints(lengths, rows);
        column(BlockFormat.COLUMN_LENGTHS, "", scratch);
        for (KeyColumn c : keys.values()) {
            scratch.reset();
            c.encode(rows, scratch);
            column(BlockFormat.COLUMN_METADATA, c.name, scratch);
        }
        int beforeLines = body.size();
        if (stamped) {
            scratch.reset();
            stamps.encode(scratch);
            column(BlockFormat.COLUMN_STAMPS, "", scratch);
        }
        column(BlockFormat.COLUMN_LINES, "", stamped ? rest : lines);
        if (filter != null) {
            int at = body.size();
            body.bytes(filter.array(), 0, filter.size());
            // bits that nobody can foresee: trying to compress them would be in vain
            describe(BlockFormat.COLUMN_FILTER, BlockFormat.CODEC_NONE, "", at, filter.size());
        }
        header.setU32(8, header.size() + 4);
        header.u32(crcOf(header.array(), 0, header.size()));

        Summary s = new Summary(header.size() + body.size(), header.size() + beforeLines, rows, lines.size(), min, max);
        out.bytes(header.array(), 0, header.size());
        out.bytes(body.array(), 0, body.size());
        reset();
        return s;
    }

    private static long min(long[] times, int rows) {
        long min = Long.MAX_VALUE;
        for (int i = 0; i < rows; i++) {
            min = Math.min(min, times[i]);
        }
        return min;
    }

    private static long max(long[] times, int rows) {
        long max = Long.MIN_VALUE;
        for (int i = 0; i < rows; i++) {
            max = Math.max(max, times[i]);
        }
        return max;
    }

    private void column(int type, String name, ByteSink raw) {
        int at = body.size();
        int codec = BlockFormat.CODEC_ZSTD;
        int n = Zstandard.compress(raw.array(), 0, raw.size(), zstdLevel, body);
        if (n >= raw.size()) {
            codec = BlockFormat.CODEC_NONE;
            body.skip(-n);
            body.bytes(raw.array(), 0, raw.size());
        }
        describe(type, codec, name, at, raw.size());
    }

    /** Adds the row of the table for the column that the body ends with. */
    private void describe(int type, int codec, String name, int at, int rawLength) {
        int n = body.size() - at;
        header.u8(type);
        header.u8(codec);
        header.u32(n);
        header.u32(rawLength);
        header.u32(crcOf(body.array(), at, n));
        header.string(name);
    }

    private int crcOf(byte[] b, int offset, int length) {
        crc.reset();
        crc.update(b, offset, length);
        return (int) crc.getValue();
    }

    /** Drops all rows. */
    public void reset() {
        rows = 0;
        lines.reset();
        for (KeyColumn c : keys.values()) {
            if (spare.size() < SPARE_COLUMNS) {
                spare.add(c);
            }
        }
        keys.clear();
        metadataBytes = 0;
        Arrays.fill(seen, Labels.EMPTY);
    }

    /** The values of one metadata key: a dictionary, and which row has which. */
    private static final class KeyColumn {
        String name;
        private Map<String, Integer> dictionary = new LinkedHashMap<>();
        private int[] rowsWith = new int[16];
        private int[] indexes = new int[16];
        private int count;
        private @Nullable String pending;

        KeyColumn(String name) {
            this.name = name;
        }

        /** This column for another key. */
        KeyColumn emptied(String key) {
            name = key;
            dictionary = new LinkedHashMap<>();
            count = 0;
            pending = null;
            return this;
        }

        int indexOf(String value) {
            Integer i = dictionary.get(value);
            if (i == null) {
                i = dictionary.size() + 1;
                dictionary.put(value, i);
                pending = value;
            }
            return i;
        }

        /** Returns about how many raw bytes that took. */
        int put(int row, int index) {
            if (count > 0 && rowsWith[count - 1] == row) {
                indexes[count - 1] = index;
                return 0;
            }
            if (count == rowsWith.length) {
                rowsWith = Arrays.copyOf(rowsWith, count * 2);
                indexes = Arrays.copyOf(indexes, count * 2);
            }
            rowsWith[count] = row;
            indexes[count++] = index;
            int bytes = 1;
            if (pending != null) {
                bytes += pending.length() + 1;
                pending = null;
            }
            return bytes;
        }

        void encode(int rows, ByteSink out) {
            boolean dense = count >= rows / 2;
            out.u8(dense ? BlockFormat.METADATA_DENSE : BlockFormat.METADATA_SPARSE);
            out.varint(dictionary.size());
            for (String v : dictionary.keySet()) {
                out.string(v);
            }
            if (dense) {
                int at = 0;
                for (int row = 0; row < rows; row++) {
                    boolean present = at < count && rowsWith[at] == row;
                    out.varint(present ? indexes[at++] : 0);
                }
            } else {
                out.varint(count);
                int last = -1;
                for (int i = 0; i < count; i++) {
                    out.varint(rowsWith[i] - last - 1);
                    out.varint(indexes[i]);
                    last = rowsWith[i];
                }
            }
        }
    }
}
