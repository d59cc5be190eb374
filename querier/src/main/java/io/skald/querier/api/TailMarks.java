/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.model.StoreException;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.EntryIdentity;
import io.skald.core.scan.FilteredCursor;
import io.skald.core.scan.ForwardingStream;
import io.skald.core.scan.LogSource;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import io.skald.core.scan.StreamScan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How far a tail is in each stream by time, for when its place in an ingester's log is gone: what lies behind the mark of its stream was not
 * sent yet. That holds for streams whose entries come in order of time. Bounded: the streams longest without an entry are forgotten, and
 * may be sent again, as may entries that share one time with a thousand others. Thread-safe: guarded by itself.
 */
final class TailMarks {
    private static final int MAX_STREAMS = 100_000;
    private static final int MAX_AT_ONE_TIME = 1000;

    /** The last time of a stream, and what was sent of that time. */
    private record Mark(long nanos, Set<EntryIdentity> at) {}

    private final long floorNanos;
    private long newestNanos;

    private final Map<Labels, Mark> marks = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Labels, Mark> eldest) {
            return size() > MAX_STREAMS;
        }
    };

    /** @param floorNanos what is older is sent already or was never wanted, in streams without a mark */
    TailMarks(long floorNanos) {
        this.floorNanos = floorNanos;
        this.newestNanos = floorNanos;
    }

    /** The time of the newest entry that was marked. */
    synchronized long newestNanos() {
        return newestNanos;
    }

    /** Takes note of entries that are dealt with, sent or not wanted by the query. */
    synchronized void mark(EntryBatch b) {
        long newest = Long.MIN_VALUE;
        for (int i = 0; i < b.size(); i++) {
            newest = Math.max(newest, b.timestampNanos(i));
        }
        for (int i = 0; i < b.size(); i++) {
            if (b.timestampNanos(i) == newest) {
                mark(b, i);
            }
        }
    }

    private void mark(EntryBatch b, int i) {
        long nanos = b.timestampNanos(i);
        Mark mark = marks.get(b.labels());
        if (mark == null || mark.nanos < nanos) {
            mark = new Mark(nanos, new HashSet<>());
            marks.put(b.labels(), mark);
            newestNanos = Math.max(newestNanos, nanos);
        }
        if (mark.nanos == nanos && mark.at.size() < MAX_AT_ONE_TIME) {
            // a copy: the batch's buffer holds many lines
            byte[] line = Arrays.copyOfRange(b.buffer(i), b.offset(i), b.offset(i) + b.length(i));
            mark.at.add(new EntryIdentity(line, 0, line.length, b.metadata(i)));
        }
    }

    private synchronized boolean isUnsent(Labels labels, EntryCursor entry) {
        Mark m = marks.get(labels);
        long nanos = entry.timestampNanos();
        if (m == null) {
            return nanos > floorNanos;
        }
        return nanos > m.nanos
                || nanos == m.nanos
                        && !m.at.contains(
                                new EntryIdentity(entry.buffer(), entry.offset(), entry.length(), entry.metadata()));
    }

    /** What a source holds behind the marks. Entries that are read move no mark until {@link Unsent#markRead}. */
    Unsent unsent(LogSource source) {
        return new Unsent(source);
    }

    /** A source without what was sent. Thread-safe. */
    final class Unsent implements LogSource {
        private final LogSource source;
        private final Map<Labels, EntryBatch> read = new LinkedHashMap<>();

        private Unsent(LogSource source) {
            this.source = source;
        }

        /** Moves the marks behind everything that was read. */
        void markRead() {
            synchronized (read) {
                read.values().forEach(TailMarks.this::mark);
                read.clear();
            }
        }

        private void note(Labels labels, EntryCursor c) {
            synchronized (read) {
                EntryBatch b = read.get(labels);
                long nanos = c.timestampNanos();
                if (b == null || nanos > b.timestampNanos(0)) {
                    b = new EntryBatch(labels, 1);
                    read.put(labels, b);
                }
                if (b.size() == 0 || nanos == b.timestampNanos(0)) {
                    byte[] line = Arrays.copyOfRange(c.buffer(), c.offset(), c.offset() + c.length());
                    b.add(nanos, line, 0, line.length, c.metadata());
                }
            }
        }

        @Override
        public Scan open(ScanRequest request) throws StoreException {
            // the query's literals say nothing about what is marked, and lines are compared: read everything
            Scan scan = source.open(new ScanRequest(
                    request.matchers(),
                    request.startNanos(),
                    request.endNanos(),
                    Direction.FORWARD,
                    ScanRequest.Columns.ALL,
                    List.of()));
            List<StreamScan> streams = new ArrayList<>();
            for (StreamScan s : scan.streams()) {
                streams.add(new UnsentStream(s));
            }
            return new UnsentScan(scan, streams);
        }

        @Override
        public Found<Labels> series(List<Matcher> matchers, long startNanos, long endNanos) throws StoreException {
            return source.series(matchers, startNanos, endNanos);
        }

        @Override
        public Found<StreamStats> streamStats(List<Matcher> matchers, long startNanos, long endNanos)
                throws StoreException {
            return source.streamStats(matchers, startNanos, endNanos);
        }

        private record UnsentScan(Scan scan, List<StreamScan> streams) implements Scan {
            @Override
            public ScanStats stats() {
                return scan.stats();
            }

            @Override
            public List<String> warnings() {
                return scan.warnings();
            }

            @Override
            public void close() {
                scan.close();
            }
        }

        private final class UnsentStream extends ForwardingStream {
            private UnsentStream(StreamScan stream) {
                super(stream);
            }

            @Override
            public EntryCursor open() throws StoreException {
                Labels labels = stream.labels();
                return new FilteredCursor(stream.open(), at -> {
                    boolean unsent = isUnsent(labels, at);
                    if (unsent) {
                        note(labels, at);
                    }
                    return unsent;
                });
            }
        }
    }
}
