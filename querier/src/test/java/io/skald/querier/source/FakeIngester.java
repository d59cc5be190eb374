/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.source;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.EntryFilter;
import io.skald.core.scan.EntryIdentity;
import io.skald.core.scan.LogSource.StreamStats;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import io.skald.core.scan.StreamScan;
import io.skald.core.wire.RecentEntries;
import io.skald.core.wire.UnstoredDelete;
import io.skald.logql.pipeline.QueryFilter;
import io.skald.storage.SegmentStore;
import io.skald.storage.index.CommitLog;
import io.skald.storage.index.CommitResult;
import io.skald.storage.index.Fence;
import io.skald.storage.index.LogRecord;
import io.skald.storage.segment.SegmentRef;
import io.skald.storage.segment.SegmentWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

/** An ingester in the heap: an entry per WAL position. Gives the columns that it is asked for and no others. */
public final class FakeIngester implements RecentEntries {
    public record Entry(Labels labels, long time, String line, Labels metadata) {}

    final String id;
    public final List<Entry> entries = new ArrayList<>();
    /** Positions below are gone. */
    public volatile long firstHeld;

    public volatile boolean unreachable;
    /** Tails that were told so. */
    public final AtomicInteger refused = new AtomicInteger();

    /** Runs before an answer. */
    Runnable beforeOpen = () -> {};

    public FakeIngester(String id) {
        this.id = id;
    }

    @Override
    public String ingesterId() {
        return id;
    }

    private Map<Labels, List<Entry>> held(
            long fence, List<UnstoredDelete> without, List<Matcher> matchers, long start, long end)
            throws StoreException {
        if (unreachable) {
            throw new StoreException.Unavailable(id + " is down");
        }
        if (fence < firstHeld) {
            throw new StoreException.Stale(id + " holds from " + firstHeld + ", asked for " + fence);
        }
        Map<Labels, List<Entry>> byLabels = new TreeMap<>();
        for (Entry e : without(without, fence, entries.size())) {
            if (e.time >= start && e.time < end && Matcher.all(matchers, e.labels)) {
                byLabels.computeIfAbsent(e.labels, l -> new ArrayList<>()).add(e);
            }
        }
        byLabels.replaceAll((l, all) -> {
            List<Entry> sorted = new ArrayList<>(all);
            sorted.sort(Comparator.comparingLong(Entry::time));
            Set<Object> seen = new HashSet<>();
            sorted.removeIf(e -> !seen.add(List.of(e.time, e.line, EntryIdentity.pushed(e.metadata))));
            return sorted;
        });
        return byLabels;
    }

    /** Entries at positions in [from, to) that no request means. */
    List<Entry> without(List<UnstoredDelete> deletes, long from, long to) {
        List<Entry> left = new ArrayList<>();
        for (int i = (int) from; i < to; i++) {
            Entry e = entries.get(i);
            int position = i;
            if (deletes.stream().noneMatch(d -> d.concerns(position, e.time, e.time) && means(d, e))) {
                left.add(e);
            }
        }
        return left;
    }

    private static boolean means(UnstoredDelete d, Entry e) {
        EntryFilter.Entries meant = QueryFilter.of(d.query()).forStream(e.labels);
        ScanRequest all = new ScanRequest(List.of(), 0, 1, Direction.FORWARD, ScanRequest.Columns.ALL, List.of());
        HeldCursor at = new HeldCursor(List.of(e), all);
        return meant != null && at.next() && meant.match(at);
    }

    @Override
    public Scan open(TenantId tenant, long fence, List<UnstoredDelete> without, ScanRequest request)
            throws StoreException {
        beforeOpen.run();
        List<StreamScan> streams = new ArrayList<>();
        held(fence, without, request.matchers(), request.startNanos(), request.endNanos())
                .forEach((labels, all) -> streams.add(new HeldStream(labels, all, request)));
        return new HeldScan(streams);
    }

    @Override
    public List<StreamStats> streamStats(
            TenantId tenant, long fence, List<UnstoredDelete> without, List<Matcher> matchers, long start, long end)
            throws StoreException {
        List<StreamStats> stats = new ArrayList<>();
        held(fence, without, matchers, start, end)
                .forEach((l, all) -> stats.add(new StreamStats(
                        l,
                        1,
                        all.size(),
                        all.stream().mapToLong(e -> e.line.length()).sum())));
        return stats;
    }

    @Override
    public List<Labels> series(
            TenantId tenant, long fence, List<UnstoredDelete> without, List<Matcher> matchers, long start, long end)
            throws StoreException {
        return List.copyOf(held(fence, without, matchers, start, end).keySet());
    }

    @Override
    public Arrived arrived(TenantId tenant, long fromPosition) throws StoreException {
        List<Arrival> found = new ArrayList<>();
        for (Entry e : entries.subList((int) fromPosition, entries.size())) {
            found.add(new Arrival(e.labels, e.time, e.time, 1));
        }
        return new Arrived(found, entries.size());
    }

    @Override
    public long endPosition() {
        return entries.size();
    }

    /** Adds an entry while tails may wait for one. */
    public synchronized void append(Entry entry) {
        entries.add(entry);
        notifyAll();
    }

    /** Positions below are gone. */
    public synchronized void forgetBelow(long position) {
        firstHeld = position;
        notifyAll();
    }

    @Override
    public synchronized Tailed tail(
            TenantId tenant, List<Matcher> matchers, long from, int maxEntries, Duration maxWait)
            throws StoreException, InterruptedException {
        long deadline = System.nanoTime() + maxWait.toNanos();
        while (entries.size() <= from && System.nanoTime() < deadline) {
            wait(20);
        }
        if (unreachable) {
            refused.incrementAndGet();
            throw new StoreException.Unavailable(id + " is down");
        }
        if (from < firstHeld) {
            throw new StoreException.Stale(id + " holds from " + firstHeld + ", asked for " + from);
        }
        List<EntryBatch> batches = new ArrayList<>();
        long next = Math.min(entries.size(), from + maxEntries);
        for (Entry e : entries.subList((int) from, (int) next)) {
            if (Matcher.all(matchers, e.labels)) {
                byte[] line = e.line.getBytes(StandardCharsets.UTF_8);
                EntryBatch b = new EntryBatch(e.labels, 1);
                b.add(e.time, line, 0, line.length, e.metadata);
                batches.add(b);
            }
        }
        return new Tailed(batches, next);
    }

    /** Writes what is held behind the fence as segments and commits them. */
    public synchronized void flush(TenantId tenant, CommitLog log, SegmentStore objects) throws StoreException {
        long fence = log.read(tenant).fence(id);
        long end = entries.size();
        Map<Integer, TreeMap<Labels, EntryBatch>> days = new TreeMap<>();
        for (Entry e : entries.subList((int) fence, (int) end)) {
            byte[] line = e.line().getBytes(StandardCharsets.UTF_8);
            days.computeIfAbsent(SegmentWriter.dayOf(e.time()), d -> new TreeMap<>())
                    .computeIfAbsent(e.labels(), EntryBatch::new)
                    .add(e.time(), line, 0, line.length, e.metadata());
        }
        List<SegmentRef> refs = new ArrayList<>();
        for (Map.Entry<Integer, TreeMap<Labels, EntryBatch>> day : days.entrySet()) {
            try (SegmentWriter w = SegmentWriter.create(objects, tenant, day.getKey())) {
                for (EntryBatch batch : day.getValue().values()) {
                    w.add(batch);
                }
                refs.add(w.finish());
            }
        }
        if (!(log.commit(tenant, LogRecord.flush(refs, new Fence(id, fence, end))) instanceof CommitResult.Committed)) {
            throw new IllegalStateException("not committed");
        }
    }

    private record HeldScan(List<StreamScan> streams) implements Scan {
        @Override
        public ScanStats stats() {
            return new ScanStats();
        }

        @Override
        public List<String> warnings() {
            return List.of();
        }

        @Override
        public void close() {}
    }

    private record HeldStream(Labels labels, List<Entry> entries, ScanRequest request) implements StreamScan {
        @Override
        public long minNanos() {
            return entries.getFirst().time;
        }

        @Override
        public long maxNanos() {
            return entries.getLast().time;
        }

        @Override
        public EntryCursor open() {
            List<Entry> order = new ArrayList<>(entries);
            if (request.direction() == Direction.BACKWARD) {
                Collections.reverse(order);
            }
            return new HeldCursor(order, request);
        }
    }

    private static final class HeldCursor implements EntryCursor {
        private final List<Entry> entries;
        private final ScanRequest request;
        private int at = -1;

        HeldCursor(List<Entry> entries, ScanRequest request) {
            this.entries = entries;
            this.request = request;
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
            return request.columns().lines() ? entries.get(at).line.getBytes(StandardCharsets.UTF_8) : new byte[0];
        }

        @Override
        public int offset() {
            return 0;
        }

        @Override
        public int length() {
            return request.columns().lineLengths() ? entries.get(at).line.getBytes(StandardCharsets.UTF_8).length : 0;
        }

        @Override
        public Labels metadata() {
            return request.columns().metadata() ? entries.get(at).metadata : Labels.EMPTY;
        }

        @Override
        public void close() {}
    }
}
