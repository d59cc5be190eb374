/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.block.BlockMetadata;
import io.skald.core.block.BlockReader;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.scan.ScanStats;
import io.skald.storage.SegmentStore;
import org.jspecify.annotations.Nullable;

/** A block whose columns are read and decoded when they are first asked for. Thread-safe: every method locks it. */
final class DecodedBlock {
    private final SegmentStore store;
    private final String key;
    private final SegmentDirectory.Block block;
    private final long @Nullable [] spareTimes;
    private final int @Nullable [] spareOffsets;
    private final byte @Nullable [] spareLines;

    private @Nullable BlockReader reader;
    private boolean whole;
    private long @Nullable [] times;
    private int @Nullable [] offsets;
    private byte @Nullable [] lines;
    private @Nullable BlockMetadata metadata;

    /** @param predecessor a block that is no longer used, whose buffers this one may take over */
    DecodedBlock(SegmentStore store, String key, SegmentDirectory.Block block, @Nullable DecodedBlock predecessor) {
        this.store = store;
        this.key = key;
        this.block = block;
        // not the predecessor itself, which would hold all of its own
        spareTimes = predecessor == null ? null : predecessor.timesBuffer();
        spareOffsets = predecessor == null ? null : predecessor.offsetsBuffer();
        spareLines = predecessor == null ? null : predecessor.linesBuffer();
    }

    /** About what this may come to take in memory, bytes. */
    long weight() {
        return block.length() + block.lineBytes() + block.rows() * 24L;
    }

    private synchronized long @Nullable [] timesBuffer() {
        return times != null ? times : spareTimes;
    }

    private synchronized int @Nullable [] offsetsBuffer() {
        return offsets != null ? offsets : spareOffsets;
    }

    private synchronized byte @Nullable [] linesBuffer() {
        return lines != null ? lines : spareLines;
    }

    private BlockReader reader(boolean withLines, ScanStats stats) throws StoreException {
        BlockReader r = reader;
        if (r == null || withLines && !whole) {
            int length = withLines ? block.length() : block.prefixLength();
            long begin = System.nanoTime();
            byte[] bytes = store.read(key, block.offset(), length);
            stats.loadNanos.add(System.nanoTime() - begin);
            stats.compressedBytes.add(length);
            if (r == null) {
                stats.blocks.increment();
            }
            r = BlockReader.open("segment " + key, bytes, 0, length, block.offset());
            if (r.rows() != block.rows() || r.lineBytes() != block.lineBytes() || r.blockLength() != block.length()) {
                throw new StoreException.CorruptData(
                        "segment " + key + ": block is not what the index says at offset " + block.offset());
            }
            reader = r;
            whole = withLines;
        }
        return r;
    }

    synchronized long[] times(boolean linesToo, ScanStats stats) throws StoreException {
        long[] t = times;
        if (t == null) {
            t = reader(linesToo, stats).times(spareTimes);
            times = t;
        }
        return t;
    }

    synchronized int[] offsets(boolean linesToo, ScanStats stats) throws StoreException {
        int[] o = offsets;
        if (o == null) {
            o = reader(linesToo, stats).lineOffsets(spareOffsets);
            offsets = o;
        }
        return o;
    }

    synchronized byte[] lines(ScanStats stats) throws StoreException {
        byte[] l = lines;
        if (l == null) {
            BlockReader r = reader(true, stats);
            l = r.linesNeedTimes()
                    ? r.lines(spareLines, times(true, stats), offsets(true, stats))
                    : r.lines(spareLines);
            lines = l;
        }
        return l;
    }

    synchronized void loadMetadata(boolean linesToo, ScanStats stats) throws StoreException {
        if (metadata == null) {
            metadata = reader(linesToo, stats).metadata();
        }
    }

    /** Metadata of a row after {@link #loadMetadata}. */
    synchronized Labels metadata(int row) {
        BlockMetadata m = metadata;
        if (m == null) {
            throw new IllegalStateException("metadata not loaded");
        }
        return m.row(row);
    }
}
