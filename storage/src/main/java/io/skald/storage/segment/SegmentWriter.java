/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.block.BlockFormat;
import io.skald.core.block.BlockWriter;
import io.skald.core.block.ByteSink;
import io.skald.core.block.Checksum;
import io.skald.core.block.Zstandard;
import io.skald.core.filter.SkipFilterBuilder;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.storage.SegmentStore;
import org.jspecify.annotations.Nullable;

/**
 * Writes one segment: streams of one tenant and one UTC day. Streams are added in ascending order of labels; within each the entries are
 * sorted by time, then arrival, and equal entries collapse. A stream too large to hold at once may be added in several batches, one after
 * the other, which then become chunks of their own (equal entries in different chunks collapse when they are read). Confined to one thread.
 * {@link #close} without {@link #finish} leaves nothing behind.
 */
public final class SegmentWriter implements AutoCloseable {
    private final String key;
    private final int day;
    private final SegmentStore.Output out;
    private final BlockWriter shared;
    private final BlockWriter own;
    private final ByteSink buffer = new ByteSink(96 << 10);
    private final BlockIndexWriter blocks = new BlockIndexWriter();
    private final CountersWriter counters = new CountersWriter();
    private final FilterWriter filters;
    private @Nullable PatternsWriter patterns = new PatternsWriter();
    private final DirectoryWriter directory = new DirectoryWriter();
    private @Nullable Labels last;
    /** What copied blocks of the last stream go to. */
    private @Nullable ChunkBuilder copied;

    private int sharedId;
    private int series;
    private long entries;
    private long lineBytes;
    private long duplicates;
    private long minNanos = Long.MAX_VALUE;
    private long maxNanos = Long.MIN_VALUE;

    /**
     * How much work goes into taking little space.
     *
     * @param blockBytes raw bytes of the blocks of streams that have their own
     * @param zstdLevel 1 to 19
     */
    public record Density(int blockBytes, int zstdLevel) {
        /** What a flush uses. */
        public static final Density FAST = new Density(BlockFormat.TARGET_RAW_BYTES, 1);
    }

    private SegmentWriter(String key, int day, SegmentStore.Output out, Density density) {
        this.shared = new BlockWriter(BlockFormat.TARGET_RAW_BYTES, density.zstdLevel);
        this.own = new BlockWriter(density.blockBytes, density.zstdLevel);
        this.filters = new FilterWriter(
                density.zstdLevel == Density.FAST.zstdLevel ? new SkipFilterBuilder() : SkipFilterBuilder.dense());
        this.key = key;
        this.day = day;
        this.out = out;
    }

    /**
     * Begins a segment under a new key.
     *
     * @param day days since the epoch, UTC, of every entry that will be added
     */
    public static SegmentWriter create(SegmentStore store, TenantId tenant, int day) throws StoreException {
        return create(store, SegmentKeys.next(tenant, day, System.currentTimeMillis()), day);
    }

    /** Begins a segment under a key of the caller's, which must never have been used. */
    public static SegmentWriter create(SegmentStore store, String key, int day) throws StoreException {
        return create(store, key, day, Density.FAST);
    }

    /** Begins a segment under a key of the caller's, which must never have been used. */
    public static SegmentWriter create(SegmentStore store, String key, int day, Density density) throws StoreException {
        SegmentWriter w = new SegmentWriter(key, day, store.create(key), density);
        try {
            ByteSink header = new ByteSink(SegmentFormat.HEADER_LENGTH);
            header.i64(SegmentFormat.MAGIC);
            header.u32(SegmentFormat.VERSION);
            header.u32(0);
            w.out.write(header.array(), 0, header.size());
            return w;
        } catch (StoreException | RuntimeException e) {
            w.close();
            throw e;
        }
    }

    /** The UTC day of a time, days since the epoch. */
    public static int dayOf(long timestampNanos) {
        return (int) Math.floorDiv(timestampNanos, SegmentFormat.DAY_NANOS);
    }

    public String key() {
        return key;
    }

    /** Leaves out the patterns of lines, of which a query would then read the lines; before anything is added. */
    public void withoutPatterns() {
        if (last != null) {
            throw new IllegalStateException("segment " + key + " has entries");
        }
        patterns = null;
    }

    /** Bytes written to the store so far. */
    public long position() {
        return out.position();
    }

    /** Entries that were left out because they equal an earlier one. */
    public long duplicates() {
        return duplicates;
    }

    /**
     * Adds entries of a stream; an empty batch adds nothing.
     *
     * @throws IllegalArgumentException if the labels come before those of the last batch, or an entry is of another day
     */
    public void add(EntryBatch batch) throws StoreException {
        if (batch.size() == 0) {
            return;
        }
        Labels labels = batch.labels();
        int[] rows = RowOrder.of(batch);
        begin(labels, batch.timestampNanos(rows[0]), batch.timestampNanos(rows[rows.length - 1]));
        endCopied();
        duplicates += batch.size() - rows.length;
        ChunkBuilder chunk = new ChunkBuilder(labels);
        counters.begin();
        counters.add(batch, rows);
        counters.end();
        mine(batch, rows);
        if (batch.lineBytes() < SegmentFormat.SHARED_BELOW_BYTES) {
            addShared(batch, rows, chunk);
        } else {
            addOwn(batch, rows, chunk);
        }
        count(chunk);
    }

    /** Checks the order of streams, and the day. */
    private void begin(Labels labels, long first, long latest) {
        int order = last == null ? -1 : last.compareTo(labels);
        if (order > 0) {
            throw new IllegalArgumentException("stream " + labels + " added after " + last);
        }
        if (dayOf(first) != day || dayOf(latest) != day) {
            throw new IllegalArgumentException("stream " + labels + " has entries of day "
                    + dayOf(dayOf(first) != day ? first : latest) + " in a segment of day " + day);
        }
        if (order != 0) {
            endCopied();
            series++;
        }
        last = labels;
    }

    private void count(ChunkBuilder chunk) {
        entries += chunk.entries;
        lineBytes += chunk.lineBytes;
        minNanos = Math.min(minNanos, chunk.minNanos);
        maxNanos = Math.max(maxNanos, chunk.maxNanos);
    }

    /** Finds the patterns of a chunk, always from its lines: so a compaction, which may bring equal entries together, counts each once. */
    private void mine(EntryBatch batch, int[] rows) {
        PatternsWriter p = patterns;
        if (p != null) {
            for (int row : rows) {
                p.add(
                        batch.timestampNanos(row),
                        batch.buffer(row),
                        batch.offset(row),
                        batch.length(row),
                        batch.metadata(row));
            }
            p.end();
        }
    }

    /**
     * Adds a block of a stream as it is. Blocks of a stream that follow each other in time become one chunk; the order is that of {@link #add}.
     *
     * @throws IllegalArgumentException as {@link #add} does
     */
    public void copy(Labels labels, RawBlock raw) throws StoreException {
        begin(labels, raw.block.minNanos(), raw.block.maxNanos());
        if (copied != null
                && (copied.lineBytes >= SegmentFormat.CHUNK_OF_COPIES_BYTES
                        || raw.block.minNanos() <= copied.maxNanos)) {
            endCopied();
        }
        ChunkBuilder chunk = copied;
        if (chunk == null) {
            chunk = new ChunkBuilder(labels);
            counters.begin();
            copied = chunk;
        }
        int id = blocks.reserve();
        raw.block.metadataKeys().forEach(counters::addName);
        counters.add(raw);
        chunk.addBlock(id, raw.block.rows(), raw.block.minNanos(), raw.block.maxNanos(), raw.block.lineBytes());
        filters.add(id, raw.filter);
        buffer.reset();
        long offset = out.position();
        BlockWriter.Summary summary = raw.block.copyTo(buffer);
        written(id, offset, summary, false);
    }

    private void endCopied() {
        ChunkBuilder chunk = copied;
        if (chunk != null) {
            copied = null;
            counters.end();
            PatternsWriter p = patterns;
            if (p != null) {
                // nobody has looked at the lines
                p.skip();
            }
            directory.add(chunk);
            count(chunk);
        }
    }

    private void addOwn(EntryBatch batch, int[] rows, ChunkBuilder chunk) throws StoreException {
        int id = blocks.reserve();
        for (int row : rows) {
            if (mustCut(own, batch.length(row))) {
                writeBlock(own, id, false);
                id = blocks.reserve();
            }
            chunk.add(id, own.rows(), batch.timestampNanos(row), batch.length(row));
            addRow(own, batch, row);
        }
        writeBlock(own, id, false);
        directory.add(chunk);
    }

    private void addShared(EntryBatch batch, int[] rows, ChunkBuilder chunk) throws StoreException {
        // a small stream is not torn over two blocks when it would fit into the next
        if (!shared.isEmpty() && shared.rawBytes() + batch.lineBytes() > BlockFormat.TARGET_RAW_BYTES) {
            writeBlock(shared, sharedId, true);
        }
        for (int row : rows) {
            if (mustCut(shared, batch.length(row))) {
                writeBlock(shared, sharedId, true);
            }
            if (shared.isEmpty()) {
                sharedId = blocks.reserve();
            }
            chunk.add(sharedId, shared.rows(), batch.timestampNanos(row), batch.length(row));
            addRow(shared, batch, row);
        }
        directory.add(chunk);
    }

    private static boolean mustCut(BlockWriter writer, int nextLength) {
        return !writer.isEmpty() && (writer.full() || nextLength > BlockFormat.MAX_LINE_BYTES - writer.lineBytes());
    }

    private static void addRow(BlockWriter writer, EntryBatch batch, int row) {
        writer.add(
                batch.timestampNanos(row),
                batch.buffer(row),
                batch.offset(row),
                batch.length(row),
                batch.metadata(row));
    }

    private void writeBlock(BlockWriter writer, int id, boolean isShared) throws StoreException {
        filters.add(id, writer);
        buffer.reset();
        long offset = out.position();
        BlockWriter.Summary summary = writer.finish(buffer);
        written(id, offset, summary, isShared);
    }

    /** Writes {@link #buffer} as a block. */
    private void written(int id, long offset, BlockWriter.Summary summary, boolean isShared) throws StoreException {
        out.write(buffer.array(), 0, buffer.size());
        blocks.written(id, offset, summary, isShared);
        if (filters.full()) {
            filters.write(out);
        }
    }

    /**
     * Writes the directory and makes the object durable under its key. Only a commit to the index makes it count.
     *
     * @throws IllegalStateException if nothing was added
     */
    public SegmentRef finish() throws StoreException {
        if (last == null) {
            throw new IllegalStateException("segment " + key + " has no entries");
        }
        endCopied();
        if (!shared.isEmpty()) {
            writeBlock(shared, sharedId, true);
        }
        filters.write(out);
        PatternsWriter p = patterns;
        if (p != null) {
            p.write(out);
        }
        ByteSink table = new ByteSink(6 * SegmentFormat.SECTION_ROW_LENGTH + SegmentFormat.TRAILER_LENGTH);
        buffer.reset();
        counters.encode(buffer);
        section(table, SegmentFormat.SECTION_COUNTERS);
        buffer.reset();
        if (counters.encodeNames(buffer)) {
            section(table, SegmentFormat.SECTION_NAMES);
        }
        long tailOffset = out.position();
        buffer.reset();
        blocks.encode(buffer, minNanos);
        section(table, SegmentFormat.SECTION_BLOCKS);
        buffer.reset();
        directory.encode(buffer, minNanos);
        section(table, SegmentFormat.SECTION_SERIES);
        buffer.reset();
        filters.encode(buffer);
        section(table, SegmentFormat.SECTION_FILTERS);
        if (p != null) {
            buffer.reset();
            p.encode(buffer);
            section(table, SegmentFormat.SECTION_PATTERNS);
        }
        int tableLength = table.size();
        table.i64(out.position());
        table.u32(tableLength);
        table.u32(Checksum.of(table.array(), 0, table.size()));
        table.u32(SegmentFormat.VERSION);
        table.i64(SegmentFormat.MAGIC);
        out.write(table.array(), 0, table.size());
        long size = out.position();
        out.commit();
        return new SegmentRef(key, day, minNanos, maxNanos, size, entries, lineBytes, tailOffset, series);
    }

    /** Writes {@link #buffer} as a section and its row in the table. */
    private void section(ByteSink table, int type) throws StoreException {
        if (buffer.size() > SegmentFormat.MAX_SECTION_LENGTH) {
            throw new IllegalStateException(
                    "section " + type + " of segment " + key + " has " + buffer.size() + " bytes");
        }
        ByteSink compressed = new ByteSink(buffer.size() / 2);
        Zstandard.compress(buffer.array(), 0, buffer.size(), SegmentFormat.ZSTD_LEVEL, compressed);
        table.u16(type);
        table.u16(BlockFormat.CODEC_ZSTD);
        table.i64(out.position());
        table.u32(compressed.size());
        table.u32(buffer.size());
        table.u32(Checksum.of(compressed.array(), 0, compressed.size()));
        out.write(compressed.array(), 0, compressed.size());
    }

    /** Drops the segment unless it was finished. */
    @Override
    public void close() {
        out.close();
    }
}
