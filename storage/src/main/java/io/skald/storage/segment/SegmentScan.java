/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What the cursors over segments need to know of the query that they work for, and share while it runs. Thread-safe. */
public final class SegmentScan {
    private final ScanRequest request;
    private final ScanStats stats;
    private final Consumer<String> lost;
    private final ConcurrentHashMap<String, BlockPruner> pruners = new ConcurrentHashMap<>();
    private final @Nullable LineSearch search;
    /** Buffers that no cursor uses. */
    private final ConcurrentLinkedQueue<BlockBuffers> idle = new ConcurrentLinkedQueue<>();

    /**
     * @param request range, direction, columns and requirements
     * @param stats where they count
     * @param lost takes a message about each block that cannot be read (corrupt, or its object is gone) and was left out; thread-safe
     */
    public SegmentScan(ScanRequest request, ScanStats stats, Consumer<String> lost) {
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

    /** Buffers for a cursor, to be given back. */
    BlockBuffers takeBuffers() {
        BlockBuffers b = idle.poll();
        return b == null ? new BlockBuffers() : b;
    }

    void giveBack(BlockBuffers buffers) {
        idle.add(buffers);
    }
}
