/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.block.BlockMetadata;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.scan.Direction;
import io.skald.core.scan.LazyCursor;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Reads a chunk block by block, decoding what the request needs and the rest only when {@link #loadAll} asks for it. */
final class ChunkCursor implements LazyCursor {
    private static final byte[] NO_BYTES = new byte[0];

    private final SegmentReader segment;
    private final SegmentDirectory.Chunk chunk;
    private final SegmentScan scan;
    private final long startNanos;
    private final long endNanos;
    private final ScanRequest request;
    private final ScanStats stats;
    private final boolean backward;
    private final boolean withLines;
    private final @Nullable LineSearch search;
    private final @Nullable BlockPruner pruner;

    private int extent;
    private @Nullable DecodedBlock block;
    /** Taken with the first block, given back at the end. */
    private @Nullable BlockBuffers buffers;

    private boolean shared;
    private long[] times = new long[0];
    private int @Nullable [] offsets;
    private byte @Nullable [] lines;
    private boolean metadata;
    private @Nullable BlockMetadata ownMetadata;
    /** The rows to give: those in [first, end), or of these only the hits. */
    private int first;

    private int end;
    private int @Nullable [] hits;
    /** Index of the present row in hits, or the row itself when there are none. */
    private int at;

    private int row;

    ChunkCursor(
            SegmentReader segment,
            SegmentDirectory.Chunk chunk,
            long startNanos,
            long endNanos,
            SegmentScan scan,
            @Nullable BlockPruner pruner) {
        this.startNanos = startNanos;
        this.endNanos = endNanos;
        this.segment = segment;
        this.chunk = chunk;
        this.scan = scan;
        this.pruner = pruner;
        this.request = scan.request();
        this.stats = scan.stats();
        this.backward = request.direction() == Direction.BACKWARD;
        this.withLines = request.columns().lines();
        this.search = scan.search();
        this.extent = backward ? chunk.extents().size() : -1;
        exhaust();
    }

    @Override
    public boolean next() throws StoreException {
        while (true) {
            at += backward ? -1 : 1;
            if (backward ? at >= first : at < end) {
                row = hits == null ? at : hits[at];
                return true;
            }
            if (!nextBlock()) {
                return false;
            }
        }
    }

    /** Leaves no row to give. */
    private void exhaust() {
        first = 0;
        end = 0;
        hits = null;
        at = backward ? -1 : 0;
    }

    private boolean nextBlock() throws StoreException {
        exhaust();
        while (true) {
            extent += backward ? -1 : 1;
            if (extent < 0 || extent >= chunk.extents().size()) {
                // stays there when called again
                extent = backward ? -1 : chunk.extents().size();
                block = null;
                return false;
            }
            SegmentDirectory.Extent e = chunk.extents().get(extent);
            if (!e.overlaps(startNanos, endNanos)) {
                continue;
            }
            stats.consideredBlocks.increment();
            if (pruner != null && !pruner.mayHold(e.block(), chunk.labels())) {
                stats.prunedBlocks.increment();
                continue;
            }
            try {
                if (load(e)) {
                    return true;
                }
            } catch (StoreException.CorruptData | StoreException.NotFound x) {
                lose(x);
            }
        }
    }

    private void lose(StoreException x) {
        scan.lost().accept("entries left out: " + x.getMessage());
        exhaust();
    }

    /** Loads an extent. Returns false when none of its rows are wanted. */
    private boolean load(SegmentDirectory.Extent e) throws StoreException {
        SegmentDirectory.Block where = segment.block(e.block());
        BlockBuffers into = buffers;
        if (into == null) {
            into = scan.takeBuffers();
            buffers = into;
        }
        DecodedBlock b = segment.decode(e.block(), into, scan);
        shared = where.shared();
        block = b;
        offsets = null;
        lines = null;
        metadata = false;
        ownMetadata = null;
        if (search != null && !b.mayHold(search, stats)) {
            stats.storedLines.add(e.rows());
            stats.storedBytes.add((long) where.lineBytes() * e.rows() / where.rows());
            return false;
        }
        times = b.times(withLines, stats);
        int to = e.firstRow() + e.rows();
        int lo = lowerBound(times, e.firstRow(), to, startNanos);
        int hi = lowerBound(times, lo, to, endNanos);
        if (lo == hi) {
            return false;
        }
        stats.storedLines.add(hi - lo);
        if (request.columns().lineLengths()) {
            offsets = b.offsets(withLines, stats);
            stats.storedBytes.add(offsets[hi] - offsets[lo]);
        }
        if (search != null) {
            lines = b.lines(stats);
            hits = search.rows(lines, Objects.requireNonNull(offsets), lo, hi);
            if (hits.length == 0) {
                hits = null;
                return false;
            }
            first = 0;
            end = hits.length;
        } else {
            first = lo;
            end = hi;
        }
        if (withLines && lines == null) {
            lines = b.lines(stats);
        }
        if (request.columns().metadata()) {
            loadMetadata(b, withLines);
        }
        at = backward ? end : first - 1;
        return true;
    }

    /** First row in [lo, hi) with a time ≥ {@code t}. */
    private static int lowerBound(long[] times, int lo, int hi, long t) {
        int a = lo;
        int b = hi;
        while (a < b) {
            int mid = (a + b) >>> 1;
            if (times[mid] < t) {
                a = mid + 1;
            } else {
                b = mid;
            }
        }
        return a;
    }

    private void loadMetadata(DecodedBlock b, boolean linesToo) throws StoreException {
        b.loadMetadata(linesToo, stats);
        metadata = true;
        ownMetadata = shared ? null : b.unsharedMetadata();
    }

    @Override
    public boolean loadAll() throws StoreException {
        DecodedBlock b = Objects.requireNonNull(block);
        try {
            if (lines == null) {
                lines = b.lines(stats);
            }
            if (offsets == null) {
                offsets = b.offsets(true, stats);
            }
            if (!metadata) {
                loadMetadata(b, true);
            }
            return true;
        } catch (StoreException.CorruptData | StoreException.NotFound x) {
            lose(x);
            return false;
        }
    }

    @Override
    public long timestampNanos() {
        return times[row];
    }

    @Override
    public byte[] buffer() {
        return lines == null ? NO_BYTES : lines;
    }

    @Override
    public int offset() {
        return offsets == null || lines == null ? 0 : offsets[row];
    }

    @Override
    public int length() {
        return offsets == null ? 0 : offsets[row + 1] - offsets[row];
    }

    @Override
    public Labels metadata() {
        BlockMetadata own = ownMetadata;
        if (own != null) {
            return own.row(row);
        }
        return metadata ? Objects.requireNonNull(block).metadata(row) : Labels.EMPTY;
    }

    @Override
    public void close() {
        block = null;
        lines = null;
        exhaust();
        extent = backward ? -1 : chunk.extents().size();
        BlockBuffers b = buffers;
        if (b != null) {
            buffers = null;
            scan.giveBack(b);
        }
    }
}
