/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.config.Limits;
import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.LogSource;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import io.skald.core.scan.StreamScan;
import io.skald.logql.engine.Engine;
import io.skald.logql.engine.QueryRequest;
import io.skald.logql.engine.QueryResult;
import io.skald.logql.parser.Parser;
import io.skald.querier.source.FakeIngester.Entry;
import io.skald.storage.index.CommitLog;
import io.skald.storage.memory.MemoryIndexStore;
import io.skald.storage.memory.MemorySegmentStore;
import io.skald.storage.segment.SegmentReaders;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Counting from counters gives what reading gives, and so does reading in pieces. */
class CountedTest {
    private static final TenantId TENANT = new TenantId("t");
    private static final long SECOND = 1_000_000_000L;
    private static final long MINUTE = 60 * SECOND;
    private static final long BASE = 20_000L * 86_400 * SECOND + 600 * MINUTE;
    private static final String[] QUERIES = {
        "sum(count_over_time({app=~\".+\"}[%s]))",
        "sum by (app) (rate({app=~\".+\"}[%s]))",
        "sum by (app, detected_level) (count_over_time({app=~\".+\"} |= \"\" [%s]))",
        "sum by (level, detected_level) (bytes_over_time({app=~\".+\"}[%s]))",
        "sum by (trace) (count_over_time({app=~\".+\"}[%s]))",
        "sum by (app_extracted) (count_over_time({app=~\".+\"}[%s]))",
        "count_over_time({app=~\".+\"}[%s])",
        "count_over_time({app=\"plain\"}[%s])",
        "bytes_rate({app=~\".+\"} | detected_level=\"info\" [%s])",
        "sum by (pod) (bytes_over_time({app=~\".+\"} | detected_level!=\"\" | pod!=\"p1\" [%s]))",
        "sum without (pod, trace, app_extracted) (count_over_time({app=~\".+\"}[%s]))",
        "absent_over_time({app=\"a1\"}[%s])",
        "count_over_time({app=~\".+\"}[%s] offset 2m)",
    };
    private static final String[] RANGES = {"1m", "5m", "30s", "90s", "2m", "1h"};
    private static final long[] STEPS = {MINUTE, 5 * MINUTE, 30 * SECOND, 10 * SECOND, 3600 * SECOND};

    private final MemorySegmentStore objects = new MemorySegmentStore();
    private final CommitLog log = new CommitLog(new MemoryIndexStore());
    private final FakeIngester a = new FakeIngester("a");
    private final FakeIngester b = new FakeIngester("b");
    private final LogSource source =
            new ExactSource(TENANT, log, new SegmentReaders(objects), () -> List.copyOf(List.of(a, b)));
    private final ExecutorService pool = Executors.newFixedThreadPool(2);

    @AfterEach
    void stop() {
        pool.shutdownNow();
    }

    /** The same entries from streams that tell nothing of themselves. */
    private record Plain(LogSource source) implements LogSource {
        private record Stream(StreamScan of) implements StreamScan {
            @Override
            public Labels labels() {
                return of.labels();
            }

            @Override
            public long minNanos() {
                return of.minNanos();
            }

            @Override
            public long maxNanos() {
                return of.maxNanos();
            }

            @Override
            public EntryCursor open() throws StoreException {
                return of.open();
            }
        }

        @Override
        public Scan open(ScanRequest request) throws StoreException {
            Scan scan = source.open(request);
            List<StreamScan> streams = new ArrayList<>();
            scan.streams().forEach(s -> streams.add(new Stream(s)));
            return new Scan() {
                @Override
                public List<StreamScan> streams() {
                    return streams;
                }

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
            };
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
    }

    private static Entry random(Random random, long from, long spread) {
        String app = random.nextInt(5) == 0 ? "plain" : "a" + random.nextInt(3);
        Labels labels = Labels.of("app", app, "pod", "p" + random.nextInt(2));
        long time = from + random.nextLong(spread);
        if (random.nextInt(4) == 0) {
            // exactly at the edge of a minute
            time = time / MINUTE * MINUTE + random.nextInt(2);
        }
        String level = random.nextBoolean() ? "info" : "warn";
        Labels metadata = app.equals("plain")
                ? Labels.of("detected_level", level)
                : switch (random.nextInt(12)) {
                    case 0 -> Labels.of("trace", "t" + random.nextInt(3), "detected_level", level);
                    case 1 -> Labels.of("app", "other", "detected_level", level);
                    case 2 -> Labels.EMPTY;
                    case 3 -> Labels.of("level", "odd", "detected_level", level);
                    default -> Labels.of("detected_level", level);
                };
        String line = "line " + random.nextInt(6) + "x".repeat(random.nextInt(40) == 0 ? 40_000 : random.nextInt(30));
        return new Entry(labels, time, line, metadata);
    }

    /** Flushes some of what is pushed; parts follow each other in time, mostly, and some entries come twice or late. */
    private void fill(Random random) throws StoreException {
        List<FakeIngester> both = List.of(a, b);
        List<Entry> pushed = new ArrayList<>();
        int rounds = 2 + random.nextInt(4);
        for (int round = 0; round < rounds; round++) {
            long from = BASE + round * 20L * MINUTE;
            for (int i = 0; i < 400; i++) {
                Entry e = !pushed.isEmpty() && random.nextInt(50) == 0
                        ? pushed.get(random.nextInt(pushed.size()))
                        : random(random, random.nextInt(100) == 0 ? BASE : from, 20 * MINUTE);
                pushed.add(e);
                both.get(random.nextInt(10) == 0 ? 1 : 0).entries.add(e);
            }
            if (round < rounds - 1 || random.nextBoolean()) {
                a.flush(TENANT, log, objects);
            }
            if (random.nextBoolean()) {
                b.flush(TENANT, log, objects);
            }
        }
    }

    private QueryResult run(LogSource from, QueryRequest q) throws StoreException, InterruptedException {
        return new Engine(pool).run(q, from, Limits.DEFAULTS, () -> false);
    }

    private static List<Object> comparable(QueryResult r) {
        List<Object> all = new ArrayList<>();
        if (r.data() instanceof QueryResult.Matrix m) {
            for (QueryResult.Series s : m.series()) {
                all.add(List.of(s.labels(), boxed(s.timestampNanos()), boxed(s.values())));
            }
        } else if (r.data() instanceof QueryResult.VectorData v) {
            v.samples().forEach(s -> all.add(List.of(s.labels(), s.value())));
        }
        return all;
    }

    private static List<Object> boxed(long[] values) {
        List<Object> l = new ArrayList<>();
        for (long v : values) {
            l.add(v);
        }
        return l;
    }

    private static List<Object> boxed(double[] values) {
        List<Object> l = new ArrayList<>();
        for (double v : values) {
            l.add(v);
        }
        return l;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void countersTellWhatEntriesTell(long seed) throws StoreException, InterruptedException {
        Random random = new Random(seed);
        fill(random);
        long counted = 0;
        for (String template : QUERIES) {
            for (int i = 0; i < 3; i++) {
                String query = String.format(Locale.ROOT, template, RANGES[random.nextInt(RANGES.length)]);
                long start = BASE + random.nextLong(40 * MINUTE) / SECOND * SECOND;
                long step = STEPS[random.nextInt(STEPS.length)];
                long end = random.nextInt(4) == 0 ? start : start + random.nextLong(90 * MINUTE);
                QueryRequest q = new QueryRequest(
                        Parser.parse(query), start, end, start == end ? 0 : step, Direction.FORWARD, 100);
                QueryResult is = run(source, q);
                counted += is.stats().countedLines.sum();
                assertThat(comparable(is))
                        .as("seed %d: %s from %d to %d step %d", seed, query, start, end, step)
                        .isEqualTo(comparable(run(new Plain(source), q)));
            }
        }
        assertThat(counted).as("seed %d", seed).isPositive();
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12})
    void piecesAreTheWhole(long seed) throws StoreException {
        Random random = new Random(seed);
        fill(random);
        for (Direction d : Direction.values()) {
            long start = BASE + random.nextLong(5 * MINUTE);
            ScanRequest request = new ScanRequest(
                    List.of(new Matcher("app", Matcher.Op.REGEX, ".+")),
                    start,
                    start + 30 * MINUTE + random.nextLong(70 * MINUTE),
                    d,
                    ScanRequest.Columns.ALL,
                    List.of());
            int cut = 0;
            try (Scan scan = source.open(request)) {
                for (StreamScan s : scan.streams()) {
                    List<StreamScan> pieces = new ArrayList<>(s.pieces());
                    long last = Long.MIN_VALUE;
                    for (StreamScan p : pieces) {
                        assertThat(p.minNanos()).as("seed %d", seed).isGreaterThan(last);
                        last = p.maxNanos();
                    }
                    cut += pieces.size() - 1;
                    if (d == Direction.BACKWARD) {
                        Collections.reverse(pieces);
                    }
                    List<Entry> together = new ArrayList<>();
                    for (StreamScan p : pieces) {
                        together.addAll(read(p));
                    }
                    assertThat(together).as("seed %d", seed).isEqualTo(read(s));
                }
            }
            assertThat(cut).as("seed %d", seed).isPositive();
        }
    }

    private static List<Entry> read(StreamScan s) throws StoreException {
        List<Entry> found = new ArrayList<>();
        try (EntryCursor c = s.open()) {
            while (c.next()) {
                assertThat(c.timestampNanos()).isBetween(s.minNanos(), s.maxNanos());
                found.add(new Entry(
                        s.labels(),
                        c.timestampNanos(),
                        new String(c.buffer(), c.offset(), c.length(), StandardCharsets.UTF_8),
                        c.metadata()));
            }
        }
        return found;
    }
}
