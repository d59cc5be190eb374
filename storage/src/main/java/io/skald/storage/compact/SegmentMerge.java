/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.compact;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.FilteredStream;
import io.skald.core.scan.MergedStream;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import io.skald.core.scan.StreamScan;
import io.skald.storage.index.DeletedEntries;
import io.skald.storage.segment.LabelSelector;
import io.skald.storage.segment.SegmentReader;
import io.skald.storage.segment.SegmentScan;
import io.skald.storage.segment.SegmentWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Copies the entries of several segments to one, stream by stream. Confined to one thread. */
final class SegmentMerge {
    /** A batch becomes a chunk: large enough for its blocks to be full, small enough for the heap. */
    private static final int BATCH_BYTES = 8 << 20;

    private static final int BATCH_ROWS = 1 << 17;

    private static final ScanRequest ALL = new ScanRequest(
            List.of(), Long.MIN_VALUE, Long.MAX_VALUE, Direction.FORWARD, ScanRequest.Columns.ALL, List.of());

    /** A block that cannot be read: a copy without it would be all that is left. */
    static final class Unreadable extends RuntimeException {
        private static final long serialVersionUID = 1;

        Unreadable(String message) {
            super(message);
        }
    }

    /**
     * A segment to read.
     *
     * @param without entries to leave out
     */
    record Input(SegmentReader reader, List<DeletedEntries> without) {}

    private final SegmentWriter writer;
    private final Pace pace;
    private final Runnable afterBatch;
    private final ScanStats stats = new ScanStats();
    private byte[] lines = new byte[1 << 20];
    private int used;

    SegmentMerge(SegmentWriter writer, Pace pace, Runnable afterBatch) {
        this.writer = writer;
        this.pace = pace;
        this.afterBatch = afterBatch;
    }

    /** Entries that were left out as they equal others. */
    long duplicates() {
        return stats.duplicates.sum() + writer.duplicates();
    }

    /** Copies everything; returns whether there was anything. */
    boolean run(List<Input> inputs) throws StoreException, InterruptedException {
        SegmentScan scan = new SegmentScan(
                ALL,
                stats,
                message -> {
                    throw new Unreadable(message);
                },
                inputs.size());
        TreeMap<Labels, List<StreamScan>> streams = new TreeMap<>();
        LabelSelector everything = new LabelSelector(List.of());
        for (Input in : inputs) {
            for (SegmentReader.Chunk c : in.reader().chunks(everything, Long.MIN_VALUE, Long.MAX_VALUE)) {
                streams.computeIfAbsent(c.labels(), l -> new ArrayList<>(1))
                        .add(FilteredStream.of(c.scan(scan), in.without()));
            }
        }
        boolean any = false;
        for (Map.Entry<Labels, List<StreamScan>> e : streams.entrySet()) {
            List<StreamScan> parts = e.getValue();
            StreamScan stream = parts.size() == 1
                    ? parts.getFirst()
                    : new MergedStream(e.getKey(), parts, Direction.FORWARD, stats);
            any |= copy(stream);
        }
        return any;
    }

    private boolean copy(StreamScan stream) throws StoreException, InterruptedException {
        boolean any = false;
        try (EntryCursor c = stream.open()) {
            boolean more = c.next();
            while (more) {
                any = true;
                long start = System.nanoTime();
                EntryBatch batch = new EntryBatch(stream.labels(), 256);
                used = 0;
                do {
                    add(batch, c);
                    more = c.next();
                } while (more && batch.size() < BATCH_ROWS && used + c.length() <= BATCH_BYTES);
                writer.add(batch);
                afterBatch.run();
                pace.worked(System.nanoTime() - start, used);
            }
        }
        return any;
    }

    private void add(EntryBatch batch, EntryCursor c) {
        if (used + c.length() > lines.length) {
            // rows before keep the array they are in
            byte[] larger = new byte[Math.max(Math.min(BATCH_BYTES, 2 * lines.length), c.length())];
            lines = larger;
            System.arraycopy(c.buffer(), c.offset(), lines, 0, c.length());
            batch.add(c.timestampNanos(), lines, 0, c.length(), c.metadata());
            used = c.length();
            return;
        }
        System.arraycopy(c.buffer(), c.offset(), lines, used, c.length());
        batch.add(c.timestampNanos(), lines, used, c.length(), c.metadata());
        used += c.length();
    }
}
