/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.Limits;
import io.skald.core.disk.Disk;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.LogSource;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.StreamScan;
import io.skald.core.wire.BlockEncoder;
import io.skald.core.wire.BlockPush;
import io.skald.core.wire.RecentEntries;
import io.skald.core.wire.UnstoredDelete;
import io.skald.ingester.compact.DeleteRequests;
import io.skald.ingester.flush.FlushStep;
import io.skald.ingester.wal.SyncMode;
import io.skald.storage.index.CommitLog;
import io.skald.storage.index.Deletion;
import io.skald.storage.index.IndexVersion;
import io.skald.storage.memory.MemoryIndexStore;
import io.skald.storage.memory.MemorySegmentStore;
import io.skald.storage.segment.SegmentRef;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Delete requests over what is in no segment yet: seen by nobody from the request on, and never stored. */
class UnstoredDeleteTest {
    private static final TenantId TENANT = new TenantId("t");
    private static final String SEVENS = "{app=\"web\"} |= \"user-7\"";

    @TempDir
    private Path dir;

    private final MemoryIndexStore index = new MemoryIndexStore();
    private final MemorySegmentStore segments = new MemorySegmentStore();
    private final CommitLog log = new CommitLog(index);
    private final long start = System.currentTimeMillis() * 1_000_000 - 60_000_000_000L;

    private Ingester open(Consumer<FlushStep> steps) throws StoreException {
        IngesterConfig config = new IngesterConfig(
                dir,
                "i",
                SyncMode.INTERVAL,
                Duration.ofMillis(5),
                1 << 20,
                1 << 30,
                Duration.ofHours(1),
                Duration.ZERO,
                0,
                8 << 20,
                8 << 20,
                false);
        return Ingester.create(
                Disk.REAL,
                config,
                log,
                segments,
                tenant -> Limits.DEFAULTS,
                Clock.systemUTC(),
                new CollectorRegistry(),
                steps);
    }

    private EntryBatch lines(int from, int to) {
        EntryBatch b = new EntryBatch(Labels.of("app", "web"));
        for (int i = from; i < to; i++) {
            byte[] line = ("order " + i + " of user-" + i % 10).getBytes(StandardCharsets.UTF_8);
            b.add(start + i * 1_000_000L, line, 0, line.length, Labels.EMPTY);
        }
        return b;
    }

    private static DeleteRequests deletes(CommitLog log, Ingester i) {
        return new DeleteRequests(
                log,
                new DeleteRequests.Ingesters() {
                    @Override
                    public List<RecentEntries> holding() {
                        return List.of(i.recent());
                    }

                    @Override
                    public boolean holds(String ingesterId) {
                        return true;
                    }
                },
                System::currentTimeMillis);
    }

    private List<String> seen(Ingester i, Direction direction, ScanRequest.Columns columns) throws StoreException {
        IndexVersion v = log.read(TENANT);
        List<String> seen = new ArrayList<>();
        ScanRequest request = new ScanRequest(List.of(), 0, Long.MAX_VALUE, direction, columns, List.of());
        try (Scan scan = i.recent().open(TENANT, v.fence("i"), v.unstoredDeletes("i"), request)) {
            for (StreamScan s : scan.streams()) {
                try (EntryCursor c = s.open()) {
                    while (c.next()) {
                        seen.add(
                                columns.lines()
                                        ? new String(c.buffer(), c.offset(), c.length(), StandardCharsets.UTF_8)
                                        : Long.toString((c.timestampNanos() - start) / 1_000_000));
                    }
                }
            }
        }
        return seen;
    }

    private List<String> seen(Ingester i) throws StoreException {
        return seen(i, Direction.FORWARD, ScanRequest.Columns.ALL);
    }

    private long stored() throws StoreException {
        return log.read(TENANT).segments().stream()
                .mapToLong(SegmentRef::entries)
                .sum();
    }

    @Test
    void whatIsDeletedIsNotSeenAndNotStored() throws Exception {
        try (Ingester i = open(step -> {})) {
            i.push(TENANT, List.of(lines(0, 100)));
            i.push(TENANT, List.of(lines(50, 150)));
            DeleteRequests deletes = deletes(log, i);
            deletes.create(TENANT, SEVENS, 0, Long.MAX_VALUE);
            // equal to one that is deleted, and later
            i.push(TENANT, List.of(lines(17, 18)));
            List<String> seen = seen(i);
            assertThat(seen).hasSize(136).contains("order 17 of user-7").doesNotContain("order 7 of user-7");
            assertThat(seen(i, Direction.BACKWARD, ScanRequest.Columns.ALL)).isEqualTo(seen.reversed());
            assertThat(seen(i, Direction.FORWARD, new ScanRequest.Columns(false, false, false)))
                    .hasSize(136)
                    .doesNotContain("27");
            List<UnstoredDelete> without = log.read(TENANT).unstoredDeletes("i");
            assertThat(i.recent().streamStats(TENANT, 0, without, List.of(), 0, Long.MAX_VALUE))
                    .singleElement()
                    .extracting(LogSource.StreamStats::entries)
                    .isEqualTo(136L);
            long seven = start + 7_000_000;
            assertThat(i.recent().series(TENANT, 0, without, List.of(), seven, seven + 1))
                    .isEmpty();
            assertThat(i.recent().series(TENANT, 0, List.of(), List.of(), seven, seven + 1))
                    .hasSize(1);
            assertThat(deletes.list(TENANT)).singleElement().satisfies(p -> {
                assertThat(p.done()).isFalse();
                assertThat(p.unstored()).containsExactly("i");
            });
            i.flush();
            assertThat(stored()).isEqualTo(136);
            assertThat(deletes.list(TENANT)).singleElement().satisfies(p -> {
                assertThat(p.done()).isTrue();
                // 15 of user-7, of which 5 were acknowledged twice
                assertThat(p.deletion().lines()).isEqualTo(20);
                assertThat(p.deletion().bytes()).isPositive();
            });
            assertThat(log.read(TENANT).unstoredDeletes("i")).isEmpty();
        }
    }

    @Test
    void aRequestThatConcernsNothingUnstoredNamesNoIngester() throws Exception {
        try (Ingester i = open(step -> {})) {
            i.push(TENANT, List.of(lines(0, 100)));
            i.flush();
            i.push(TENANT, List.of(lines(100, 200)));
            deletes(log, i).create(TENANT, SEVENS, 0, start + 50_000_000);
            deletes(log, i).create(TENANT, "{app=\"db\"}", 0, Long.MAX_VALUE);
            assertThat(log.read(TENANT).deletions())
                    .extracting(d -> d.request().unstored())
                    .allMatch(java.util.Map::isEmpty);
            assertThat(deletes(log, i).list(TENANT))
                    .allSatisfy(p -> assertThat(p.unstored()).isEmpty());
        }
    }

    /** Asked for, or cancelled, when the segments are written already: they are written again. */
    @Test
    void aFlushThatDidNotKnowOfARequestIsNotCommitted() throws Exception {
        List<FlushAction> todo = new ArrayList<>();
        try (Ingester i = open(step -> {
            if (step == FlushStep.BEFORE_COMMIT && !todo.isEmpty()) {
                try {
                    todo.removeFirst().run();
                } catch (StoreException e) {
                    throw new IllegalStateException(e);
                }
            }
        })) {
            i.push(TENANT, List.of(lines(0, 100)));
            DeleteRequests deletes = deletes(new CommitLog(index), i);
            String[] second = new String[1];
            todo.add(() -> deletes.create(TENANT, SEVENS, 0, Long.MAX_VALUE));
            todo.add(() -> second[0] = deletes.create(TENANT, "{app=\"web\"} |= \"user-3\"", 0, Long.MAX_VALUE));
            todo.add(() -> deletes.cancel(TENANT, second[0], false));
            i.flush();
            assertThat(todo).isEmpty();
            assertThat(stored()).isEqualTo(90);
            assertThat(log.read(TENANT).deletions()).extracting(Deletion::lines).containsExactly(10L);
            assertThat(segments.list("")).hasSize(1);
        }
    }

    private interface FlushAction {
        void run() throws StoreException;
    }

    @Test
    void nothingIsStoredWhenAllIsDeletedAndAKilledIngesterKnowsIt() throws Exception {
        Ingester i = open(step -> {});
        i.push(TENANT, List.of(lines(0, 100)));
        deletes(log, i).create(TENANT, "{app=\"web\"}", 0, Long.MAX_VALUE);
        assertThat(seen(i)).isEmpty();
        i.crash();
        i = open(step -> {});
        assertThat(seen(i)).isEmpty();
        i.push(TENANT, List.of(lines(3, 4)));
        assertThat(seen(i)).containsExactly("order 3 of user-3");
        i.flush();
        assertThat(stored()).isEqualTo(1);
        i.close();
    }

    /** Blocks of native pushes, which are stored as they are, are not where something in them is deleted. */
    @Test
    void aBlockWithDeletedEntriesIsNotCopied() throws Exception {
        try (Ingester i = open(step -> {})) {
            byte[] body = BlockPush.encode("node", 1, 1, new BlockEncoder(3, "node").encode(List.of(lines(0, 5000))));
            assertThat(i.push(TENANT, BlockPush.decode(body, body.length))
                            .result()
                            .rejected())
                    .isZero();
            deletes(log, i).create(TENANT, SEVENS, 0, start + 999_000_000);
            assertThat(seen(i))
                    .hasSize(4900)
                    .doesNotContain("order 997 of user-7")
                    .contains("order 1007 of user-7");
            i.flush();
            assertThat(stored()).isEqualTo(4900);
        }
    }
}
