/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.LogSource;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import io.skald.core.scan.StreamScan;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** The lines of a rule test. Filled first, then read by many threads. */
public final class InlineLines implements LogSource {
    private record Entry(long time, byte[] line, Labels metadata) {}

    private final TreeMap<Labels, List<Entry>> streams = new TreeMap<>();

    public void add(Labels stream, long timeNanos, String line, Labels metadata) {
        List<Entry> entries = streams.computeIfAbsent(stream, s -> new ArrayList<>());
        boolean inOrder = entries.isEmpty() || entries.getLast().time <= timeNanos;
        entries.add(new Entry(timeNanos, line.getBytes(StandardCharsets.UTF_8), metadata));
        if (!inOrder) {
            entries.sort(Comparator.comparingLong(Entry::time));
        }
    }

    private SortedMap<Labels, List<Entry>> selected(List<Matcher> matchers, long start, long end) {
        SortedMap<Labels, List<Entry>> out = new TreeMap<>();
        streams.forEach((labels, entries) -> {
            if (Matcher.all(matchers, labels)) {
                List<Entry> in = entries.stream()
                        .filter(e -> e.time >= start && e.time < end)
                        .toList();
                if (!in.isEmpty()) {
                    out.put(labels, in);
                }
            }
        });
        return out;
    }

    @Override
    public Scan open(ScanRequest request) {
        List<StreamScan> found = new ArrayList<>();
        selected(request.matchers(), request.startNanos(), request.endNanos())
                .forEach((labels, entries) -> found.add(
                        new Stream(labels, request.direction() == Direction.FORWARD ? entries : entries.reversed())));
        return new Opened(found, new ScanStats());
    }

    @Override
    public Found<Labels> series(List<Matcher> matchers, long startNanos, long endNanos) {
        return new Found<>(List.copyOf(selected(matchers, startNanos, endNanos).keySet()), List.of());
    }

    @Override
    public Found<StreamStats> streamStats(List<Matcher> matchers, long startNanos, long endNanos) {
        List<StreamStats> out = new ArrayList<>();
        selected(matchers, startNanos, endNanos)
                .forEach((labels, entries) -> out.add(new StreamStats(
                        labels,
                        1,
                        entries.size(),
                        entries.stream().mapToLong(e -> e.line.length).sum())));
        return new Found<>(out, List.of());
    }

    private record Opened(List<StreamScan> streams, ScanStats stats) implements Scan {
        @Override
        public List<String> warnings() {
            return List.of();
        }

        @Override
        public void close() {}
    }

    /** @param entries in the order of the request */
    private record Stream(Labels labels, List<Entry> entries) implements StreamScan {
        @Override
        public long minNanos() {
            return Math.min(entries.getFirst().time, entries.getLast().time);
        }

        @Override
        public long maxNanos() {
            return Math.max(entries.getFirst().time, entries.getLast().time);
        }

        @Override
        public EntryCursor open() {
            return new Cursor(entries);
        }
    }

    private static final class Cursor implements EntryCursor {
        private final List<Entry> entries;
        private int at = -1;

        private Cursor(List<Entry> entries) {
            this.entries = entries;
        }

        @Override
        public boolean next() {
            return ++at < entries.size();
        }

        @Override
        public long timestampNanos() {
            return entries.get(at).time;
        }

        @Override
        public byte[] buffer() {
            return entries.get(at).line;
        }

        @Override
        public int offset() {
            return 0;
        }

        @Override
        public int length() {
            return entries.get(at).line.length;
        }

        @Override
        public Labels metadata() {
            return entries.get(at).metadata;
        }

        @Override
        public void close() {}
    }
}
