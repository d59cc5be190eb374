/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.scan;

import java.util.concurrent.atomic.LongAdder;

/** Counters of the work done for one query. Thread-safe. */
public final class ScanStats {
    /** Entries read from the head, before any filter. */
    public final LongAdder headLines = new LongAdder();
    /** Bytes of lines read from the head. */
    public final LongAdder headBytes = new LongAdder();
    /** Entries read from segments, before any filter. */
    public final LongAdder storedLines = new LongAdder();
    /** Bytes of lines read from segments, decompressed. */
    public final LongAdder storedBytes = new LongAdder();
    /** Bytes read from segments, compressed. */
    public final LongAdder compressedBytes = new LongAdder();
    /** Bytes of structured metadata read: of whole blocks as they are stored, and of entries in the head. */
    public final LongAdder metadataBytes = new LongAdder();
    /** Ingesters that answered. */
    public final LongAdder ingesters = new LongAdder();
    /** Streams of heads that the request selected. */
    public final LongAdder headStreams = new LongAdder();
    /** Time that threads waited for the store, nanoseconds, summed over threads. */
    public final LongAdder loadNanos = new LongAdder();
    /** Chunks that the request selected. */
    public final LongAdder chunks = new LongAdder();
    /** Blocks that were read. */
    public final LongAdder blocks = new LongAdder();
    /** Blocks that lie in the range of time: those that were read, and those that were not. */
    public final LongAdder consideredBlocks = new LongAdder();
    /** Bytes of skip filters that were read. */
    public final LongAdder filterBytes = new LongAdder();
    /** Blocks that were not read because their skip filter ruled them out. */
    public final LongAdder prunedBlocks = new LongAdder();
    /** Entries that a query's stages let through; counted by the engine. */
    public final LongAdder matchedLines = new LongAdder();
    /** Entries that were counted without being read; counted by the engine. */
    public final LongAdder countedLines = new LongAdder();
    /** Equal entries that collapsed into one. */
    public final LongAdder duplicates = new LongAdder();

    /** Adds what another has counted so far. */
    public void add(ScanStats o) {
        headLines.add(o.headLines.sum());
        headBytes.add(o.headBytes.sum());
        storedLines.add(o.storedLines.sum());
        storedBytes.add(o.storedBytes.sum());
        compressedBytes.add(o.compressedBytes.sum());
        metadataBytes.add(o.metadataBytes.sum());
        ingesters.add(o.ingesters.sum());
        headStreams.add(o.headStreams.sum());
        loadNanos.add(o.loadNanos.sum());
        chunks.add(o.chunks.sum());
        blocks.add(o.blocks.sum());
        consideredBlocks.add(o.consideredBlocks.sum());
        filterBytes.add(o.filterBytes.sum());
        prunedBlocks.add(o.prunedBlocks.sum());
        matchedLines.add(o.matchedLines.sum());
        countedLines.add(o.countedLines.sum());
        duplicates.add(o.duplicates.sum());
    }
}
