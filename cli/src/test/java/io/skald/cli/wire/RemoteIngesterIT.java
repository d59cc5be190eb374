/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.QuerierSettings;
import io.skald.core.config.SkaldConfig;
import io.skald.core.disk.Disk;
import io.skald.core.http.HttpServer;
import io.skald.core.http.HttpServerConfig;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.Requirement;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.StreamScan;
import io.skald.core.wire.RecentEntries;
import io.skald.core.wire.UnstoredDelete;
import io.skald.ingester.Ingester;
import io.skald.ingester.IngesterConfig;
import io.skald.ingester.flush.SegmentNotes;
import io.skald.ingester.recent.RecentApi;
import io.skald.ingester.wal.DataDirectory;
import io.skald.querier.remote.ClusterIngesters;
import io.skald.storage.index.CommitLog;
import io.skald.storage.index.IngesterRegistry;
import io.skald.storage.memory.MemoryIndexStore;
import io.skald.storage.memory.MemorySegmentStore;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An ingester that is asked over HTTP answers as it does when it is called. */
class RemoteIngesterIT {
    private static final TenantId T = new TenantId("t");
    private static final List<Matcher> ALL = List.of(new Matcher("app", Matcher.Op.REGEX, ".+"));
    private static final long SEED = Long.getLong("skald.seed", 7);

    @TempDir
    private static Path dir;

    private static DataDirectory directory;
    private static Ingester ingester;
    private static HttpServer server;
    private static RecentApi api;
    private static ClusterIngesters cluster;
    private static final MemoryIndexStore INDEX = new MemoryIndexStore();
    private static long now;

    @BeforeAll
    static void start() throws Exception {
        directory = DataDirectory.acquire(Disk.REAL, dir);
        ingester = Ingester.open(
                directory,
                IngesterConfig.defaults(dir),
                new CommitLog(INDEX),
                new MemorySegmentStore(),
                SkaldConfig.DEFAULTS.tenantLimits(),
                Clock.systemUTC(),
                new CollectorRegistry(),
                SegmentNotes.NONE);
        server = new HttpServer(HttpServerConfig.of("127.0.0.1", 0), new CollectorRegistry());
        api = new RecentApi(ingester.recent());
        api.register(server);
        server.start();
        IngesterRegistry registry = new IngesterRegistry(INDEX);
        registry.hold(ingester.recent().ingesterId(), "http://127.0.0.1:" + server.port(), 0);
        cluster = new ClusterIngesters(registry, QuerierSettings.DEFAULTS, null);
        fill();
    }

    @AfterAll
    static void stop() throws Exception {
        cluster.close();
        server.close();
        api.close();
        ingester.close();
        directory.close();
    }

    /** Two large streams, 300 small ones, and one with lines longer than a page. */
    private static void fill() throws Exception {
        Random random = new Random(SEED);
        now = System.currentTimeMillis() * 1_000_000;
        for (int round = 0; round < 3; round++) {
            List<EntryBatch> batches = new ArrayList<>();
            for (int s = 0; s < 303; s++) {
                EntryBatch b = new EntryBatch(Labels.of("app", "a" + s));
                int rows = s < 2 ? 6000 : s == 2 ? 3 : 1 + random.nextInt(4);
                for (int i = 0; i < rows; i++) {
                    String text = "line " + i + " of round " + round + " "
                            + (s == 2
                                    ? "x".repeat(200_000)
                                    : Long.toHexString(random.nextLong()).repeat(3));
                    byte[] line = text.getBytes(StandardCharsets.UTF_8);
                    Labels m = random.nextInt(3) == 0 ? Labels.of("trace", "t" + random.nextInt(50)) : Labels.EMPTY;
                    b.add(now - random.nextInt(1_000_000_000), line, 0, line.length, m);
                }
                batches.add(b);
            }
            assertThat(ingester.push(T, batches).rejected()).isZero();
        }
    }

    private static RecentEntries remote() throws StoreException {
        return cluster.holding().getFirst();
    }

    private static ScanRequest request(Direction d, ScanRequest.Columns columns, Requirement... required) {
        return new ScanRequest(ALL, now - 2_000_000_000L, now + 1, d, columns, List.of(required));
    }

    private record Entry(long time, String line, Labels metadata) {}

    private static List<Entry> read(StreamScan s) throws StoreException {
        List<Entry> all = new ArrayList<>();
        try (EntryCursor c = s.open()) {
            while (c.next()) {
                assertThat(c.timestampNanos()).isBetween(s.minNanos(), s.maxNanos());
                all.add(new Entry(
                        c.timestampNanos(),
                        new String(c.buffer(), c.offset(), c.length(), StandardCharsets.UTF_8),
                        c.metadata()));
            }
        }
        return all;
    }

    @ParameterizedTest
    @EnumSource
    void entriesAreTheSameReadInAnyOrderByManyThreads(Direction direction) throws Exception {
        ScanRequest request = request(direction, ScanRequest.Columns.ALL);
        try (Scan here = ingester.recent().open(T, 0, request);
                Scan there = remote().open(T, 0, request);
                ExecutorService threads = Executors.newFixedThreadPool(6)) {
            assertThat(there.streams()).hasSize(303);
            List<Integer> order = new ArrayList<>();
            for (int i = 0; i < 303; i++) {
                order.add(i);
            }
            java.util.Collections.shuffle(order, new Random(SEED));
            List<Future<List<Entry>>> read = new ArrayList<>();
            for (int i : order) {
                read.add(threads.submit(() -> read(there.streams().get(i))));
            }
            for (int i = 0; i < order.size(); i++) {
                StreamScan s = here.streams().get(order.get(i));
                assertThat(there.streams().get(order.get(i)).labels()).isEqualTo(s.labels());
                assertThat(read.get(i).get()).isEqualTo(read(s));
            }
            // again, and only the beginning
            assertThat(read(there.streams().getFirst()))
                    .isEqualTo(read(here.streams().getFirst()));
            try (EntryCursor c = there.streams().get(1).open()) {
                assertThat(c.next()).isTrue();
            }
            assertThat(there.stats().headLines.sum()).isGreaterThan(30_000);
            assertThat(api.open()).isEqualTo(1);
        }
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (api.open() > 0) {
            assertThat(System.nanoTime())
                    .as("the scan is closed with its reader")
                    .isLessThan(deadline);
            Thread.sleep(10);
        }
    }

    @Test
    void onlyWhatIsAskedForComes() throws Exception {
        Requirement needle = Requirement.text("line 2 of round 1 ".getBytes(StandardCharsets.UTF_8));
        for (ScanRequest r : List.of(
                request(Direction.FORWARD, new ScanRequest.Columns(false, false, false)),
                request(Direction.BACKWARD, new ScanRequest.Columns(true, false, true)),
                request(Direction.FORWARD, ScanRequest.Columns.ALL, needle))) {
            try (Scan here = ingester.recent().open(T, 0, r);
                    Scan there = remote().open(T, 0, r)) {
                for (int i = 0; i < here.streams().size(); i++) {
                    try (EntryCursor a = here.streams().get(i).open();
                            EntryCursor b = there.streams().get(i).open()) {
                        while (a.next()) {
                            assertThat(b.next()).isTrue();
                            assertThat(b.timestampNanos()).isEqualTo(a.timestampNanos());
                            if (r.columns().lineLengths()) {
                                assertThat(b.length()).isEqualTo(a.length());
                            }
                        }
                        assertThat(b.next()).isFalse();
                    }
                }
            }
        }
    }

    /** An ingester that dies while it is read leaves what it gave until then, and a warning. */
    @Test
    void whoDiesInTheMiddleLeavesAWarning() throws Exception {
        MemoryIndexStore index = new MemoryIndexStore();
        HttpServer dying = new HttpServer(HttpServerConfig.of("127.0.0.1", 0), new CollectorRegistry());
        RecentApi own = new RecentApi(ingester.recent());
        own.register(dying);
        dying.start();
        IngesterRegistry registry = new IngesterRegistry(index);
        registry.hold(ingester.recent().ingesterId(), "http://127.0.0.1:" + dying.port(), 0);
        try (ClusterIngesters all = new ClusterIngesters(registry, QuerierSettings.DEFAULTS, null);
                Scan scan = all.holding().getFirst().open(T, 0, request(Direction.FORWARD, ScanRequest.Columns.ALL))) {
            int read = 0;
            for (StreamScan s : scan.streams()) {
                try (EntryCursor c = s.open()) {
                    while (c.next()) {
                        if (read++ == 0) {
                            assertThat(scan.warnings()).isEmpty();
                            dying.close();
                        }
                    }
                }
            }
            assertThat(read).isBetween(1, 36_000);
            assertThat(scan.warnings())
                    .singleElement()
                    .asString()
                    .startsWith("an ingester did not answer to the end, its recent entries may be missing: ");
        } finally {
            own.close();
        }
    }

    @Test
    void countsSeriesAndTailsAreTheSame() throws Exception {
        RecentEntries here = ingester.recent();
        RecentEntries there = remote();
        long start = now - 2_000_000_000L;
        assertThat(there.ingesterId()).isEqualTo(here.ingesterId());
        assertThat(there.endPosition()).isEqualTo(here.endPosition());
        UnstoredDelete some =
                new UnstoredDelete(3, "{app=~\".+\"} |= \"1\"", start, now, there.presentEndPosition() - 1);
        for (List<UnstoredDelete> without : List.of(List.<UnstoredDelete>of(), List.of(some))) {
            assertThat(there.streamStats(T, 0, without, ALL, start, now + 1))
                    .isEqualTo(here.streamStats(T, 0, without, ALL, start, now + 1));
            assertThat(there.series(T, 0, without, ALL, start, now + 1))
                    .isEqualTo(here.series(T, 0, without, ALL, start, now + 1));
        }
        assertThat(there.streamStats(T, 0, List.of(some), ALL, start, now + 1))
                .isNotEqualTo(there.streamStats(T, 0, List.of(), ALL, start, now + 1));
        RecentEntries.Tailed a = here.tail(T, ALL, 0, 5000, Duration.ofSeconds(1));
        RecentEntries.Tailed b = there.tail(T, ALL, 0, 5000, Duration.ofSeconds(1));
        assertThat(b.nextPosition()).isEqualTo(a.nextPosition());
        assertThat(b.batches()).hasSameSizeAs(a.batches());
        for (int i = 0; i < a.batches().size(); i++) {
            assertThat(b.batches().get(i).labels()).isEqualTo(a.batches().get(i).labels());
            assertThat(b.batches().get(i).lineBytes())
                    .isEqualTo(a.batches().get(i).lineBytes());
            assertThat(b.batches().get(i).metadata(0))
                    .isEqualTo(a.batches().get(i).metadata(0));
        }
    }

    @Test
    void oneThatIsNotThereIsUnavailable() throws Exception {
        IngesterRegistry registry = new IngesterRegistry(new MemoryIndexStore());
        registry.hold("gone", "http://127.0.0.1:1", 0);
        registry.hold("new", "", 0);
        registry.hold("left", "http://127.0.0.1:1", 0);
        registry.leave("left", 1);
        assertThat(registry.forget("never", 1)).isFalse();
        try (ClusterIngesters none = new ClusterIngesters(registry, QuerierSettings.DEFAULTS, null)) {
            List<RecentEntries> all = none.holding();
            assertThat(all).extracting(RecentEntries::ingesterId).containsExactly("gone", "new");
            assertThatThrownBy(() -> all.get(0).series(T, 0, List.of(), ALL, 0, 1))
                    .isInstanceOf(StoreException.Unavailable.class)
                    .hasMessage("http://127.0.0.1:1: cannot connect");
            assertThatThrownBy(() -> all.get(1).series(T, 0, List.of(), ALL, 0, 1))
                    .isInstanceOf(StoreException.Unavailable.class)
                    .hasMessage("its address is not known");
            assertThat(none.holds("left")).isFalse();
            assertThat(none.holds("gone")).isTrue();
            assertThat(registry.forget("gone", 2)).isTrue();
            assertThat(none.holding()).hasSize(1);
        }
    }

    /** Addresses are used again: whoever answers for another would leave out what that one holds, and nobody would know. */
    @Test
    void anotherIngesterDoesNotAnswerForOneThatWasThere() throws Exception {
        IngesterRegistry registry = new IngesterRegistry(new MemoryIndexStore());
        registry.hold("gone-1", "http://127.0.0.1:" + server.port(), 0);
        try (ClusterIngesters others = new ClusterIngesters(registry, QuerierSettings.DEFAULTS, null)) {
            RecentEntries gone = others.holding().getFirst();
            assertThatThrownBy(() -> gone.open(T, 0, List.of(), request(Direction.FORWARD, ScanRequest.Columns.ALL)))
                    .isInstanceOf(StoreException.Unavailable.class)
                    .hasMessageContaining("421: this is ingester");
            assertThatThrownBy(() -> gone.series(T, 0, List.of(), ALL, 0, Long.MAX_VALUE))
                    .isInstanceOf(StoreException.Unavailable.class);
            assertThatThrownBy(gone::presentEndPosition).isInstanceOf(StoreException.Unavailable.class);
        }
    }
}
