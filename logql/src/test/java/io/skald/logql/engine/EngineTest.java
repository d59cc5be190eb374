/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.skald.core.config.Limits;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.LogSource;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import io.skald.core.scan.StreamScan;
import io.skald.logql.parser.Parser;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class EngineTest {
    private static final long SECOND = 1_000_000_000;
    private static final ExecutorService POOL = Executors.newFixedThreadPool(2);

    private final Engine engine = new Engine(POOL);

    @AfterAll
    static void stop() {
        POOL.close();
    }

    /** Stream i has {@code entries} lines, one per second, from {@code i * apart} seconds on. */
    private static MemoryLogSource source(int streams, int entries, long apart) {
        List<EntryBatch> batches = new ArrayList<>();
        for (int s = 0; s < streams; s++) {
            EntryBatch b =
                    new EntryBatch(Labels.of("app", "web", "pod", String.format(java.util.Locale.ROOT, "p%04d", s)));
            for (int i = 0; i < entries; i++) {
                byte[] line = ("line " + i).getBytes(StandardCharsets.UTF_8);
                b.add((s * apart + i) * SECOND, line, 0, line.length, Labels.EMPTY);
            }
            batches.add(b);
        }
        return new MemoryLogSource(batches);
    }

    private static QueryRequest logs(String query, Direction direction, int limit) {
        return new QueryRequest(Parser.parse(query), 0, Long.MAX_VALUE, 0, direction, limit);
    }

    private static QueryRequest range(String query, long startSeconds, long endSeconds, long stepSeconds) {
        return new QueryRequest(
                Parser.parse(query),
                startSeconds * SECOND,
                endSeconds * SECOND,
                stepSeconds * SECOND,
                Direction.BACKWARD,
                100);
    }

    @Test
    void streamsBehindTheLastLineWantedAreNotOpened() throws Exception {
        MemoryLogSource source = source(100, 10, 1000);
        QueryResult.Lines lines = (QueryResult.Lines)
                engine.run(logs("{app=\"web\"}", Direction.BACKWARD, 5), source, Limits.DEFAULTS, () -> false)
                        .data();
        assertThat(lines.lines())
                .extracting(QueryResult.Line::timestampNanos)
                .containsExactly(99009 * SECOND, 99008 * SECOND, 99007 * SECOND, 99006 * SECOND, 99005 * SECOND);
        // each worker may have taken one more before the limit was reached
        assertThat(source.opened.get()).isLessThan(20);
        assertThat(source.openNow.get()).isZero();
    }

    @Test
    void moreStreamsThanMayBeOpenAtOnceAreMerged() throws Exception {
        MemoryLogSource source = source(700, 20, 0);
        QueryResult.Lines lines = (QueryResult.Lines) engine.run(
                        logs("{app=\"web\"} |= \"line 1\"", Direction.FORWARD, 5000),
                        source,
                        Limits.DEFAULTS,
                        () -> false)
                .data();
        assertThat(lines.lines()).hasSize(5000);
        assertThat(lines.lines())
                .isSortedAccordingTo(java.util.Comparator.comparingLong(QueryResult.Line::timestampNanos));
        assertThat(lines.lines().getFirst().stream().get("pod")).isEqualTo("p0000");
    }

    @Test
    void cancellingEndsTheQueryAndClosesWhatIsOpen() {
        MemoryLogSource source = source(50, 200, 0);
        AtomicInteger polls = new AtomicInteger();
        assertThatThrownBy(() -> engine.run(
                        range("rate({app=\"web\"}[5m])", 0, 600, 1),
                        source,
                        Limits.DEFAULTS,
                        () -> polls.incrementAndGet() > 0))
                .isInstanceOfSatisfying(
                        RequestException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CLIENT_CLOSED));
        assertThat(source.openNow.get()).isZero();
    }

    @Test
    void whatTheSourceThrowsReachesTheCaller() {
        LogSource broken = new BrokenSource(source(4, 100, 0), 57);
        for (String query : List.of("{app=\"web\"}", "sum(rate({app=\"web\"}[5m]))")) {
            assertThatThrownBy(() -> engine.run(range(query, 0, 600, 10), broken, Limits.DEFAULTS, () -> false))
                    .isInstanceOf(StoreException.CorruptData.class)
                    .hasMessage("broken at 57");
        }
    }

    @Test
    void tooManySeriesAreRefused() {
        MemoryLogSource source = source(5001, 1, 0);
        assertThatThrownBy(() ->
                        engine.run(range("rate({app=\"web\"}[5m])", 0, 60, 10), source, Limits.DEFAULTS, () -> false))
                .isInstanceOf(RequestException.class)
                .hasMessageStartingWith("maximum number of series (5000) reached for a single query");
    }

    @Test
    void aSumOverMoreSeriesThanTheLimitIsAnswered() throws Exception {
        QueryResult.Matrix m = (QueryResult.Matrix) engine.run(
                        range("sum(count_over_time({app=\"web\"}[5m]))", 0, 60, 60),
                        source(5001, 1, 0),
                        Limits.DEFAULTS,
                        () -> false)
                .data();
        assertThat(m.series()).hasSize(1);
        assertThat(m.series().getFirst().values()).containsExactly(5001, 5001);
    }

    @Test
    void whatDoesNotFitIntoMemoryIsRefused() {
        // every line makes a series of its own, and each has a value at every one of many steps
        EntryBatch b = new EntryBatch(Labels.of("app", "web"));
        for (int i = 0; i < 800; i++) {
            byte[] line = ("id=" + i).getBytes(StandardCharsets.UTF_8);
            b.add(i, line, 0, line.length, Labels.EMPTY);
        }
        assertThatThrownBy(() -> new Engine(POOL, 1_000_000)
                        .run(
                                range("sort(count_over_time({app=\"web\"} | logfmt [1d]))", 0, 5000, 1),
                                new MemoryLogSource(List.of(b)),
                                Limits.DEFAULTS,
                                () -> false))
                .isInstanceOf(RequestException.class)
                .hasMessageStartingWith("the query needs more memory than the limit of");
    }

    @Test
    void anInterruptedCallerFindsEverythingClosed() {
        MemoryLogSource source = source(10, 100, 0);
        Thread.currentThread().interrupt();
        assertThatThrownBy(() ->
                        engine.run(logs("{app=\"web\"}", Direction.FORWARD, 10), source, Limits.DEFAULTS, () -> false))
                .isInstanceOf(InterruptedException.class);
        assertThat(source.openNow.get()).isZero();
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }

    /** Fails after a number of entries. */
    private record BrokenSource(MemoryLogSource inner, int after) implements LogSource {
        @Override
        public Scan open(ScanRequest request) {
            Scan scan = inner.open(request);
            AtomicInteger read = new AtomicInteger();
            return new Scan() {
                @Override
                public List<StreamScan> streams() {
                    List<StreamScan> streams = new ArrayList<>();
                    for (StreamScan s : scan.streams()) {
                        streams.add(new BrokenStream(s, read, after));
                    }
                    return streams;
                }

                @Override
                public ScanStats stats() {
                    return scan.stats();
                }

                @Override
                public List<String> warnings() {
                    return List.of();
                }

                @Override
                public void close() {
                    scan.close();
                }
            };
        }

        @Override
        public Found<Labels> series(List<Matcher> matchers, long startNanos, long endNanos) {
            return inner.series(matchers, startNanos, endNanos);
        }

        @Override
        public Found<StreamStats> streamStats(List<Matcher> matchers, long startNanos, long endNanos) {
            return inner.streamStats(matchers, startNanos, endNanos);
        }
    }

    private record BrokenStream(StreamScan inner, AtomicInteger read, int after) implements StreamScan {
        @Override
        public Labels labels() {
            return inner.labels();
        }

        @Override
        public long minNanos() {
            return inner.minNanos();
        }

        @Override
        public long maxNanos() {
            return inner.maxNanos();
        }

        @Override
        public EntryCursor open() throws StoreException {
            EntryCursor cursor = inner.open();
            return new EntryCursor() {
                @Override
                public boolean next() throws StoreException {
                    if (read.incrementAndGet() >= after) {
                        throw new StoreException.CorruptData("broken at " + after);
                    }
                    return cursor.next();
                }

                @Override
                public long timestampNanos() {
                    return cursor.timestampNanos();
                }

                @Override
                public byte[] buffer() {
                    return cursor.buffer();
                }

                @Override
                public int offset() {
                    return cursor.offset();
                }

                @Override
                public int length() {
                    return cursor.length();
                }

                @Override
                public Labels metadata() {
                    return cursor.metadata();
                }

                @Override
                public void close() {
                    cursor.close();
                }
            };
        }
    }
}
