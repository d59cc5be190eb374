/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.source;

import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.FilteredStream;
import io.skald.core.scan.LogSource;
import io.skald.core.scan.PatternScan;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanPlan;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import io.skald.core.scan.StreamScan;
import io.skald.core.wire.RecentEntries;
import io.skald.logql.pipeline.QueryFilter;
import io.skald.storage.index.CommitLog;
import io.skald.storage.index.DeletedEntries;
import io.skald.storage.index.Deletion;
import io.skald.storage.index.IndexVersion;
import io.skald.storage.index.Retention;
import io.skald.storage.segment.LabelSelector;
import io.skald.storage.segment.SegmentReader;
import io.skald.storage.segment.SegmentReader.Size;
import io.skald.storage.segment.SegmentReaders;
import io.skald.storage.segment.SegmentRef;
import io.skald.storage.segment.SegmentScan;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * All entries of a tenant, each once: reads the index at one version, then asks every ingester for what is not in that version. What is
 * flushed or compacted meanwhile changes nothing; an ingester that no longer has all of its part says so, and the read begins again at a
 * newer version. A segment or an ingester that cannot be read leaves a warning, not an error. Thread-safe.
 */
public final class ExactSource implements LogSource {
    /**
     * What is in segments at one version of the index.
     *
     * @param fences WAL position of each ingester up to which (exclusive) its entries are in it; an ingester that is missing has none
     */
    public record Stored(LogSource source, Map<String, Long> fences) {}
    /** Restarts before giving up: each needs a flush to have been committed and forgotten between two reads. */
    private static final int MAX_ATTEMPTS = 8;

    private final TenantId tenant;
    private final CommitLog log;
    private final SegmentReaders segments;
    private final Ingesters ingesters;
    /** The only version to read, or null for always the newest. */
    private final @Nullable IndexVersion pinned;

    private final @Nullable Retention retention;

    /**
     * @param segments shared by all sources over the same store
     * @param ingesters all that may hold entries that are not in segments; asked for anew at every read
     */
    public ExactSource(TenantId tenant, CommitLog log, SegmentReaders segments, Ingesters ingesters) {
        this(tenant, log, segments, ingesters, null, null);
    }

    /**
     * The same without what is expired.
     *
     * @param retention how far back entries are to be seen
     */
    public ExactSource(
            TenantId tenant, CommitLog log, SegmentReaders segments, Ingesters ingesters, Retention retention) {
        this(tenant, log, segments, ingesters, retention, null);
    }

    private ExactSource(
            TenantId tenant,
            CommitLog log,
            SegmentReaders segments,
            Ingesters ingesters,
            @Nullable Retention retention,
            @Nullable IndexVersion pinned) {
        this.pinned = pinned;
        this.retention = retention;
        this.tenant = tenant;
        this.log = log;
        this.segments = segments;
        this.ingesters = ingesters;
    }

    /** The segments as they are now, without what ingesters hold beside them; readable for an hour. */
    public Stored stored() throws StoreException {
        IndexVersion v = log.read(tenant);
        return new Stored(new ExactSource(tenant, log, segments, List::of, retention, v), v.fences());
    }

    @Override
    public Scan open(ScanRequest request) throws StoreException {
        return atOneVersion((v, ingesters) -> open(request, v, ingesters));
    }

    @Override
    public Found<Labels> series(List<Matcher> matchers, long startNanos, long endNanos) throws StoreException {
        return atOneVersion((v, all) -> {
            Warnings warnings = new Warnings();
            TreeSet<Labels> found = new TreeSet<>();
            for (Selected s : chunks(v, matchers, startNanos, endNanos, warnings::add)) {
                if (!found.contains(s.chunk.labels())
                        && (s.without.isEmpty()
                                || s.count(startNanos, endNanos, 1, warnings::add)
                                                .entries()
                                        > 0)) {
                    found.add(s.chunk.labels());
                }
            }
            recent(
                            all,
                            warnings::add,
                            r -> r.series(
                                    tenant,
                                    v.fence(r.ingesterId()),
                                    v.unstoredDeletes(r.ingesterId()),
                                    matchers,
                                    startNanos,
                                    endNanos))
                    .forEach(found::addAll);
            return new Found<>(List.copyOf(found), warnings.list());
        });
    }

    @Override
    public Found<StreamStats> streamStats(List<Matcher> matchers, long startNanos, long endNanos)
            throws StoreException {
        Found<List<StreamStats>> found = streamStats(matchers, new long[] {startNanos, endNanos});
        return new Found<>(found.items().getFirst(), found.warnings());
    }

    @Override
    public Found<List<StreamStats>> streamStats(List<Matcher> matchers, long[] bounds) throws StoreException {
        return atOneVersion((v, all) -> {
            Warnings warnings = new Warnings();
            int ranges = bounds.length - 1;
            List<Map<Labels, StreamStats>> found = new ArrayList<>();
            for (int i = 0; i < ranges; i++) {
                found.add(new TreeMap<>());
            }
            for (Selected s : chunks(v, matchers, bounds[0], bounds[ranges], warnings::add)) {
                @Nullable Size[] sizes = s.sizes(bounds, warnings::add);
                for (int i = 0; i < ranges; i++) {
                    Size size = sizes[i];
                    if (size != null) {
                        add(found.get(i), new StreamStats(s.chunk.labels(), 1, size.entries(), size.bytes()));
                    }
                }
            }
            addRecent(found, all, v, matchers, bounds, 0, ranges, warnings);
            return new Found<>(found.stream().map(f -> List.copyOf(f.values())).toList(), warnings.list());
        });
    }

    /** Adds what ingesters hold of ranges [from, to): a question for each that has some, and few for those that have none. */
    private void addRecent(
            List<Map<Labels, StreamStats>> found,
            List<RecentEntries> all,
            IndexVersion v,
            List<Matcher> matchers,
            long[] bounds,
            int from,
            int to,
            Warnings warnings)
            throws StoreException {
        List<List<StreamStats>> answers = recent(
                all,
                warnings::add,
                r -> r.streamStats(
                        tenant,
                        v.fence(r.ingesterId()),
                        v.unstoredDeletes(r.ingesterId()),
                        matchers,
                        bounds[from],
                        bounds[to]));
        if (to - from == 1) {
            answers.forEach(a -> a.forEach(s -> add(found.get(from), s)));
        } else if (!answers.stream().allMatch(List::isEmpty)) {
            int mid = (from + to) >>> 1;
            addRecent(found, all, v, matchers, bounds, from, mid, warnings);
            addRecent(found, all, v, matchers, bounds, mid, to, warnings);
        }
    }

    @Override
    public ScanPlan plan(ScanRequest request) throws StoreException {
        long start = request.startNanos();
        long end = request.endNanos();
        return atOneVersion((v, all) -> {
            LabelSelector selector = new LabelSelector(request.matchers());
            long segments = v.segments().size();
            long byTime = segments - v.segments(start, end).size();
            ScanPlan plan = new ScanPlan(byTime, byTime, 0, 0, 0, 0, 0, 0, 0, 0);
            for (Opened o : readers(v, start, end, ExactSource::leaveToTheQuery)) {
                plan = plan.plus(o.reader.plan(selector, Math.max(start, o.fromNanos), end));
            }
            for (List<StreamStats> recent : recent(
                    all,
                    ExactSource::leaveToTheQuery,
                    r -> r.streamStats(
                            tenant,
                            v.fence(r.ingesterId()),
                            v.unstoredDeletes(r.ingesterId()),
                            request.matchers(),
                            start,
                            end))) {
                long bytes = recent.stream().mapToLong(StreamStats::bytes).sum();
                plan = plan.plus(new ScanPlan(0, 0, 0, 0, 0, 0, 0, 0, recent.size(), bytes));
            }
            return plan;
        });
    }

    @Override
    public PatternScan patterns(List<Matcher> matchers, long startNanos, long endNanos) throws StoreException {
        ScanRequest request =
                new ScanRequest(matchers, startNanos, endNanos, Direction.FORWARD, ScanRequest.Columns.ALL, List.of());
        return atOneVersion((v, all) -> {
            MergedScan scan = new MergedScan(request.direction());
            try {
                addRecent(scan, all, request, v);
                return patterns(request, v, scan);
            } catch (StoreException | RuntimeException e) {
                scan.close();
                throw e;
            }
        });
    }

    /** @param recent what is not stored at this version; closed with the result */
    private PatternScan patterns(ScanRequest request, IndexVersion v, MergedScan recent) throws StoreException {
        TreeMap<Labels, StreamPatterns> streams = new TreeMap<>();
        Map<SegmentReader.Chunk, Selected> selected = new HashMap<>();
        StreamPatterns.Lines lines = (c, r) -> Objects.requireNonNull(selected.get(c))
                .scan(r, new SegmentScan(r, recent.ownStats(), recent::warn), recent);
        Function<Labels, StreamPatterns> stream =
                labels -> new StreamPatterns(request, labels, lines, recent.ownStats(), recent::warn);
        for (Selected s : chunks(v, request.matchers(), request.startNanos(), request.endNanos(), recent::warn)) {
            recent.ownStats().chunks.increment();
            selected.put(s.chunk, s);
            streams.computeIfAbsent(s.chunk.labels(), stream)
                    .add(s.chunk, s.without.isEmpty() && s.chunk.minNanos() >= s.fromNanos);
        }
        for (StreamScan s : recent.streams()) {
            streams.computeIfAbsent(s.labels(), stream).add(s);
        }
        List<PatternScan.Stream> all =
                streams.values().stream().map(StreamPatterns::stream).toList();
        return new MergedPatterns(all, recent);
    }

    private static String unreachable(RecentEntries ingester, StoreException e) {
        return "ingester " + ingester.ingesterId() + " did not answer, its recent entries may be missing: "
                + e.getMessage();
    }

    /** What the ingesters answer; nothing of one that does not, and a warning. */
    private <T> List<T> recent(List<RecentEntries> all, Consumer<String> warn, Asked.Question<T> question)
            throws StoreException {
        List<T> answers = new ArrayList<>();
        for (Asked<T> a : Asked.all(all, question)) {
            T answer = a.answer();
            if (answer != null) {
                answers.add(answer);
            } else {
                missing(a, warn);
            }
        }
        return answers;
    }

    /** Warns of an ingester that did not answer, unless that means that the read must begin again. */
    private void missing(Asked<?> asked, Consumer<String> warn) throws StoreException {
        StoreException e = Objects.requireNonNull(asked.failure());
        if (e instanceof StoreException.Stale stale) {
            throw stale;
        }
        if (!ingesters.holds(asked.ingester().ingesterId())) {
            throw new StoreException.Stale("ingester " + asked.ingester().ingesterId() + " has left");
        }
        warn.accept(unreachable(asked.ingester(), e));
    }

    private static void add(Map<Labels, StreamStats> found, StreamStats s) {
        found.merge(
                s.labels(),
                s,
                (a, b) -> new StreamStats(
                        a.labels(), a.chunks() + b.chunks(), a.entries() + b.entries(), a.bytes() + b.bytes()));
    }

    /** Reads at a version of the index. */
    private interface Read<T> {
        T at(IndexVersion v, List<RecentEntries> ingesters) throws StoreException;
    }

    /** A segment of a version is gone: it was removed by a later one, unless that one still lists it. */
    private static final class SegmentGone extends StoreException {
        private static final long serialVersionUID = 1;

        SegmentGone(String message, Throwable cause) {
            super(message, cause);
        }
    }

    private <T> T atOneVersion(Read<T> read) throws StoreException {
        for (int attempt = 1; ; attempt++) {
            try {
                // in this order: an ingester that has left before has all in the log by then
                List<RecentEntries> all = ingesters.holding();
                return read.at(pinned == null ? log.read(tenant) : pinned, all);
            } catch (StoreException.Stale | SegmentGone e) {
                if (attempt == MAX_ATTEMPTS || pinned != null) {
                    throw new StoreException.Unavailable(
                            "tenant " + tenant + ": no consistent read in " + attempt + " attempts", e);
                }
            }
        }
    }

    private Scan open(ScanRequest request, IndexVersion v, List<RecentEntries> all) throws StoreException {
        MergedScan scan = new MergedScan(request.direction());
        try {
            SegmentScan stored = new SegmentScan(request, scan.ownStats(), scan::warn);
            for (Selected s : chunks(v, request.matchers(), request.startNanos(), request.endNanos(), scan::warn)) {
                scan.ownStats().chunks.increment();
                scan.add(s.scan(request, stored, scan));
            }
            // where two parts hold the same time their lines are compared, so whoever cannot load them later must give
            // them now
            boolean alone = all.size() <= 1 && scan.isEmpty();
            ScanRequest ask = alone
                    ? request
                    : new ScanRequest(
                            request.matchers(),
                            request.startNanos(),
                            request.endNanos(),
                            request.direction(),
                            ScanRequest.Columns.ALL,
                            request.requirements());
            addRecent(scan, all, ask, v);
            return scan;
        } catch (StoreException | RuntimeException e) {
            scan.close();
            throw e;
        }
    }

    private void addRecent(MergedScan scan, List<RecentEntries> all, ScanRequest ask, IndexVersion v)
            throws StoreException {
        List<Asked<Scan>> answers =
                Asked.all(all, r -> r.open(tenant, v.fence(r.ingesterId()), v.unstoredDeletes(r.ingesterId()), ask));
        // first those that are to be closed
        for (Asked<Scan> a : answers) {
            Scan recent = a.answer();
            if (recent != null) {
                scan.own(recent);
            }
        }
        for (Asked<Scan> a : answers) {
            Scan recent = a.answer();
            if (recent == null) {
                missing(a, scan::warn);
                continue;
            }
            scan.ownStats().ingesters.increment();
            for (StreamScan s : recent.streams()) {
                scan.add(s);
            }
        }
    }

    /**
     * A segment, as much of it as is to be seen.
     *
     * @param fromNanos entries before this time are expired
     * @param without entries that were deleted
     */
    private record Opened(SegmentReader reader, long fromNanos, List<DeletedEntries> without) {}

    /** A chunk of it; only those deleted entries that it may hold. */
    private record Selected(SegmentReader.Chunk chunk, long fromNanos, List<DeletedEntries> without) {
        StreamScan scan(ScanRequest request, SegmentScan all, MergedScan to) {
            if (without.isEmpty() && chunk.minNanos() >= fromNanos) {
                return chunk.scan(all);
            }
            ScanRequest own = request(request, Math.max(fromNanos, request.startNanos()), request.endNanos());
            return FilteredStream.of(chunk.scan(new SegmentScan(own, to.ownStats(), to::warn)), without);
        }

        private ScanRequest request(ScanRequest r, long startNanos, long endNanos) {
            return new ScanRequest(
                    r.matchers(),
                    startNanos,
                    endNanos,
                    r.direction(),
                    without.isEmpty() ? r.columns() : ScanRequest.Columns.ALL,
                    r.requirements());
        }

        /** How much lies in each range that the chunk reaches into. */
        @Nullable
        Size[] sizes(long[] bounds, Consumer<String> warn) throws StoreException {
            if (without.isEmpty()) {
                return chunk.sizes(bounds, fromNanos);
            }
            @Nullable Size[] sizes = new @Nullable Size[bounds.length - 1];
            for (int i = 0; i < sizes.length; i++) {
                if (chunk.minNanos() < bounds[i + 1] && chunk.maxNanos() >= Math.max(bounds[i], fromNanos)) {
                    sizes[i] = count(bounds[i], bounds[i + 1], Long.MAX_VALUE, warn);
                }
            }
            return sizes;
        }

        /** Counts what is not deleted, up to {@code most} entries. */
        Size count(long startNanos, long endNanos, long most, Consumer<String> warn) throws StoreException {
            ScanRequest all = new ScanRequest(
                    List.of(),
                    Math.max(fromNanos, startNanos),
                    endNanos,
                    Direction.FORWARD,
                    ScanRequest.Columns.ALL,
                    List.of());
            long entries = 0;
            long bytes = 0;
            try (EntryCursor c = FilteredStream.of(chunk.scan(new SegmentScan(all, new ScanStats(), warn)), without)
                    .open()) {
                while (entries < most && c.next()) {
                    entries++;
                    bytes += c.length();
                }
            }
            return new Size(entries, bytes);
        }
    }

    /** Chunks of all segments of a version, in the order of commits. */
    private List<Selected> chunks(
            IndexVersion v, List<Matcher> matchers, long startNanos, long endNanos, Consumer<String> warn)
            throws StoreException {
        LabelSelector selector = new LabelSelector(matchers);
        List<Selected> found = new ArrayList<>();
        for (Opened o : readers(v, startNanos, endNanos, warn)) {
            for (SegmentReader.Chunk c : o.reader.chunks(selector, Math.max(startNanos, o.fromNanos), endNanos)) {
                List<DeletedEntries> without = o.without.isEmpty()
                        ? List.of()
                        : o.without.stream()
                                .filter(d -> d.deletion().request().overlaps(c.minNanos(), c.maxNanos())
                                        && d.forStream(c.labels()) != null)
                                .toList();
                found.add(new Selected(c, o.fromNanos, without));
            }
        }
        return found;
    }

    /** Readers of the segments of a version, in the order of commits. */
    private List<Opened> readers(IndexVersion v, long startNanos, long endNanos, Consumer<String> warn)
            throws StoreException {
        List<Opened> found = new ArrayList<>();
        Map<Long, DeletedEntries> deleted = new TreeMap<>();
        for (SegmentRef ref : v.segments(startNanos, endNanos)) {
            long from = retention == null ? Long.MIN_VALUE : retention.horizonNanos(tenant, ref);
            if (!ref.overlaps(Math.max(from, startNanos), endNanos)) {
                continue;
            }
            SegmentReader reader;
            try {
                reader = segments.get(ref);
            } catch (StoreException.NotFound e) {
                if (!log.read(tenant).segments().stream().anyMatch(s -> s.key().equals(ref.key()))) {
                    throw new SegmentGone("segment " + ref.key() + " was removed", e);
                }
                warn.accept("segment left out: " + e.getMessage());
                continue;
            } catch (StoreException.CorruptData e) {
                warn.accept("segment left out: " + e.getMessage());
                continue;
            }
            List<DeletedEntries> without = new ArrayList<>();
            for (Deletion d : v.deletions(ref)) {
                without.add(deleted.computeIfAbsent(
                        d.n(),
                        n -> new DeletedEntries(d, QueryFilter.of(d.request().query()))));
            }
            found.add(new Opened(reader, from, without));
        }
        return found;
    }

    /** Plans say nothing of what cannot be read: the query itself will warn. */
    private static void leaveToTheQuery(String warning) {}
}
