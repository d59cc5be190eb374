/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.block.BlockMetadata;
import io.skald.core.block.BlockReader;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.scan.ScanStats;
import io.skald.storage.SegmentStore;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A block whose columns are read and decoded when they are first asked for. Thread-safe: every method locks it. */
final class DecodedBlock {
    private final SegmentStore store;
    private final String key;
    private final int number;
    private final SegmentDirectory.Block block;
    /** What to decode into, or null for arrays of its own. */
    private final @Nullable BlockBuffers buffers;

    /** What reads it together with others; null once something of it is read, as this may live longer than the query. */
    private @Nullable ReadAhead ahead;

    private @Nullable BlockReader reader;
    private boolean whole;
    private long @Nullable [] times;
    private int @Nullable [] offsets;
    private byte @Nullable [] lines;
    /** The lines before their dates are put back; null once they are. */
    private byte @Nullable [] undated;

    private @Nullable BlockMetadata metadata;

    /** @param buffers to decode into, which must not be used for another block as long as this one is in use; or null */
    DecodedBlock(
            SegmentStore store,
            String key,
            int number,
            SegmentDirectory.Block block,
            @Nullable BlockBuffers buffers,
            @Nullable ReadAhead ahead) {
        this.number = number;
        this.ahead = ahead;
        this.store = store;
        this.key = key;
        this.block = block;
        this.buffers = buffers;
    }

    /** About what this may come to take in memory, bytes. */
    long weight() {
        return block.length() + block.lineBytes() + block.rows() * 24L;
    }

    private BlockReader reader(boolean withLines, ScanStats stats) throws StoreException {
        BlockReader r = reader;
        if (r == null || withLines && !whole) {
            int length = withLines ? block.length() : block.prefixLength();
            long begin = System.nanoTime();
            ReadAhead.Bytes bytes = bytes(withLines, length);
            stats.loadNanos.add(System.nanoTime() - begin);
            stats.compressedBytes.add(length);
            if (r == null) {
                stats.blocks.increment();
            }
            r = BlockReader.open("segment " + key, bytes.array(), bytes.offset(), length, block.offset());
            if (r.rows() != block.rows() || r.lineBytes() != block.lineBytes() || r.blockLength() != block.length()) {
                throw new StoreException.CorruptData(
                        "segment " + key + ": block is not what the index says at offset " + block.offset());
            }
            reader = r;
            whole = withLines;
        }
        return r;
    }

    private ReadAhead.Bytes bytes(boolean withLines, int length) throws StoreException {
        ReadAhead a = ahead;
        ahead = null;
        ReadAhead.Bytes read = a == null || !withLines ? null : a.read(number);
        if (read == null) {
            byte[] room = buffers == null ? null : buffers.stored(length);
            if (room != null) {
                store.read(key, block.offset(), length, room);
                return new ReadAhead.Bytes(room, 0);
            }
            return new ReadAhead.Bytes(store.read(key, block.offset(), length), 0);
        }
        // what stays must not keep its neighbours
        return buffers != null
                ? read
                : new ReadAhead.Bytes(Arrays.copyOfRange(read.array(), read.offset(), read.offset() + length), 0);
    }

    synchronized long[] times(boolean linesToo, ScanStats stats) throws StoreException {
        long[] t = times;
        if (t == null) {
            t = reader(linesToo, stats).times(buffers == null ? null : buffers.times);
            times = t;
            if (buffers != null) {
                buffers.times = t;
            }
        }
        return t;
    }

    synchronized int[] offsets(boolean linesToo, ScanStats stats) throws StoreException {
        int[] o = offsets;
        if (o == null) {
            o = reader(linesToo, stats).lineOffsets(buffers == null ? null : buffers.offsets);
            offsets = o;
            if (buffers != null) {
                buffers.offsets = o;
            }
        }
        return o;
    }

    /** Whether a search finds something in the lines, as far as can be told without their dates. */
    synchronized boolean mayHold(LineSearch search, ScanStats stats) throws StoreException {
        if (lines != null || !search.searchesUndated()) {
            return true;
        }
        BlockReader r = reader(true, stats);
        return search.occursUndated(undated(r), r.undatedFrom(), r.lineBytes());
    }

    private byte[] undated(BlockReader r) throws StoreException {
        byte[] u = undated;
        if (u == null) {
            u = r.undatedLines(buffers == null ? null : buffers.lines);
            undated = u;
            if (buffers != null) {
                buffers.lines = u;
            }
        }
        return u;
    }

    synchronized byte[] lines(ScanStats stats) throws StoreException {
        byte[] l = lines;
        if (l == null) {
            BlockReader r = reader(true, stats);
            l = undated(r);
            // not even half restored ones are ever taken for undated ones again
            undated = null;
            if (r.linesNeedTimes()) {
                r.restoreDates(l, times(true, stats), offsets(true, stats));
            }
            lines = l;
        }
        return l;
    }

    synchronized void loadMetadata(boolean linesToo, ScanStats stats) throws StoreException {
        if (metadata == null) {
            BlockReader r = reader(linesToo, stats);
            metadata = r.metadata();
            stats.metadataBytes.add(r.metadataBytes());
        }
    }

    /** Metadata of a row after {@link #loadMetadata}. */
    synchronized Labels metadata(int row) {
        return unsharedMetadata().row(row);
    }

    /** Metadata of all rows after {@link #loadMetadata}, for whoever has this block for itself. */
    BlockMetadata unsharedMetadata() {
        BlockMetadata m = metadata;
        if (m == null) {
            throw new IllegalStateException("metadata not loaded");
        }
        return m;
    }
}
