/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.compact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.DynamoDbSettings;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.EntryFilter;
import io.skald.storage.LocalDynamoDb;
import io.skald.storage.LocalS3;
import io.skald.storage.StoreMetrics;
import io.skald.storage.dynamodb.DynamoDbIndexStore;
import io.skald.storage.index.CommitLog;
import io.skald.storage.index.CommitResult;
import io.skald.storage.index.DeleteRequest;
import io.skald.storage.index.Fence;
import io.skald.storage.index.LogRecord;
import io.skald.storage.s3.S3SegmentStore;
import io.skald.storage.segment.SegmentKeys;
import io.skald.storage.segment.SegmentRef;
import io.skald.storage.segment.SegmentWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compaction over DynamoDB and S3: killed at each step, it is gone on with by another process. */
class CompactorIT {
    private static final TenantId T = new TenantId("t");
    private static final long HOUR = 3_600_000;

    @SuppressWarnings("NullAway.Init") // set by JUnit
    @TempDir
    Path dir;

    private final Random random = new Random(5);
    private long nowMillis = 100 * HOUR;
    private long position;

    /** What a process knows. */
    private final class Compacting {
        final S3SegmentStore store;
        final CommitLog log;
        final Garbage garbage;

        Compacting(DynamoDbIndexStore index, S3SegmentStore store) {
            this.store = store;
            log = new CommitLog(index);
            garbage = new Garbage(index, store, log);
        }

        void compact(Consumer<CompactionStep> steps) throws Exception {
            CompactionPlanner planner = new CompactionPlanner(CompactionPolicy.DEFAULT);
            Compactor compactor = new Compactor(
                    store,
                    log,
                    garbage,
                    new Compactor.Settings(
                            CompactionPolicy.DEFAULT,
                            CompactorIT::filter,
                            tenant -> true,
                            Duration.ofHours(1),
                            () -> nowMillis,
                            steps));
            for (List<CompactionJob> jobs = plan(planner); !jobs.isEmpty(); jobs = plan(planner)) {
                compactor.run(T, jobs.getFirst(), Pace.UNLIMITED);
            }
        }

        private List<CompactionJob> plan(CompactionPlanner planner) throws StoreException {
            return planner.plan(log.read(T), nowMillis * 1_000_000, true, Set.of());
        }

        List<String> lines() throws StoreException {
            return StoredLines.of(store, log.read(T), CompactorIT::filter);
        }

        List<String> live() throws StoreException {
            return log.read(T).segments().stream().map(SegmentRef::key).sorted().toList();
        }
    }

    /** A query here is a text that lines hold. */
    private static EntryFilter filter(String query) {
        return stream ->
                at -> new String(at.buffer(), at.offset(), at.length(), StandardCharsets.UTF_8).contains(query);
    }

    private void flush(Compacting p, int lines) throws StoreException {
        try (SegmentWriter w = SegmentWriter.create(
                p.store,
                SegmentKeys.next(T, 0, System.currentTimeMillis()),
                0,
                new SegmentWriter.Density(32 << 10, 1))) {
            for (int stream = 0; stream < 3; stream++) {
                EntryBatch b = new EntryBatch(Labels.of("app", "app-" + stream));
                for (int i = 0; i < lines; i++) {
                    String text =
                            "user-" + random.nextInt(20) + " " + Long.toHexString(random.nextLong()) + "x".repeat(100);
                    byte[] line = text.getBytes(StandardCharsets.UTF_8);
                    b.add(position * lines + i, line, 0, line.length, Labels.EMPTY);
                }
                w.add(b);
            }
            assertThat(p.log.commit(T, LogRecord.flush(List.of(w.finish()), new Fence("i", position, ++position))))
                    .isInstanceOf(CommitResult.Committed.class);
        }
    }

    private static long gets(StoreMetrics metrics) {
        return metrics.usage().stream()
                .filter(u -> u.operation().equals("GetObject"))
                .mapToLong(StoreMetrics.Usage::requests)
                .sum();
    }

    @Test
    void whoeverComesNextGoesOnAfterAKillAtAnyStep() throws Exception {
        LocalS3.bucket(dir, "bucket");
        try (LocalDynamoDb dynamoDb = LocalDynamoDb.start();
                LocalS3 s3 = LocalS3.start(dir)) {
            DynamoDbSettings table = LocalDynamoDb.settings(dynamoDb.endpoint(), "compaction");
            DynamoDbIndexStore.init(table, new StoreMetrics(new CollectorRegistry()));
            int step = 0;
            StoreMetrics metrics = new StoreMetrics(new CollectorRegistry());
            try (DynamoDbIndexStore index = DynamoDbIndexStore.open(table, metrics);
                    S3SegmentStore store =
                            S3SegmentStore.open(LocalS3.settings(s3.endpoint(), "bucket", "p/"), metrics)) {
                for (CompactionStep at : CompactionStep.values()) {
                    Compacting first = new Compacting(index, store);
                    flush(first, 100);
                    flush(first, 400);
                    String user = "user-" + step++ + " ";
                    assertThat(first.log.commit(
                                    T, LogRecord.delete(new DeleteRequest(user, user, 0, Long.MAX_VALUE, nowMillis))))
                            .isInstanceOf(CommitResult.Committed.class);
                    List<String> expected = first.lines();
                    assertThat(expected).isNotEmpty().noneMatch(l -> l.contains(user));
                    assertThatThrownBy(() -> first.compact(reached -> {
                                if (reached == at) {
                                    throw new IllegalStateException("killed");
                                }
                            }))
                            .as(at.name())
                            .hasMessage("killed");
                    Compacting next = new Compacting(index, store);
                    assertThat(next.lines()).as(at.name()).isEqualTo(expected);
                    long before = gets(metrics);
                    next.compact(reached -> {});
                    // three directories, and all blocks of each with a few calls
                    assertThat(gets(metrics) - before).as(at.name()).isLessThan(40);
                    assertThat(next.lines()).as(at.name()).isEqualTo(expected);
                    assertThat(next.live()).hasSize(1);
                    nowMillis += 2 * HOUR;
                    next.garbage.collect(T, nowMillis);
                    assertThat(next.store.list("")).as(at.name()).containsAll(next.live());
                    nowMillis += 24 * HOUR;
                    next.garbage.collect(T, nowMillis);
                    assertThat(next.store.list("")).as(at.name()).isEqualTo(next.live());
                }
            }
        }
    }
}
