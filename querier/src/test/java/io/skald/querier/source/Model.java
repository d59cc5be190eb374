/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import io.skald.core.scan.StreamScan;
import io.skald.logql.pipeline.QueryFilter;
import io.skald.storage.compact.CompactionJob;
import io.skald.storage.compact.CompactionPlanner;
import io.skald.storage.compact.CompactionPolicy;
import io.skald.storage.compact.Compactor;
import io.skald.storage.compact.Garbage;
import io.skald.storage.compact.Pace;
import io.skald.storage.index.CommitLog;
import io.skald.storage.index.CommitResult;
import io.skald.storage.index.DeleteRequest;
import io.skald.storage.index.Fence;
import io.skald.storage.index.IndexVersion;
import io.skald.storage.index.LogRecord;
import io.skald.storage.segment.LabelSelector;
import io.skald.storage.segment.SegmentReader;
import io.skald.storage.segment.SegmentReaders;
import io.skald.storage.segment.SegmentRef;
import io.skald.storage.segment.SegmentScan;
import io.skald.storage.segment.SegmentWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** One schedule of {@link ExactReadModelTest}. Its actors run one at a time, so nothing here is locked. */
final class Model {
    private static final TenantId T = new TenantId("t");
    private static final long DAY = Duration.ofDays(1).toNanos();
    private static final CompactionPolicy POLICY =
            new CompactionPolicy(4000, 2, Duration.ofHours(1), Duration.ZERO, new SegmentWriter.Density(4096, 1));

    /** A delete request as seen by the one who asks for it. */
    private static final class Delete {
        final String word;
        /** Lines that were acknowledged before it began. */
        final Set<String> before;

        /** Lines that were acknowledged before it was done; null until then. */
        @Nullable
        Set<String> until;

        /** Whether its end was asked for, and holds. */
        boolean cancelling;

        boolean cancelled;
        /** Lines of it that were seen after its end: nothing may take these out any more. */
        final Set<String> restored = new HashSet<>();

        Delete(String word, Set<String> before) {
            this.word = word;
            this.before = before;
        }
    }

    private static final ScanRequest ALL = new ScanRequest(
            List.of(), Long.MIN_VALUE, Long.MAX_VALUE, Direction.FORWARD, ScanRequest.Columns.ALL, List.of());

    private final Random random;
    private final Schedule schedule;
    private final ModelStores stores;
    private final List<FakeIngester> ingesters = List.of(new FakeIngester("i0"), new FakeIngester("i1"));
    private final boolean[] flushing = new boolean[2];
    /** Whether an ingester may flush while a flush of it before its restart, stopped meanwhile, goes on. */
    private final boolean twice;

    private final Set<String> acknowledged = new LinkedHashSet<>();
    private final List<Delete> deletes = new ArrayList<>();
    /** Keys that flushes used: what crashes leave of these is swept at the next start. */
    private final Set<String> flushed = new HashSet<>();

    private long nowMillis = Duration.ofDays(10).toMillis();
    private int lines;
    private int writing = 1;
    private int open;
    private int compacting;
    private long queries;
    private long compactions;

    Model(Random random) {
        this.random = random;
        this.schedule = new Schedule(random);
        this.twice = random.nextInt(4) == 0;
        this.stores = new ModelStores(schedule, random, random.nextBoolean() ? 0.01 : 0);
    }

    int steps() {
        return schedule.steps();
    }

    long queries() {
        return queries;
    }

    long compactions() {
        return compactions;
    }

    void run() throws Exception {
        double crashes = random.nextBoolean() ? 0.01 : 0;
        schedule.add(0, this::write);
        for (int i = 0; i < ingesters.size(); i++) {
            int n = i;
            for (int k = twice ? 2 : 1; k > 0; k--) {
                schedule.add(crashes, () -> repeat(() -> flush(n, new CommitLog(stores.faultyIndex()))));
            }
        }
        for (int c = 0; c < 2; c++) {
            // clocks of two processes differ by minutes
            long skew = random.nextInt(300_000) - 150_000L;
            schedule.add(crashes, () -> repeat(() -> compact(skew)));
        }
        schedule.add(0, this::delete);
        schedule.add(0, this::query);
        schedule.add(0, this::query);
        schedule.run();
        end();
    }

    /** Does something until the writer is done, as often as its process must be started again. */
    private void repeat(Schedule.Script work) throws Exception {
        while (writing > 0) {
            try {
                work.run();
            } catch (StoreException.Unavailable | Schedule.Crash e) {
                // tried again by what comes up next
            }
            pause();
        }
    }

    private void pause() {
        try {
            schedule.step();
        } catch (Schedule.Crash e) {
            // between two pieces of work there is nothing to lose
        }
    }

    private void write() {
        int pushes = 5 + random.nextInt(25);
        for (int n = 0; n < pushes; n++) {
            for (int k = random.nextInt(4); k >= 0; k--) {
                String line = "line " + lines++ + " w" + random.nextInt(4);
                long time = random.nextInt(2) * DAY + random.nextInt(50);
                FakeIngester.Entry e =
                        new FakeIngester.Entry(Labels.of("app", "a" + random.nextInt(3)), time, line, Labels.EMPTY);
                int at = random.nextInt(2);
                ingesters.get(at).entries.add(e);
                if (random.nextInt(4) == 0) {
                    // the answer got lost, and the client tried another ingester
                    ingesters.get(1 - at).entries.add(e);
                }
                acknowledged.add(line);
            }
            for (int k = random.nextInt(20); k >= 0; k--) {
                schedule.step();
            }
        }
        writing--;
    }

    /** Stores what an ingester has behind its fence, and forgets it some time later. */
    private void flush(int n, CommitLog log) throws StoreException {
        while (flushing[n] && !twice) {
            schedule.step();
        }
        flushing[n] = true;
        try {
            FakeIngester ingester = ingesters.get(n);
            IndexVersion v = log.read(T);
            long fence = v.fence(ingester.id);
            int end = ingester.entries.size();
            if (fence == end) {
                return;
            }
            // what was deleted before it was stored is left out; another request in between refuses the commit
            List<SegmentRef> refs =
                    segments(ingester.without(v.unstoredDeletes(ingester.id), fence, end), v.lastDelete());
            List<LogRecord.Applied> applied = v.unstoredDeletes(ingester.id).stream()
                    .map(d -> new LogRecord.Applied(d.n(), 0, 0))
                    .toList();
            LogRecord record = LogRecord.flush(refs, new Fence(ingester.id, fence, end), applied);
            CommitResult r;
            try {
                r = log.commit(T, record);
            } catch (StoreException.Unavailable e) {
                // whether it was written is settled by asking again
                r = log.commit(T, record);
            }
            storedAsOftenAsPushed();
            if (r instanceof CommitResult.Committed && random.nextBoolean()) {
                schedule.step();
                ingester.forgetBelow(Math.max(ingester.firstHeld, end));
            }
        } finally {
            flushing[n] = false;
        }
    }

    private List<SegmentRef> segments(List<FakeIngester.Entry> entries, long deletes) throws StoreException {
        Map<Integer, TreeMap<Labels, EntryBatch>> days = new TreeMap<>();
        for (FakeIngester.Entry e : List.copyOf(entries)) {
            byte[] line = e.line().getBytes(StandardCharsets.UTF_8);
            days.computeIfAbsent(SegmentWriter.dayOf(e.time()), d -> new TreeMap<>())
                    .computeIfAbsent(e.labels(), EntryBatch::new)
                    .add(e.time(), line, 0, line.length, e.metadata());
        }
        List<SegmentRef> refs = new ArrayList<>();
        for (Map.Entry<Integer, TreeMap<Labels, EntryBatch>> day : days.entrySet()) {
            try (SegmentWriter w = SegmentWriter.create(stores.faultySegments(), T, day.getKey())) {
                w.withoutPatterns();
                for (EntryBatch batch : day.getValue().values()) {
                    w.add(batch);
                }
                flushed.add(w.key());
                refs.add(w.finish().withDeletes(deletes));
            }
        }
        return refs;
    }

    private void compact(long skewMillis) throws StoreException, InterruptedException {
        CommitLog log = new CommitLog(stores.faultyIndex());
        Garbage garbage = new Garbage(stores.faultyIndex(), stores.faultySegments(), log);
        Compactor compactor = new Compactor(
                stores.faultySegments(),
                log,
                garbage,
                new Compactor.Settings(
                        POLICY,
                        QueryFilter::of,
                        tenant -> false,
                        Duration.ofHours(1),
                        () -> nowMillis + skewMillis,
                        step -> schedule.step()));
        List<CompactionJob> jobs =
                new CompactionPlanner(POLICY).plan(log.read(T), nowMillis * 1_000_000, random.nextBoolean(), Set.of());
        compacting++;
        try {
            if (!jobs.isEmpty()
                    && compactor
                            .run(T, jobs.get(random.nextInt(jobs.size())), Pace.UNLIMITED)
                            .committed()) {
                compactions++;
            }
        } finally {
            compacting--;
        }
        storedAsOftenAsPushed();
        if (open == 0 && random.nextInt(3) == 0) {
            // no query is older than that
            // who is stopped for a day and killed then may leave an object, which fsck names
            nowMillis += compacting == 0 && random.nextInt(3) == 0
                    ? Duration.ofHours(30).toMillis()
                    : Duration.ofHours(2).toMillis();
        }
        garbage.collect(T, nowMillis + skewMillis);
    }

    /**
     * No segment is merged twice: a line is in as many segments as ingesters have taken it, at most. Queries would not see it, as equal
     * entries count once. Looks at the stores as they are at this moment.
     */
    private void storedAsOftenAsPushed() throws StoreException {
        Map<String, Integer> stored = new HashMap<>();
        SegmentReaders readers = new SegmentReaders(stores.segments);
        SegmentScan scan = new SegmentScan(ALL, new ScanStats(), lost -> {
            throw new AssertionError(lost);
        });
        for (SegmentRef s : new CommitLog(stores.index).read(T).segments()) {
            for (SegmentReader.Chunk c :
                    readers.get(s).chunks(new LabelSelector(List.of()), Long.MIN_VALUE, Long.MAX_VALUE)) {
                try (EntryCursor e = c.scan(scan).open()) {
                    while (e.next()) {
                        stored.merge(line(e), 1, Integer::sum);
                    }
                }
            }
        }
        stored.forEach((line, n) -> assertThat(n)
                .as("segments that hold '%s'", line)
                .isLessThanOrEqualTo((int) ingesters.stream()
                        .filter(i -> i.entries.stream().anyMatch(e -> e.line().equals(line)))
                        .count()));
    }

    private static String line(EntryCursor c) {
        return new String(c.buffer(), c.offset(), c.length(), StandardCharsets.UTF_8);
    }

    private void delete() throws StoreException {
        while (writing > 0) {
            for (int k = random.nextInt(60); k >= 0 && writing > 0; k--) {
                schedule.step();
            }
            if (random.nextInt(3) > 0) {
                continue;
            }
            CommitLog log = new CommitLog(stores.faultyIndex());
            Delete d = new Delete("w" + random.nextInt(4), new HashSet<>(acknowledged));
            deletes.add(d);
            Map<String, Long> unstored = new HashMap<>();
            for (FakeIngester i : ingesters) {
                unstored.put(i.id, i.endPosition());
                schedule.step();
            }
            LogRecord record = LogRecord.delete(new DeleteRequest(
                    "d" + deletes.size(), "{app=~\"a.\"} |= \"" + d.word + "\"", 0, 2 * DAY, 0, unstored));
            while (d.until == null) {
                try {
                    assertThat(log.commit(T, record)).isInstanceOf(CommitResult.Committed.class);
                    d.until = new HashSet<>(acknowledged);
                } catch (StoreException.Unavailable e) {
                    // the same record: it is there once
                }
            }
            if (random.nextInt(3) == 0) {
                for (int k = random.nextInt(40); k >= 0; k--) {
                    schedule.step();
                }
                cancel(d, log, "d" + deletes.size());
            }
        }
    }

    private static void cancel(Delete d, CommitLog log, String id) throws StoreException {
        d.cancelling = true;
        LogRecord record = LogRecord.cancel(id);
        while (!d.cancelled) {
            try {
                assertThat(log.commit(T, record)).isInstanceOf(CommitResult.Committed.class);
                d.cancelled = true;
            } catch (StoreException.Unavailable e) {
                // the same record: it is there once
            }
        }
    }

    private void query() throws StoreException {
        while (writing > 0) {
            CommitLog log = new CommitLog(stores.faultyIndex());
            open++;
            try {
                check(log, Set.copyOf(acknowledged), deletes.size());
                queries++;
            } catch (StoreException.Unavailable e) {
                // the client asks again
            } finally {
                open--;
            }
            schedule.step();
        }
    }

    /** When all is quiet: nothing is left to do, nothing is lost, and no object is left that nobody needs. */
    private void end() throws StoreException, InterruptedException {
        stores.quiet();
        CommitLog log = new CommitLog(stores.faultyIndex());
        flush(0, log);
        flush(1, log);
        CompactionPlanner planner = new CompactionPlanner(POLICY);
        for (int n = 0;
                !planner.plan(log.read(T), nowMillis * 1_000_000, true, Set.of())
                        .isEmpty();
                n++) {
            compact(0);
            assertThat(n).as("compactions without an end").isLessThan(500);
        }
        check(log, Set.copyOf(acknowledged), deletes.size());
        nowMillis += Duration.ofDays(3).toMillis();
        compact(0);
        Set<String> live = new HashSet<>();
        log.read(T).segments().forEach(s -> live.add(s.key()));
        assertThat(stores.segments.list("")).containsAll(live);
        assertThat(stores.segments.list("")).allMatch(k -> live.contains(k) || flushed.contains(k));
        assertThat(stores.index.read("t/garbage", 0, 10)).isEmpty();
        assertThat(new CommitLog(stores.index).read(T)).isEqualTo(log.read(T));
    }

    private void check(CommitLog log, Set<String> must, int deletesBefore) throws StoreException {
        List<Delete> before = List.copyOf(deletes.subList(0, deletesBefore));
        List<Delete> done = before.stream().filter(d -> d.until != null).toList();
        List<Delete> ended = before.stream().filter(d -> d.cancelled).toList();
        Map<Delete, Set<String>> restored = new HashMap<>();
        ended.forEach(d -> restored.put(d, Set.copyOf(d.restored)));
        List<String> found = found(log);
        Set<String> forbidden = new HashSet<>();
        for (Delete d : done) {
            if (!d.cancelling) {
                d.before.stream().filter(l -> l.endsWith(d.word)).forEach(forbidden::add);
            }
        }
        Set<String> required = new HashSet<>(must);
        // what was acknowledged while a delete ran may be on either side of it, and so may what was deleted until it
        // was cancelled
        for (Delete d : deletes) {
            Set<String> until = d.until;
            Set<String> back = restored.getOrDefault(d, Set.of());
            required.removeIf(l -> l.endsWith(d.word) && (until == null || until.contains(l)) && !back.contains(l));
        }
        for (Delete d : ended) {
            found.stream().filter(l -> l.endsWith(d.word)).forEach(d.restored::add);
        }
        assertThat(found).doesNotHaveDuplicates();
        assertThat(found).containsAll(required);
        assertThat(found).noneMatch(forbidden::contains);
        assertThat(acknowledged).containsAll(found);
    }

    private List<String> found(CommitLog log) throws StoreException {
        ExactSource source =
                new ExactSource(T, log, new SegmentReaders(stores.faultySegments()), () -> List.copyOf(ingesters));
        ScanRequest request = new ScanRequest(
                List.of(),
                Long.MIN_VALUE,
                Long.MAX_VALUE,
                random.nextBoolean() ? Direction.FORWARD : Direction.BACKWARD,
                ScanRequest.Columns.ALL,
                List.of());
        List<String> found = new ArrayList<>();
        try (Scan scan = source.open(request)) {
            for (StreamScan s : scan.streams()) {
                try (EntryCursor c = s.open()) {
                    while (c.next()) {
                        found.add(line(c));
                    }
                }
            }
            assertThat(scan.warnings()).isEmpty();
        }
        return found;
    }
}
