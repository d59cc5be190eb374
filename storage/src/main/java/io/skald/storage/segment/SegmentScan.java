/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What the cursors over segments need to know of the query that they work for, and share while it runs. Thread-safe. */
public final class SegmentScan {
    private final ScanRequest request;
    private final ScanStats stats;
    private final Consumer<String> lost;
    private final ConcurrentHashMap<String, BlockPruner> pruners = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<String, ReadAhead> ahead = new ConcurrentHashMap<>();
    private final LongAdder consumed = new LongAdder();
    private final LongAdder fetched = new LongAdder();
    private volatile @Nullable ReadWindows windows;
    /** Windows that are in use at once. */
    private volatile int width = 1;

    private final boolean fixedWidth;
    private volatile long mostAhead = Long.MAX_VALUE;
    private final @Nullable LineSearch search;
    /** Buffers that no cursor uses. */
    private final ConcurrentLinkedQueue<BlockBuffers> idle = new ConcurrentLinkedQueue<>();

    /**
     * @param request range, direction, columns and requirements
     * @param stats where they count
     * @param lost takes a message about each block that cannot be read (corrupt, or its object is gone) and was left out; thread-safe
     */
    public SegmentScan(ScanRequest request, ScanStats stats, Consumer<String> lost) {
        this(request, stats, lost, 0);
    }

    /**
     * The same for whoever reads one stream after another.
     *
     * @param atOnce segments that it reads at once; 0 if streams are read side by side
     */
    public SegmentScan(ScanRequest request, ScanStats stats, Consumer<String> lost, int atOnce) {
        this.fixedWidth = atOnce > 0;
        this.width = Math.max(1, atOnce);
        this.request = request;
        this.stats = stats;
        this.lost = lost;
        this.search = request.columns().lines() ? LineSearch.of(request.requirements()) : null;
    }

    ScanRequest request() {
        return request;
    }

    ScanStats stats() {
        return stats;
    }

    Consumer<String> lost() {
        return lost;
    }

    /** What rules out blocks of a segment; null when nothing is required of entries. */
    @Nullable
    BlockPruner pruner(SegmentReader segment) {
        if (request.requirements().isEmpty()) {
            return null;
        }
        String key = segment.ref().key();
        BlockPruner known = pruners.get(key);
        return known != null
                ? known
                : pruners.computeIfAbsent(key, k -> new BlockPruner(segment, request.requirements(), stats));
    }

    /** What finds lines that may be wanted; null when all may be. */
    @Nullable
    LineSearch search() {
        return search;
    }

    /** What reads the blocks of a segment several at a time; null where that has no use. */
    @Nullable
    ReadAhead ahead(SegmentReader segment) {
        if (segment.readAheadBytes() == 0) {
            return null;
        }
        ReadAhead known = ahead.get(segment.ref().key());
        return known != null
                ? known
                : ahead.computeIfAbsent(segment.ref().key(), k -> {
                    windows = segment.windows();
                    mostAhead = Math.min(mostAhead, segment.readAheadBytes());
                    return new ReadAhead(segment, this);
                });
    }

    /** Takes notice of streams that are read side by side. */
    synchronized void sideBySide(int streams) {
        width = fixedWidth ? width : Math.max(width, streams);
    }

    ReadWindows windows() {
        return Objects.requireNonNull(windows);
    }

    /** Counts bytes of blocks that were asked for. */
    void consumed(int bytes) {
        consumed.add(bytes);
    }

    /** Counts bytes of blocks that are read, for now or ahead. */
    void fetched(long bytes) {
        fetched.add(bytes);
    }

    /**
     * How much to read at once. What is read ahead and not used yet stays below what was used so far, so that a query that ends early reads little too
     * much, and below half of the room. Whoever finds nothing left may still read its part of that.
     */
    long window() {
        long used = consumed.sum();
        long most = Math.min(used, windows().maxBytes() / 2);
        long unused = Math.max(0, fetched.sum() - used);
        return Math.min(mostAhead, Math.max(most / width, most - unused));
    }

    /** What was read ahead did not stay until it was needed. */
    void readLess() {
        mostAhead = Math.max(mostAhead / 2, windows().maxBytes() / 2 / width);
    }

    /** Buffers for a cursor, to be given back. */
    BlockBuffers takeBuffers() {
        BlockBuffers b = idle.poll();
        return b == null ? new BlockBuffers() : b;
    }

    void giveBack(BlockBuffers buffers) {
        idle.add(buffers);
    }
}
