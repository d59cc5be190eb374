/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.LogSource.StreamStats;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanRequest.Columns;
import io.skald.core.scan.ScanStats;
import io.skald.core.wire.HeldLines;
import io.skald.core.wire.RecentEntries;
import io.skald.core.wire.UnstoredDelete;
import io.skald.ingester.wal.PendingRecord;
import io.skald.ingester.wal.Wal;
import io.skald.ingester.wal.WalFile;
import io.skald.ingester.wal.WalFormat;
import io.skald.ingester.wal.WalListener;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The WAL as the head: keeps a few numbers per fragment on the heap and reads entries from the WAL files. What is durable is registered here
 * before it is acknowledged, so the next query sees it. Thread-safe.
 */
public final class Head implements RecentEntries, WalListener, Wal.Replay {
    private static final System.Logger LOG = System.getLogger(Head.class.getName());

    private final String ingesterId;
    private final WalEvents events;
    private final SeenPushes seen;
    private final LineLedger ledger;
    private final Map<TenantId, Long> fences;
    private final ConcurrentHashMap<TenantId, TenantHead> tenants = new ConcurrentHashMap<>();
    private @Nullable Wal wal;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition grown = lock.newCondition();
    private volatile long endPosition;
    // guarded by lock
    private long bytesSinceCut;
    private long firstSinceCutMillis;
    private long firstKept = Long.MAX_VALUE;

    /** Is told what the WAL does, for metrics. Calls must not block. */
    public interface WalEvents {
        void synced(long nanos, long bytes);

        void poisoned();

        void corrupt();

        /** A damaged file was taken out of use. */
        void setAside();

        /** The time now, milliseconds since the epoch. */
        long nowMillis();
    }

    /**
     * @param fences for each tenant with a commit by this ingester, up to where its entries are in segments
     * @param seen is told of each native push that is durable, and saved before WAL files are not read any more
     * @param ledger the same of the lines that pushes are about
     */
    public Head(String ingesterId, Map<TenantId, Long> fences, SeenPushes seen, LineLedger ledger, WalEvents events) {
        this.ingesterId = ingesterId;
        this.seen = seen;
        this.ledger = ledger;
        this.fences = Map.copyOf(fences);
        this.events = events;
        fences.forEach((tenant, fence) -> tenants.put(tenant, new TenantHead(fence)));
    }

    /** Completes the head after the WAL was replayed into it. Files that hold nothing of use are let go. */
    public void attach(Wal opened) {
        wal = opened;
        endPosition = opened.firstPosition();
        opened.releaseBelow(WalFormat.number(Math.min(firstKept, opened.firstPosition())));
    }

    private Wal wal() {
        return Objects.requireNonNull(wal, "head is not attached to a WAL");
    }

    private TenantHead head(TenantId tenant) {
        return tenants.computeIfAbsent(tenant, t -> new TenantHead(0));
    }

    // ---- what the WAL reports

    @Override
    public void record(long position, byte type, MemorySegment payload) {
        TenantId tenant;
        List<EncodedBatch.Fragment> fragments;
        try {
            if (type == WalFormat.TYPE_BLOCKS) {
                EncodedBlocks.Read r = EncodedBlocks.read(payload);
                seen.add(r.id(), events.nowMillis());
                tenant = r.id().tenant();
                fragments = r.fragments();
            } else if (type == WalFormat.TYPE_ENTRIES) {
                BatchCodec.EncodedFragments r = BatchCodec.read(payload);
                tenant = r.tenant();
                fragments = r.fragments();
            } else if (type == WalFormat.TYPE_LINES) {
                EncodedLines.read(payload).addTo(ledger);
                return;
            } else {
                throw new IllegalArgumentException("record type " + type + " is not known");
            }
        } catch (RuntimeException e) {
            // the checksum holds, so another version wrote it; what follows is still of use
            LOG.log(System.Logger.Level.ERROR, "WAL record at " + describe(position) + " cannot be read", e);
            events.corrupt();
            return;
        }
        if (position >= fences.getOrDefault(tenant, 0L)) {
            head(tenant).add(position, WalFormat.RECORD_HEADER, fragments);
            grow(payload.byteSize(), position);
            firstKept = Math.min(firstKept, position);
        }
    }

    private static String describe(long position) {
        return WalFormat.number(position) + ":" + WalFormat.offset(position);
    }

    @Override
    public boolean directory(long number, byte[] content) {
        long[] bytes = new long[1];
        try {
            boolean known = FragmentDirectory.read(number, content, (tenant, labels, fragments) -> {
                if (fragments.dropBelow(fences.getOrDefault(tenant, 0L)) > 0) {
                    bytes[0] += fragments.bytes();
                    head(tenant).add(labels, fragments);
                }
            });
            if (bytes[0] > 0) {
                long first = WalFormat.position(number, 0);
                grow(bytes[0], first);
                firstKept = Math.min(firstKept, first);
            }
            return known;
        } catch (RuntimeException e) {
            // its checksum holds, so this is a defect; the records tell the same
            LOG.log(System.Logger.Level.ERROR, "directory of WAL file " + number + " cannot be read", e);
            tenants.values().forEach(t -> t.dropFrom(WalFormat.position(number, 0)));
            return false;
        }
    }

    @Override
    public byte @Nullable [] directory(long number) {
        try {
            // first: with the directory, a restart does not read the pushes that are in the file
            seen.save(events.nowMillis());
            ledger.save(events.nowMillis());
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "cannot save which native pushes and lines were seen", e);
            return null;
        }
        FragmentDirectory.Writer w = new FragmentDirectory.Writer();
        for (TenantId t : tenants()) {
            List<TenantHead.Stream> streams =
                    head(t).unsorted(WalFormat.position(number, 0), WalFormat.position(number + 1, 0));
            if (!streams.isEmpty()) {
                w.add(t, streams);
            }
        }
        return w.finish();
    }

    @Override
    public void setAside(String path) {
        events.setAside();
    }

    @Override
    public void corrupt(StoreException.CorruptData damage) {
        events.corrupt();
    }

    @Override
    public void durable(List<? extends PendingRecord> records, long end) {
        long bytes = 0;
        for (PendingRecord r : records) {
            if (r instanceof EncodedBatch b) {
                head(b.tenant()).add(b.position(), WalFormat.RECORD_HEADER, b.fragments());
            } else if (r instanceof EncodedBlocks b) {
                head(b.id().tenant()).add(b.position(), WalFormat.RECORD_HEADER, b.fragments());
                seen.add(b.id(), events.nowMillis());
            } else if (r instanceof EncodedLines l) {
                l.addTo(ledger);
            }
            bytes += r.length();
        }
        grow(bytes, end);
    }

    /** Counts bytes and moves the end at once: a cut between the two would take the count of what lies above it. */
    private void grow(long bytes, long end) {
        lock.lock();
        try {
            bytesSinceCut += bytes;
            if (firstSinceCutMillis == 0) {
                firstSinceCutMillis = events.nowMillis();
            }
            endPosition = end;
            grown.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void synced(long nanos, long bytes) {
        events.synced(nanos, bytes);
    }

    @Override
    public void poisoned(WalFile file, Exception cause) {
        events.poisoned();
    }

    // ---- what a flush asks for

    /**
     * Where a flush cuts.
     *
     * @param position everything acknowledged before the cut is below it
     * @param bytes bytes of records since the last cut
     * @param oldestMillis when the first of them arrived, 0 when there are none
     */
    public record Cut(long position, long bytes, long oldestMillis) {}

    /** Cuts at the present end, and starts counting anew. */
    public Cut cut() {
        lock.lock();
        try {
            Cut cut = new Cut(endPosition, bytesSinceCut, firstSinceCutMillis);
            bytesSinceCut = 0;
            firstSinceCutMillis = 0;
            return cut;
        } finally {
            lock.unlock();
        }
    }

    /** What {@link #cut} would give, without cutting. */
    public Cut sinceCut() {
        lock.lock();
        try {
            return new Cut(endPosition, bytesSinceCut, firstSinceCutMillis);
        } finally {
            lock.unlock();
        }
    }

    /** Tenants that may hold entries, sorted. */
    public List<TenantId> tenants() {
        List<TenantId> all = new ArrayList<>(tenants.keySet());
        all.sort(null);
        return all;
    }

    /** Streams held now, over all tenants. */
    public long streamCount() {
        return tenants.values().stream().mapToLong(TenantHead::streamCount).sum();
    }

    /** Fragments held now, over all tenants. */
    public long fragmentCount() {
        return tenants.values().stream().mapToLong(TenantHead::fragmentCount).sum();
    }

    /** Entries of a tenant at positions in [from, to), for a flush. The caller closes it. */
    public HeadRange range(TenantId tenant, long from, long to, List<UnstoredDelete> without) throws StoreException {
        return HeadRange.open(wal(), head(tenant), List.of(), from, to, without);
    }

    /** Whether a tenant may have entries at positions in [from, to). */
    public boolean holds(TenantId tenant, long from, long to) {
        return !head(tenant).unsorted(from, to).isEmpty();
    }

    /** Forgets what these tenants have below a position, and lets go of the WAL files that hold only that. */
    public void dropBelow(List<TenantId> flushed, long position) {
        for (TenantId t : flushed) {
            head(t).dropBelow(position);
        }
        wal().releaseBelow(WalFormat.number(position));
    }

    // ---- queries

    @Override
    public String ingesterId() {
        return ingesterId;
    }

    private HeadRange range(TenantId tenant, List<Matcher> matchers, long fence, List<UnstoredDelete> without)
            throws StoreException {
        TenantHead t = tenants.get(tenant);
        return t == null ? HeadRange.empty() : HeadRange.open(wal(), t, matchers, fence, Long.MAX_VALUE, without);
    }

    @Override
    public Scan open(TenantId tenant, long fence, List<UnstoredDelete> without, ScanRequest request)
            throws StoreException {
        return new HeadScan(range(tenant, request.matchers(), fence, without), request);
    }

    @Override
    public List<StreamStats> streamStats(
            TenantId tenant,
            long fence,
            List<UnstoredDelete> without,
            List<Matcher> matchers,
            long startNanos,
            long endNanos)
            throws StoreException {
        try (HeadRange range = range(tenant, matchers, fence, without)) {
            List<StreamStats> all = new ArrayList<>();
            for (TenantHead.Stream s : range.streams()) {
                StreamStats stats = range.stats(s, startNanos, endNanos);
                if (stats.entries() > 0) {
                    all.add(stats);
                }
            }
            return all;
        }
    }

    @Override
    public List<Labels> series(
            TenantId tenant,
            long fence,
            List<UnstoredDelete> without,
            List<Matcher> matchers,
            long startNanos,
            long endNanos)
            throws StoreException {
        try (HeadRange range = range(tenant, matchers, fence, without)) {
            List<Labels> all = new ArrayList<>();
            for (TenantHead.Stream s : range.streams()) {
                if (range.hasEntries(s, startNanos, endNanos)) {
                    all.add(s.labels());
                }
            }
            return all;
        }
    }

    @Override
    public List<HeldLines> lines(Collection<HeldLines.Origin> of) {
        return ledger.lines(of);
    }

    @Override
    public long endPosition() {
        return endPosition;
    }

    @Override
    public Tailed tail(TenantId tenant, List<Matcher> matchers, long fromPosition, int maxEntries, Duration maxWait)
            throws StoreException, InterruptedException {
        long deadline = System.nanoTime() + maxWait.toNanos();
        long from = fromPosition;
        while (true) {
            long end = endPosition;
            TenantHead t = tenants.get(tenant);
            if (t != null && t.hasFrom(from)) {
                Tailed step = step(t, matchers, from, end, maxEntries);
                if (!step.batches().isEmpty()) {
                    return step;
                }
            } else if (t != null && t.droppedBelow() > from) {
                throw new StoreException.Stale("entries at WAL position " + describe(from) + " are in segments by now");
            }
            from = Math.max(from, end);
            if (!awaitGrowth(end, deadline)) {
                return new Tailed(List.of(), from);
            }
        }
    }

    @Override
    public Arrived arrived(TenantId tenant, long fromPosition) throws StoreException {
        long end = endPosition;
        TenantHead t = tenants.get(tenant);
        if (t == null || end <= fromPosition) {
            return new Arrived(List.of(), Math.max(end, fromPosition));
        }
        if (t.droppedBelow() > fromPosition) {
            throw new StoreException.Stale(
                    "entries at WAL position " + describe(fromPosition) + " are in segments by now");
        }
        List<Arrival> found = new ArrayList<>();
        for (TenantHead.Stream s : t.unsorted(fromPosition, end)) {
            FragmentList.Slice f = s.fragments();
            for (int i = 0; i < f.size(); i++) {
                found.add(new Arrival(s.labels(), f.minNanos(i), f.maxNanos(i), f.count(i)));
            }
        }
        return new Arrived(found, end);
    }

    private boolean awaitGrowth(long end, long deadlineNanos) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (endPosition <= end) {
                long left = deadlineNanos - System.nanoTime();
                if (left <= 0 || grown.awaitNanos(left) <= 0 && endPosition <= end) {
                    return false;
                }
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    private record Place(TenantHead.Stream stream, int fragment) {
        long address() {
            return stream.fragments().address(fragment);
        }
    }

    private Tailed step(TenantHead tenant, List<Matcher> matchers, long from, long end, int maxEntries)
            throws StoreException {
        try (HeadRange range = HeadRange.open(wal(), tenant, matchers, from, end, List.of())) {
            List<Place> places = new ArrayList<>();
            for (TenantHead.Stream s : range.streams()) {
                for (int i = 0; i < s.fragments().size(); i++) {
                    places.add(new Place(s, i));
                }
            }
            places.sort(Comparator.comparingLong(Place::address));
            List<EntryBatch> batches = new ArrayList<>();
            int entries = 0;
            for (Place p : places) {
                if (entries > 0 && entries + p.stream.fragments().count(p.fragment) > maxEntries) {
                    return new Tailed(batches, p.address());
                }
                EntryBatch b = range.read(p.stream, p.fragment);
                entries += b.size();
                batches.add(b);
            }
            return new Tailed(batches, end);
        }
    }

    /** Counts a stream by reading it. */
    static StreamStats count(HeadRange range, TenantHead.Stream s, long startNanos, long endNanos)
            throws StoreException {
        long entries = 0;
        long bytes = 0;
        Columns lengths = new Columns(true, false, false);
        try (EntryCursor c = range.cursor(s, startNanos, endNanos, Direction.FORWARD, lengths, new ScanStats(), null)) {
            while (c.next()) {
                entries++;
                bytes += c.length();
            }
        }
        return new StreamStats(s.labels(), 1, entries, bytes);
    }
}
