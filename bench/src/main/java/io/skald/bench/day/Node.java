/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.bench.day;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.CompactionSettings;
import io.skald.core.config.Limits;
import io.skald.core.config.RetentionSettings;
import io.skald.core.disk.Disk;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.service.CloseStack;
import io.skald.core.wire.RecentEntries;
import io.skald.ingester.Ingester;
import io.skald.ingester.IngesterConfig;
import io.skald.ingester.compact.CompactionService;
import io.skald.ingester.compact.DeleteRequests;
import io.skald.ingester.wal.DataDirectory;
import io.skald.ingester.wal.SyncMode;
import io.skald.storage.IndexStore;
import io.skald.storage.SegmentStore;
import io.skald.storage.StoreMetrics;
import io.skald.storage.compact.Garbage;
import io.skald.storage.dynamodb.DynamoDbIndexStore;
import io.skald.storage.index.CommitLog;
import io.skald.storage.index.Retention;
import io.skald.storage.s3.S3SegmentStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What {@code skald ingester} has of stores, ingest and compaction, with its timers moved by the day: flushes when the oldest entry is as old as
 * the ingester's own timer would let it become. Confined to one thread, but for {@link #compact}.
 */
final class Node implements AutoCloseable {
    static final TenantId TENANT = new TenantId("fake");
    private static final Duration FLUSH_AGE = Duration.ofMinutes(15);

    private final DayClock clock;
    private final CloseStack parts = new CloseStack();
    private final SplittableRandom jitter;
    private final Ingester ingester;
    private final CompactionService compaction;
    final IndexStore index;
    final CommitLog log;
    final SegmentStore segments;
    private long oldestMillis = -1;
    private long maxAgeMillis;
    int flushes;

    Node(String name, Path data, LocalStores stores, StoreMetrics metrics, DayClock clock) throws StoreException {
        this.clock = clock;
        this.jitter = new SplittableRandom(name.hashCode());
        this.index = parts.add("index", DynamoDbIndexStore.open(stores.dynamoDb(), metrics));
        this.log = new CommitLog(index);
        this.segments = parts.add("segments", S3SegmentStore.open(stores.s3(), metrics));
        Garbage garbage = new Garbage(index, segments, log);
        CollectorRegistry registry = new CollectorRegistry();
        IngesterConfig d = IngesterConfig.defaults(data);
        IngesterConfig config = new IngesterConfig(
                data,
                name,
                SyncMode.ALWAYS,
                d.walSyncInterval(),
                d.walSegmentBytes(),
                d.flushBytes(),
                // its own timer looks at the real time; the day's is looked at here
                Duration.ofDays(1),
                Duration.ZERO,
                0,
                1L << 30,
                d.maxPushBytes(),
                d.minePatterns());
        DataDirectory directory = parts.add("directory", DataDirectory.acquire(Disk.REAL, data));
        this.ingester = parts.add(
                "ingester",
                Ingester.open(
                        directory,
                        config,
                        log,
                        segments,
                        t -> Limits.DEFAULTS,
                        clock,
                        registry,
                        (t, keys) -> garbage.flushing(t, keys, clock.millis())));
        CompactionSettings c = CompactionSettings.DEFAULTS;
        CompactionSettings settings = new CompactionSettings(
                true,
                c.interval(),
                c.minAge(),
                c.targetSize(),
                c.blockSize(),
                c.zstdLevel(),
                0,
                c.deleteDelay(),
                c.lease());
        this.compaction = parts.add(
                "compaction",
                new CompactionService(
                        new CompactionService.Environment(
                                index,
                                log,
                                segments,
                                new Retention(t -> Limits.DEFAULTS, clock::millis),
                                () -> false,
                                () -> Long.MAX_VALUE,
                                t -> Limits.DEFAULTS.patternsEnabled(),
                                clock::millis,
                                true,
                                clock::nanos),
                        settings,
                        RetentionSettings.DEFAULTS,
                        registry));
        maxAgeMillis = age();
    }

    private long age() {
        long age = FLUSH_AGE.toMillis();
        return age - jitter.nextLong(age / 10 + 1);
    }

    void push(List<EntryBatch> batches) throws StoreException, InterruptedException {
        if (oldestMillis < 0) {
            oldestMillis = clock.millis();
        }
        long lines = 0;
        for (EntryBatch b : batches) {
            lines += b.size();
        }
        long accepted = ingester.push(TENANT, batches).accepted();
        if (accepted != lines) {
            throw new IllegalStateException(accepted + " of " + lines + " lines were taken");
        }
    }

    boolean flushDue() {
        return oldestMillis >= 0 && clock.millis() - oldestMillis >= maxAgeMillis;
    }

    void flush() throws StoreException {
        ingester.flush();
        oldestMillis = -1;
        maxAgeMillis = age();
        flushes++;
    }

    /** What the compaction does at each look. */
    void compact() throws StoreException, InterruptedException {
        for (TenantId t : log.tenants()) {
            compaction.compact(t, false);
        }
        compaction.evict();
    }

    DeleteRequests deletes(List<Node> all) {
        DeleteRequests.Ingesters holding = new DeleteRequests.Ingesters() {
            @Override
            public List<RecentEntries> holding() {
                return all.stream().map(n -> n.ingester.recent()).toList();
            }

            @Override
            public boolean holds(String ingesterId) {
                return true;
            }
        };
        return new DeleteRequests(log, holding, clock::millis);
    }

    @Override
    public void close() {
        parts.close();
    }
}
