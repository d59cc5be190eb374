/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.model.Labels;
import java.util.ArrayList;
import java.util.List;

/** Collects where the rows of a chunk go while it is written. */
final class ChunkBuilder {
    /** Consecutive rows in one block. */
    static final class Extent {
        final int block;
        final int firstRow;
        int rows;
        final long minNanos;
        long maxNanos;

        Extent(int block, int firstRow, long minNanos) {
            this.block = block;
            this.firstRow = firstRow;
            this.minNanos = minNanos;
            this.maxNanos = minNanos;
        }
    }

    final Labels labels;
    final List<Extent> extents = new ArrayList<>(1);
    long entries;
    long lineBytes;
    long minNanos;
    long maxNanos;

    ChunkBuilder(Labels labels) {
        this.labels = labels;
    }

    /** A row in order of time. */
    void add(int block, int row, long timestampNanos, int length) {
        Extent e;
        if (extents.isEmpty() || extents.getLast().block != block) {
            e = new Extent(block, row, timestampNanos);
            if (extents.isEmpty()) {
                minNanos = timestampNanos;
            }
            extents.add(e);
        } else {
            e = extents.getLast();
        }
        e.rows++;
        e.maxNanos = timestampNanos;
        maxNanos = timestampNanos;
        entries++;
        lineBytes += length;
    }

    /** All rows of a block, in order of time. */
    void addBlock(int block, int rows, long firstNanos, long lastNanos, long bytes) {
        Extent e = new Extent(block, 0, firstNanos);
        if (extents.isEmpty()) {
            minNanos = firstNanos;
        }
        extents.add(e);
        e.rows = rows;
        e.maxNanos = lastNanos;
        maxNanos = lastNanos;
        entries += rows;
        lineBytes += bytes;
    }
}
