/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.LogSource;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import io.skald.core.scan.StreamScan;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Entries in memory: the reference that every other source must agree with. Streams are sorted by labels, entries by time and then by
 * arrival, equal entries come once. Counts the cursors that were opened and are not closed yet.
 */
final class MemoryLogSource implements LogSource {
    private final TreeMap<Labels, List<Entry>> streams = new TreeMap<>();
    final AtomicInteger opened = new AtomicInteger();
    final AtomicInteger openNow = new AtomicInteger();

    record Entry(long timestampNanos, ByteBuffer line, Labels metadata) {}

    MemoryLogSource(List<EntryBatch> batches) {
        TreeMap<Labels, Set<Entry>> seen = new TreeMap<>();
        for (EntryBatch b : batches) {
            List<Entry> entries = streams.computeIfAbsent(b.labels(), missing -> new ArrayList<>());
            Set<Entry> known = seen.computeIfAbsent(b.labels(), missing -> new HashSet<>());
            for (int i = 0; i < b.size(); i++) {
                byte[] line = Arrays.copyOfRange(b.buffer(i), b.offset(i), b.offset(i) + b.length(i));
                Entry e = new Entry(b.timestampNanos(i), ByteBuffer.wrap(line), b.metadata(i));
                if (known.add(e)) {
                    entries.add(e);
                }
            }
        }
        streams.values().forEach(entries -> entries.sort(Comparator.comparingLong(Entry::timestampNanos)));
    }

    Map<Labels, List<Entry>> streams() {
        return streams;
    }

    @Override
    public Scan open(ScanRequest request) {
        List<StreamScan> selected = new ArrayList<>();
        streams.forEach((labels, all) -> {
            if (Matcher.all(request.matchers(), labels)) {
                List<Entry> entries = new ArrayList<>();
                for (Entry e : all) {
                    if (e.timestampNanos() >= request.startNanos() && e.timestampNanos() < request.endNanos()) {
                        entries.add(e);
                    }
                }
                if (!entries.isEmpty()) {
                    long min = entries.getFirst().timestampNanos();
                    long max = entries.getLast().timestampNanos();
                    if (request.direction() == Direction.BACKWARD) {
                        Collections.reverse(entries);
                    }
                    selected.add(new MemoryStream(labels, min, max, entries));
                }
            }
        });
        ScanStats stats = new ScanStats();
        return new Scan() {
            @Override
            public List<StreamScan> streams() {
                return List.copyOf(selected);
            }

            @Override
            public ScanStats stats() {
                return stats;
            }

            @Override
            public List<String> warnings() {
                return List.of();
            }

            @Override
            public void close() {
                if (openNow.get() != 0) {
                    throw new IllegalStateException(openNow + " cursors are still open");
                }
            }
        };
    }

    @Override
    public Found<Labels> series(List<Matcher> matchers, long startNanos, long endNanos) {
        return new Found<>(
                streamStats(matchers, startNanos, endNanos).items().stream()
                        .map(StreamStats::labels)
                        .toList(),
                List.of());
    }

    @Override
    public Found<StreamStats> streamStats(List<Matcher> matchers, long startNanos, long endNanos) {
        List<StreamStats> stats = new ArrayList<>();
        streams.forEach((labels, all) -> {
            long entries = 0;
            long bytes = 0;
            for (Entry e : all) {
                if (e.timestampNanos() >= startNanos && e.timestampNanos() < endNanos) {
                    entries++;
                    bytes += e.line().remaining();
                }
            }
            if (entries > 0 && Matcher.all(matchers, labels)) {
                stats.add(new StreamStats(labels, 1, entries, bytes));
            }
        });
        return new Found<>(stats, List.of());
    }

    private final class MemoryStream implements StreamScan {
        private final Labels labels;
        private final long min;
        private final long max;
        private final List<Entry> entries;

        MemoryStream(Labels labels, long min, long max, List<Entry> entries) {
            this.labels = labels;
            this.min = min;
            this.max = max;
            this.entries = entries;
        }

        @Override
        public Labels labels() {
            return labels;
        }

        @Override
        public long minNanos() {
            return min;
        }

        @Override
        public long maxNanos() {
            return max;
        }

        @Override
        public EntryCursor open() {
            opened.incrementAndGet();
            openNow.incrementAndGet();
            return new MemoryCursor(entries);
        }
    }

    private final class MemoryCursor implements EntryCursor {
        private final List<Entry> entries;
        private int at = -1;
        private boolean closed;

        MemoryCursor(List<Entry> entries) {
            this.entries = entries;
        }

        @Override
        public boolean next() {
            if (closed) {
                throw new IllegalStateException("closed");
            }
            return ++at < entries.size();
        }

        @Override
        public long timestampNanos() {
            return entries.get(at).timestampNanos();
        }

        @Override
        public byte[] buffer() {
            return entries.get(at).line().array();
        }

        @Override
        public int offset() {
            return 0;
        }

        @Override
        public int length() {
            return buffer().length;
        }

        @Override
        public Labels metadata() {
            return entries.get(at).metadata();
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                openNow.decrementAndGet();
            }
        }
    }
}
