/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import io.skald.core.scan.StreamScan;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A query's view of the head: holds the WAL files that it needs until it is closed. */
final class HeadScan implements Scan {
    private static final System.Logger LOG = System.getLogger(HeadScan.class.getName());
    private static final int MAX_WARNINGS = 10;

    private final HeadRange range;
    private final ScanRequest request;
    private final ScanStats stats = new ScanStats();
    private final List<StreamScan> streams = new ArrayList<>();
    private final Queue<String> warnings = new ConcurrentLinkedQueue<>();
    private boolean closed;

    HeadScan(HeadRange range, ScanRequest request) {
        this.range = range;
        this.request = request;
        for (TenantHead.Stream s : range.streams()) {
            long min = Long.MAX_VALUE;
            long max = Long.MIN_VALUE;
            FragmentList.Slice f = s.fragments();
            for (int i = 0; i < f.size(); i++) {
                if (f.overlaps(i, request.startNanos(), request.endNanos())) {
                    min = Math.min(min, f.minNanos(i));
                    max = Math.max(max, f.maxNanos(i));
                }
            }
            if (min <= max) {
                stats.headStreams.increment();
                streams.add(new One(s, Math.max(min, request.startNanos()), Math.min(max, request.endNanos() - 1)));
            }
        }
    }

    private final class One implements StreamScan {
        private final TenantHead.Stream stream;
        private final long minNanos;
        private final long maxNanos;

        One(TenantHead.Stream stream, long minNanos, long maxNanos) {
            this.stream = stream;
            this.minNanos = minNanos;
            this.maxNanos = maxNanos;
        }

        @Override
        public Labels labels() {
            return stream.labels();
        }

        @Override
        public long minNanos() {
            return minNanos;
        }

        @Override
        public long maxNanos() {
            return maxNanos;
        }

        @Override
        public EntryCursor open() throws StoreException {
            return range.cursor(
                    stream,
                    request.startNanos(),
                    request.endNanos(),
                    request.direction(),
                    request.columns(),
                    stats,
                    HeadScan.this::corrupt);
        }
    }

    @Override
    public List<StreamScan> streams() {
        return streams;
    }

    @Override
    public ScanStats stats() {
        return stats;
    }

    /** What cannot be read is left out and named; the rest is served. */
    private void corrupt(StoreException.CorruptData damage) {
        LOG.log(System.Logger.Level.ERROR, damage.getMessage());
        if (warnings.size() < MAX_WARNINGS) {
            warnings.add(String.valueOf(damage.getMessage()));
        }
    }

    @Override
    public List<String> warnings() {
        return List.copyOf(warnings);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            range.close();
        }
    }
}
