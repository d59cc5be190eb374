/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.split;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.Limits;
import io.skald.core.disk.Disk;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import io.skald.core.scan.Direction;
import io.skald.core.scan.LogSource;
import io.skald.core.wire.RecentEntries;
import io.skald.ingester.Ingester;
import io.skald.ingester.IngesterConfig;
import io.skald.ingester.compact.DeleteRequests;
import io.skald.ingester.flush.SegmentNotes;
import io.skald.ingester.wal.DataDirectory;
import io.skald.ingester.wal.SyncMode;
import io.skald.logql.engine.Engine;
import io.skald.logql.engine.QueryRequest;
import io.skald.logql.engine.QueryResult;
import io.skald.logql.parser.Parser;
import io.skald.logql.pipeline.QueryFilter;
import io.skald.querier.source.ExactSource;
import io.skald.storage.compact.CompactionJob;
import io.skald.storage.compact.CompactionPlanner;
import io.skald.storage.compact.CompactionPolicy;
import io.skald.storage.compact.Compactor;
import io.skald.storage.compact.Garbage;
import io.skald.storage.compact.Pace;
import io.skald.storage.index.CommitLog;
import io.skald.storage.memory.MemoryIndexStore;
import io.skald.storage.memory.MemorySegmentStore;
import io.skald.storage.segment.SegmentReaders;
import io.skald.storage.segment.SegmentWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random queries over random data, all the way from push to answer: whatever part of the data is in the head, in one segment or in many, while
 * flushes go on, for any split of the time range, the answer is that of a naive evaluator.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class SplitInvarianceTest {
    private static final TenantId TENANT = new TenantId("t");
    private static final long SECOND = 1_000_000_000L;
    private static final int PHASES = 5;
    private static final int QUERIES = 10;

    @SuppressWarnings("NullAway.Init") // set by JUnit
    @TempDir
    Path dir;

    private record Row(long seconds, String app, String pod, String line, int v) {
        String stream() {
            return app + "/" + pod;
        }
    }

    /** All that was pushed, each once. */
    private final Set<Row> rows = new LinkedHashSet<>();

    /** A moment that windows and steps are counted from. */
    private final long base = System.currentTimeMillis() / 1_000_000 * 1000 - 5000;

    private final ExecutorService pool = Executors.newFixedThreadPool(2);
    private final Engine engine = new Engine(pool);

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void answersAreThoseOfANaiveEvaluator(long seed) throws Exception {
        Random random = new Random(seed);
        MemoryIndexStore index = new MemoryIndexStore();
        CommitLog log = new CommitLog(index);
        MemorySegmentStore segments = new MemorySegmentStore();
        IngesterConfig config = new IngesterConfig(
                dir,
                "i",
                SyncMode.INTERVAL,
                Duration.ofMillis(5),
                64 * 1024,
                1 << 30,
                Duration.ofHours(1),
                Duration.ofMinutes(1),
                0,
                1 << 20,
                1 << 20,
                true);
        try (DataDirectory locked = DataDirectory.acquire(Disk.REAL, dir);
                Ingester ingester = Ingester.open(
                        locked,
                        config,
                        log,
                        segments,
                        tenant -> Limits.DEFAULTS,
                        Clock.systemUTC(),
                        new CollectorRegistry(),
                        SegmentNotes.NONE)) {
            LogSource source =
                    new ExactSource(TENANT, log, new SegmentReaders(segments), () -> List.of(ingester.recent()));
            Moves moves = new Moves(ingester, log, segments, new Garbage(index, segments, log), random.nextInt());
            DeleteRequests deletes = new DeleteRequests(log, alone(ingester), System::currentTimeMillis);
            for (int phase = 0; phase < PHASES; phase++) {
                push(ingester, random);
                if (random.nextInt(3) == 0) {
                    delete(deletes, random);
                }
                if (random.nextInt(3) > 0) {
                    ingester.flush();
                    push(ingester, random);
                }
                whileMoving(moves, random.nextInt(4) > 0, seed, phase, random, source);
            }
        } finally {
            pool.close();
        }
    }

    private static DeleteRequests.Ingesters alone(Ingester ingester) {
        return new DeleteRequests.Ingesters() {
            @Override
            public List<RecentEntries> holding() {
                return List.of(ingester.recent());
            }

            @Override
            public boolean holds(String ingesterId) {
                return true;
            }
        };
    }

    /** What goes on while queries run: flushes, and compactions of what is small. Confined to one thread. */
    private static final class Moves {
        private final Ingester ingester;
        private final CommitLog log;
        private final Compactor compactor;
        private final CompactionPlanner planner;
        private final Random random;

        Moves(Ingester ingester, CommitLog log, MemorySegmentStore segments, Garbage garbage, int seed) {
            this.ingester = ingester;
            this.log = log;
            this.random = new Random(seed);
            CompactionPolicy policy = new CompactionPolicy(
                    6000, 2, Duration.ofHours(1), Duration.ZERO, new SegmentWriter.Density(1 << 14, 3));
            this.planner = new CompactionPlanner(policy);
            this.compactor = new Compactor(
                    segments,
                    log,
                    garbage,
                    new Compactor.Settings(
                            policy,
                            QueryFilter::of,
                            tenant -> true,
                            Duration.ofHours(1),
                            System::currentTimeMillis,
                            step -> {}));
        }

        void move() throws Exception {
            if (random.nextBoolean()) {
                ingester.flush();
                return;
            }
            long now = System.currentTimeMillis() * 1_000_000;
            List<CompactionJob> jobs = planner.plan(log.read(TENANT), now, random.nextBoolean(), Set.of());
            if (!jobs.isEmpty()) {
                compactor.run(TENANT, jobs.get(random.nextInt(jobs.size())), Pace.UNLIMITED);
            }
        }
    }

    /** From now on nobody sees these, until they are pushed again. */
    private void delete(DeleteRequests deletes, Random random) throws Exception {
        String app = "a" + random.nextInt(2);
        int from = random.nextInt(250);
        int to = from + random.nextInt(60);
        boolean some = random.nextInt(4) > 0;
        String query = "{app=\"" + app + "\"}" + (some ? " |= \"x\"" : "");
        deletes.create(TENANT, query, (base + from) * SECOND, (base + to) * SECOND);
        rows.removeIf(
                r -> r.app.equals(app) && r.seconds >= from && r.seconds <= to && !(some && r.line.endsWith("y")));
    }

    private void whileMoving(Moves moves, boolean move, long seed, int phase, Random random, LogSource source)
            throws Exception {
        AtomicBoolean done = new AtomicBoolean(!move);
        try (ExecutorService mover = Executors.newSingleThreadExecutor()) {
            Future<?> flushing = mover.submit(() -> {
                while (!done.get()) {
                    moves.move();
                    Thread.onSpinWait();
                }
                return null;
            });
            try {
                for (int q = 0; q < QUERIES; q++) {
                    String context = "seed " + seed + " phase " + phase + " query " + q;
                    if (random.nextBoolean()) {
                        lines(random, source, context);
                    } else {
                        samples(random, source, context);
                    }
                }
            } finally {
                done.set(true);
                flushing.get();
            }
        }
    }

    private void push(Ingester ingester, Random random) throws Exception {
        List<Row> again = new ArrayList<>(rows);
        for (int b = random.nextInt(4); b >= 0; b--) {
            List<EntryBatch> batches = new ArrayList<>();
            for (int s = random.nextInt(4); s >= 0; s--) {
                String app = "a" + random.nextInt(2);
                String pod = "p" + random.nextInt(3);
                EntryBatch batch = new EntryBatch(Labels.of("app", app, "pod", pod));
                for (int i = random.nextInt(60); i >= 0; i--) {
                    int v = random.nextInt(20);
                    Row row = new Row(
                            random.nextInt(300), app, pod, "v=" + v + (random.nextInt(3) == 0 ? " x" : " y"), v);
                    if (!again.isEmpty() && random.nextInt(10) == 0) {
                        // a client that sends something again
                        Row old = again.get(random.nextInt(again.size()));
                        row = old.stream().equals(row.stream()) ? old : row;
                    }
                    byte[] line = row.line.getBytes(StandardCharsets.UTF_8);
                    batch.add((base + row.seconds) * SECOND, line, 0, line.length, Labels.EMPTY);
                    rows.add(row);
                }
                batches.add(batch);
            }
            assertThat(ingester.push(TENANT, batches).rejected()).isZero();
        }
    }

    private record Filter(String text, Predicate<Row> test) {}

    private static Filter filter(Random random) {
        return switch (random.nextInt(4)) {
            case 0 -> new Filter("", r -> true);
            case 1 -> new Filter(" |= \"x\"", r -> r.line.endsWith("x"));
            case 2 -> new Filter(" | logfmt | v > 9", r -> r.v > 9);
            default -> new Filter(" != \"x\" | logfmt | v = \"3\"", r -> r.line.endsWith("y") && r.v == 3);
        };
    }

    private QueryResult.Data run(LogSource source, String query, long from, long to, long step, Direction d, int limit)
            throws Exception {
        QueryRequest request = new QueryRequest(
                Parser.parse(query), (base + from) * SECOND, (base + to) * SECOND, step * SECOND, d, limit);
        return engine.run(request, source, Limits.DEFAULTS, () -> false).data();
    }

    private List<String> found(LogSource source, String query, long from, long to, Direction d, int limit)
            throws Exception {
        return ((QueryResult.Lines) run(source, query, from, to, 0, d, limit))
                .lines().stream()
                        .map(l -> text(
                                l.timestampNanos() / SECOND - base,
                                l.stream().getOrEmpty("app") + "/" + l.stream().getOrEmpty("pod"),
                                l.line()))
                        .toList();
    }

    private static String text(long seconds, String stream, String line) {
        return String.format(java.util.Locale.ROOT, "%04d %s %s", seconds, stream, line);
    }

    private void lines(Random random, LogSource source, String context) throws Exception {
        Filter filter = filter(random);
        String query = "{app=~\"a.\"}" + filter.text;
        long from = random.nextInt(200);
        long to = from + 1 + random.nextInt(150);
        Direction direction = random.nextBoolean() ? Direction.FORWARD : Direction.BACKWARD;
        List<String> expected = rows.stream()
                .filter(r -> r.seconds >= from && r.seconds < to && filter.test.test(r))
                .map(r -> text(r.seconds, r.stream(), r.line))
                .sorted()
                .toList();
        List<String> all = found(source, query, from, to, direction, 100_000);
        assertThat(all.stream().sorted().toList()).as(context + " " + query).isEqualTo(expected);
        long middle = from + random.nextInt((int) (to - from));
        List<String> parts = new ArrayList<>(found(source, query, from, middle, direction, 100_000));
        parts.addAll(
                direction == Direction.FORWARD ? parts.size() : 0,
                found(source, query, middle, to, direction, 100_000));
        assertThat(parts).as(context + " split " + query).isEqualTo(all);
        int limit = 1 + random.nextInt(50);
        assertThat(found(source, query, from, to, direction, limit))
                .as(context + " limit " + limit + " " + query)
                .isEqualTo(all.subList(0, Math.min(limit, all.size())));
    }

    private void samples(Random random, LogSource source, String context) throws Exception {
        Filter filter = filter(random);
        long window = List.of(1L, 7L, 20L, 60L).get(random.nextInt(4));
        long step = List.of(1L, 5L, 20L).get(random.nextInt(3));
        boolean sum = random.nextBoolean();
        String inner = sum
                ? "sum_over_time({app=~\"a.\"}" + filter.text + (filter.text.contains("logfmt") ? "" : " | logfmt")
                        + " | unwrap v [" + window + "s])"
                : "count_over_time({app=~\"a.\"}" + filter.text + " [" + window + "s])";
        String query = "sum by (app, pod) (" + inner + ")";
        // the base is a multiple of all steps
        long from = random.nextInt(10) * 20L;
        long to = from + random.nextInt(10) * 20L;
        Map<String, Double> expected = new TreeMap<>();
        for (long t = from; t <= to; t += step) {
            for (Row r : rows) {
                if (r.seconds > t - window && r.seconds <= t && filter.test.test(r)) {
                    expected.merge(r.stream() + "@" + t, sum ? (double) r.v : 1.0, Double::sum);
                }
            }
        }
        Map<String, Double> all = matrix(run(source, query, from, to, step, Direction.FORWARD, 1));
        assertThat(all).as(context + " " + query + " step " + step).isEqualTo(expected);
        if (to > from) {
            long middle = from + random.nextInt((int) ((to - from) / step)) * step;
            Map<String, Double> parts = matrix(run(source, query, from, middle, step, Direction.FORWARD, 1));
            parts.putAll(matrix(run(source, query, middle + step, to, step, Direction.FORWARD, 1)));
            assertThat(parts).as(context + " split " + query).isEqualTo(expected);
        }
    }

    private Map<String, Double> matrix(QueryResult.Data data) {
        Map<String, Double> out = new TreeMap<>();
        List<QueryResult.Series> series = new ArrayList<>(((QueryResult.Matrix) data).series());
        series.sort(Comparator.comparing(QueryResult.Series::labels));
        for (QueryResult.Series s : series) {
            for (int i = 0; i < s.values().length; i++) {
                out.put(
                        s.labels().getOrEmpty("app") + "/" + s.labels().getOrEmpty("pod") + "@"
                                + (s.timestampNanos()[i] / SECOND - base),
                        s.values()[i]);
            }
        }
        return out;
    }
}
