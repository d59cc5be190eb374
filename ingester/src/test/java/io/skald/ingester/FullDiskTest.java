/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.Limits;
import io.skald.core.disk.Disk;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.StreamScan;
import io.skald.ingester.wal.SyncMode;
import io.skald.storage.file.FileSegmentStore;
import io.skald.storage.index.CommitLog;
import io.skald.storage.memory.MemoryIndexStore;
import io.skald.storage.segment.SegmentRef;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file system of 24 MiB that really fills up. Skipped, with the reason, where the test may not mount one. */
class FullDiskTest {
    private static final TenantId TENANT = new TenantId("a");
    private static final long RESERVE = 4 << 20;

    @SuppressWarnings("NullAway.Init") // set by JUnit
    @TempDir
    Path dir;

    private boolean mounted;

    @BeforeEach
    void mount() throws Exception {
        mounted = run("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", dir.toString());
        assumeTrue(mounted, "mounting a tmpfs needs root and the right to mount");
    }

    @AfterEach
    void unmount() throws Exception {
        if (mounted) {
            assertThat(run("umount", dir.toString())).isTrue();
        }
    }

    private static boolean run(String... command) throws InterruptedException {
        try {
            Process p = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return p.waitFor(20, TimeUnit.SECONDS) && p.exitValue() == 0;
        } catch (IOException e) {
            // there is no such program
            return false;
        }
    }

    private Ingester open(CommitLog log, FileSegmentStore segments) throws StoreException {
        IngesterConfig config = new IngesterConfig(
                dir.resolve("data"),
                "i",
                SyncMode.ALWAYS,
                Duration.ofMillis(5),
                1 << 20,
                1 << 30,
                Duration.ofHours(1),
                Duration.ZERO,
                RESERVE,
                8 << 20,
                1 << 20,
                true);
        return Ingester.create(
                Disk.REAL,
                config,
                log,
                segments,
                t -> Limits.DEFAULTS,
                Clock.systemUTC(),
                new CollectorRegistry(),
                step -> {});
    }

    @Test
    void pushesAreRefusedBeforeItIsFullAndTakenAgainWhenThereIsRoom() throws Exception {
        CommitLog log = new CommitLog(new MemoryIndexStore());
        try (FileSegmentStore segments = FileSegmentStore.open(dir.resolve("segments"));
                Ingester i = open(log, segments)) {
            Random random = new Random(7);
            int taken = 0;
            int refused = 0;
            for (int round = 0; round < 3; round++) {
                // what another program writes to the disk goes away again
                Path other = Files.write(dir.resolve("other"), new byte[3 << 20]);
                long deadline = System.nanoTime() + 60_000_000_000L;
                boolean full = false;
                while (!full) {
                    assertThat(System.nanoTime()).isLessThan(deadline);
                    try {
                        push(i, random, taken);
                        taken++;
                    } catch (StoreException.Unavailable e) {
                        full = true;
                        refused++;
                        assertThat(e).hasMessageContaining("the reserve is " + RESERVE);
                        assertThat(Disk.REAL.usableBytes(dir)).isPositive();
                    }
                }
                // what is kept back is room for a flush, which frees files of the write-ahead log
                i.flush();
                Files.delete(other);
                boolean room = false;
                while (!room) {
                    assertThat(System.nanoTime()).isLessThan(deadline);
                    try {
                        push(i, random, taken);
                        taken++;
                        room = true;
                    } catch (StoreException.Unavailable e) {
                        Thread.onSpinWait();
                    }
                }
            }
            assertThat(refused).isEqualTo(3);
            long stored = log.read(TENANT).segments().stream()
                    .mapToLong(SegmentRef::entries)
                    .sum();
            assertThat(stored + recent(i, log)).isEqualTo(taken);
        }
    }

    private static void push(Ingester i, Random random, int n) throws Exception {
        byte[] line = new byte[20 << 10];
        for (int k = 0; k < line.length; k++) {
            line[k] = (byte) ('a' + random.nextInt(2));
        }
        byte[] number = ("line " + n + " ").getBytes(StandardCharsets.UTF_8);
        System.arraycopy(number, 0, line, 0, number.length);
        EntryBatch b = new EntryBatch(Labels.of("app", "web"));
        b.add(System.currentTimeMillis() * 1_000_000 + n, line, 0, line.length, Labels.EMPTY);
        assertThat(i.push(TENANT, List.of(b)).accepted()).isEqualTo(1);
    }

    private static long recent(Ingester i, CommitLog log) throws StoreException {
        ScanRequest all =
                new ScanRequest(List.of(), 0, Long.MAX_VALUE, Direction.FORWARD, ScanRequest.Columns.ALL, List.of());
        long n = 0;
        try (Scan scan = i.recent().open(TENANT, log.read(TENANT).fence("i"), all)) {
            for (StreamScan s : scan.streams()) {
                try (EntryCursor c = s.open()) {
                    while (c.next()) {
                        n++;
                    }
                }
            }
        }
        return n;
    }
}
