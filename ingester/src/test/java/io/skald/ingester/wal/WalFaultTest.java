/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.skald.core.model.StoreException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that fails: nothing that was acknowledged is lost, nothing that was refused comes back twice. */
class WalFaultTest {
    @SuppressWarnings("NullAway.Init") // set by JUnit
    @TempDir
    Path dir;

    private final FaultyDisk disk = new FaultyDisk();
    private final List<String> poisoned = Collections.synchronizedList(new ArrayList<>());
    private final List<String> replayed = new ArrayList<>();
    private final List<Long> durableEnds = Collections.synchronizedList(new ArrayList<>());

    private final class Listener implements WalListener {
        @Override
        public void durable(List<? extends PendingRecord> records, long endPosition) {
            durableEnds.add(endPosition);
        }

        @Override
        public void synced(long nanos, long bytes) {}

        @Override
        public void poisoned(WalFile file, Exception cause) {
            poisoned.add(file.path().getFileName() + ": " + cause.getMessage());
        }

        @Override
        public byte @Nullable [] directory(long number) {
            return null;
        }

        @Override
        public void setAside(String path) {}
    }

    private final class Replayed implements Wal.Replay {
        @Override
        public void record(long position, byte type, MemorySegment payload) {
            replayed.add(new String(payload.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8));
        }

        @Override
        public boolean directory(long number, byte[] content) {
            return false;
        }

        @Override
        public void corrupt(StoreException.CorruptData damage) {
            replayed.add("corrupt: " + damage.getMessage());
        }
    }

    private Wal open(SyncMode sync, Duration interval) throws StoreException {
        return open(sync, interval, 4096);
    }

    private Wal open(SyncMode sync, Duration interval, int segmentBytes) throws StoreException {
        return Wal.open(
                disk,
                new Wal.Settings(dir.resolve("wal"), segmentBytes, sync, interval, () -> 2),
                1,
                0,
                new Replayed(),
                new Listener());
    }

    private static void append(Wal wal, String... texts) throws Exception {
        List<PendingRecord> records = new ArrayList<>();
        for (String t : texts) {
            byte[] b = t.getBytes(StandardCharsets.UTF_8);
            records.add(new PendingRecord(WalFormat.TYPE_ENTRIES, b, b.length));
        }
        wal.append(records);
    }

    @Test
    void aSyncErrorPoisonsTheFileAndTheRecordsGoToANewOne() throws Exception {
        try (Wal wal = open(SyncMode.ALWAYS, Duration.ofSeconds(1))) {
            append(wal, "a");
            disk.failingForces.set(1);
            append(wal, "b", "c");
            append(wal, "d");
            assertThat(poisoned).containsExactly("0000000001.wal: Input/output error");
            assertThat(durableEnds).isSorted();
        }
        open(SyncMode.ALWAYS, Duration.ofSeconds(1)).close();
        assertThat(replayed).containsExactly("a", "b", "c", "d");
    }

    @Test
    void aFileThatFailsBeforeItsFirstAcknowledgementIsNotReadAgain() throws Exception {
        try (Wal wal = open(SyncMode.ALWAYS, Duration.ofSeconds(1))) {
            disk.failingForces.set(1);
            append(wal, "a");
            assertThat(poisoned).hasSize(1);
        }
        open(SyncMode.ALWAYS, Duration.ofSeconds(1)).close();
        assertThat(replayed).containsExactly("a");
    }

    @Test
    void aDiskThatTakesNothingRefusesPushesAndTakesThemAgainLater() throws Exception {
        try (Wal wal = open(SyncMode.ALWAYS, Duration.ofSeconds(1))) {
            append(wal, "a");
            disk.failingForces.set(2);
            assertThatThrownBy(() -> append(wal, "refused"))
                    .isInstanceOf(StoreException.Unavailable.class)
                    .hasMessage("WAL cannot be written: Input/output error");
            assertThat(poisoned).hasSize(2);
            append(wal, "b");
            disk.failingForces.set(1);
            disk.full = true;
            assertThatThrownBy(() -> append(wal, "refused too"))
                    .hasMessage("WAL cannot be written: No space left on device");
            assertThatThrownBy(() -> append(wal, "refused again"))
                    .hasMessage("WAL cannot be written: No space left on device");
            disk.full = false;
            append(wal, "c");
        }
        open(SyncMode.ALWAYS, Duration.ofSeconds(1)).close();
        assertThat(replayed).containsExactly("a", "b", "c");
    }

    @Test
    void syncErrorsUnderLoadLoseAndDoubleNothing() throws Exception {
        List<String> acknowledged = Collections.synchronizedList(new ArrayList<>());
        try (Wal wal = open(SyncMode.ALWAYS, Duration.ofSeconds(1));
                ExecutorService pool = Executors.newFixedThreadPool(4)) {
            List<Future<Boolean>> done = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                int thread = t;
                Callable<Boolean> work = () -> {
                    for (int n = 0; n < 100; n++) {
                        if (n % 10 == thread) {
                            disk.failingForces.set(1 + n % 2);
                        }
                        String text = thread + "/" + n + " ".repeat(50);
                        try {
                            append(wal, text);
                            acknowledged.add(text);
                        } catch (StoreException.Unavailable e) {
                            assertThat(e).hasMessageStartingWith("WAL cannot be written");
                        }
                    }
                    return true;
                };
                done.add(pool.submit(work));
            }
            for (Future<Boolean> f : done) {
                assertThat(f.get(30, TimeUnit.SECONDS)).isTrue();
            }
        }
        open(SyncMode.ALWAYS, Duration.ofSeconds(1)).close();
        assertThat(replayed).doesNotHaveDuplicates().containsAll(acknowledged);
        assertThat(poisoned).isNotEmpty();
    }

    @Test
    void anIntervalAcknowledgesFirstAndSyncsSoonAfter() throws Exception {
        try (Wal wal = open(SyncMode.INTERVAL, Duration.ofMinutes(1))) {
            append(wal, "a");
            append(wal, "b");
            assertThat(disk.forces).hasValue(0);
        }
        assertThat(disk.forces).as("closing syncs what is left").hasValue(1);
        try (Wal wal = open(SyncMode.INTERVAL, Duration.ofMillis(1))) {
            assertThat(replayed).containsExactly("a", "b");
            append(wal, "c");
            long deadline = System.nanoTime() + 10_000_000_000L;
            while (disk.forces.get() < 2 && System.nanoTime() < deadline) {
                Thread.onSpinWait();
            }
            assertThat(disk.forces).hasValue(2);
            disk.failingForces.set(1);
            append(wal, "d");
            while (poisoned.isEmpty() && System.nanoTime() < deadline) {
                Thread.onSpinWait();
            }
            assertThat(poisoned).hasSize(1);
            append(wal, "e");
        }
        replayed.clear();
        open(SyncMode.ALWAYS, Duration.ofSeconds(1)).close();
        assertThat(replayed).containsExactly("a", "b", "c", "d", "e");
    }

    @Test
    void anIntervalSyncsUnderConstantLoadToo() throws Exception {
        try (Wal wal = open(SyncMode.INTERVAL, Duration.ofMillis(2), 16 << 20)) {
            long deadline = System.nanoTime() + 10_000_000_000L;
            while (disk.forces.get() < 3 && System.nanoTime() < deadline) {
                append(wal, "x");
            }
            assertThat(disk.forces).hasValueGreaterThanOrEqualTo(3);
        }
    }
}
