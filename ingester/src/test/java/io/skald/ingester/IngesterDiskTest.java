/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.Limits;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.ingester.flush.FlushStep;
import io.skald.ingester.flush.Flushed;
import io.skald.ingester.wal.FaultyDisk;
import io.skald.storage.file.FileSegmentStore;
import io.skald.storage.index.CommitLog;
import io.skald.storage.memory.MemoryIndexStore;
import io.skald.storage.segment.OrphanSegments;
import io.skald.storage.segment.SegmentRef;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An ingester on a disk that fills up, and on one where a crash left things lying about. */
class IngesterDiskTest {
    private static final TenantId TENANT = new TenantId("a");
    private static final long RESERVE = 1 << 20;

    @SuppressWarnings("NullAway.Init") // set by JUnit
    @TempDir
    Path dir;

    private final FaultyDisk disk = new FaultyDisk();
    private final MemoryIndexStore index = new MemoryIndexStore();
    private CommitLog log = new CommitLog(index);

    private Ingester open(FileSegmentStore segments, Consumer<FlushStep> steps) throws StoreException {
        IngesterConfig config = FlushedOnRequest.config(dir.resolve("data"), 4096, RESERVE);
        return Ingester.create(
                disk, config, log, segments, t -> Limits.DEFAULTS, Clock.systemUTC(), new CollectorRegistry(), steps);
    }

    private static void push(Ingester i, String line) throws Exception {
        byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
        EntryBatch b = new EntryBatch(Labels.of("app", "web"));
        b.add(System.currentTimeMillis() * 1_000_000, bytes, 0, bytes.length, Labels.EMPTY);
        assertThat(i.push(TENANT, List.of(b)).accepted()).isEqualTo(1);
    }

    @Test
    void refusesBeforeTheDiskIsFullAndRecoversByItself() throws Exception {
        try (FileSegmentStore segments = FileSegmentStore.open(dir.resolve("segments"));
                Ingester i = open(segments, step -> {})) {
            push(i, "room");
            disk.usable = RESERVE - 1;
            long deadline = System.nanoTime() + 10_000_000_000L;
            // the probe is asked a few times a second, not on every push
            assertThatThrownBy(() -> {
                        while (System.nanoTime() < deadline) {
                            push(i, "still taken");
                        }
                    })
                    .isInstanceOf(StoreException.Unavailable.class)
                    .hasMessageContaining("has " + (RESERVE - 1) + " bytes left, the reserve is " + RESERVE);
            disk.usable = RESERVE;
            while (true) {
                try {
                    push(i, "room again");
                    break;
                } catch (StoreException.Unavailable e) {
                    assertThat(System.nanoTime()).as("still refused: %s", e).isLessThan(deadline);
                    Thread.onSpinWait();
                }
            }
        }
    }

    @Test
    void aSegmentThatWasNeverCommittedIsRemovedAtTheNextStart() throws Exception {
        try (FileSegmentStore segments = FileSegmentStore.open(dir.resolve("segments"))) {
            Ingester i = open(segments, step -> {
                if (step == FlushStep.BEFORE_COMMIT) {
                    throw new IllegalStateException("crash");
                }
            });
            push(i, "one");
            Ingester crashing = i;
            assertThatThrownBy(crashing::flush).hasMessage("crash");
            i.crash();
            List<String> orphans = segments.list("");
            assertThat(orphans).hasSize(1);
            assertThat(OrphanSegments.sweep(segments, log)).isEqualTo(orphans);
            assertThat(segments.list("")).isEmpty();
            i = open(segments, step -> {});
            i.flush();
            List<String> live = segments.list("");
            assertThat(live).hasSize(1).doesNotContainAnyElementsOf(orphans);
            assertThat(OrphanSegments.sweep(segments, log)).isEmpty();
            assertThat(segments.list("")).isEqualTo(live);
            i.close();
        }
    }

    @Test
    void spareFilesGoWhenTheDiskIsNearlyFull() throws Exception {
        try (FileSegmentStore segments = FileSegmentStore.open(dir.resolve("segments"));
                Ingester i = open(segments, step -> {})) {
            for (int n = 0; n < 60; n++) {
                push(i, "line " + n + "x".repeat(300));
            }
            assertThat(i.flush().entries()).isEqualTo(60);
            assertThat(spares()).isPositive();
            disk.usable = RESERVE + 1;
            long deadline = System.nanoTime() + 10_000_000_000L;
            while (spares() > 0) {
                push(i, "under pressure");
                assertThat(System.nanoTime()).isLessThan(deadline);
            }
        }
    }

    private long spares() throws Exception {
        try (Stream<Path> files = Files.list(dir.resolve("data/wal"))) {
            return files.filter(p -> p.getFileName().toString().startsWith("spare-"))
                    .count();
        }
    }

    @Test
    void aTenantWhoseLogIsDamagedDoesNotStopTheOthers() throws Exception {
        try (FileSegmentStore segments = FileSegmentStore.open(dir.resolve("segments"))) {
            Ingester i = open(segments, step -> {});
            push(i, "one");
            Flushed flushed = i.flush();
            assertThat(flushed.tenants()).containsExactly(TENANT);
            assertThat(flushed.segments()).isEqualTo(1);
            assertThat(i.flush().segments()).isZero();
            push(i, "two");
            i.crash();
            byte[] record = Objects.requireNonNull(index.get("a/log", 1));
            byte[] bad = record.clone();
            bad[bad.length / 2] ^= 1;
            assertThat(index.compareAndPut("a/log", 1, record, bad)).isTrue();
            log = new CommitLog(index);
            List<String> keys = segments.list("");
            assertThat(OrphanSegments.sweep(segments, log)).isEmpty();
            assertThat(segments.list("")).isEqualTo(keys);
            i = open(segments, step -> {});
            EntryBatch b = new EntryBatch(Labels.of("app", "web"));
            b.add(System.currentTimeMillis() * 1_000_000, new byte[] {'x'}, 0, 1, Labels.EMPTY);
            assertThat(i.push(new TenantId("b"), List.of(b)).accepted()).isEqualTo(1);
            assertThatThrownBy(i::flush)
                    .isInstanceOf(StoreException.CorruptData.class)
                    .hasMessageContaining("log record a/log/1");
            assertThat(log.read(new TenantId("b")).segments()).hasSize(1);
            i.crash();
            assertThat(index.compareAndPut("a/log", 1, bad, record)).isTrue();
            log = new CommitLog(index);
            i = open(segments, step -> {});
            i.flush();
            assertThat(log.read(TENANT).segments())
                    .extracting(SegmentRef::entries)
                    .containsExactly(1L, 1L);
            i.close();
        }
    }
}
