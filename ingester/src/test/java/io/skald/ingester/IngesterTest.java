/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import io.skald.core.wire.RecentEntries.Tailed;
import io.skald.ingester.flush.FlushStep;
import io.skald.storage.compact.Garbage;
import io.skald.storage.index.CommitLog;
import io.skald.storage.index.IndexVersion;
import io.skald.storage.memory.MemoryIndexStore;
import io.skald.storage.memory.MemorySegmentStore;
import io.skald.storage.segment.SegmentRef;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Nothing acknowledged is lost, nothing comes twice: over restarts, torn files, and crashes at every step of a flush. */
class IngesterTest {
    private static final TenantId TENANT = new TenantId("a");
    private static final long HOUR = 3_600_000_000_000L;

    @SuppressWarnings("NullAway.Init") // set by JUnit
    @TempDir
    Path dir;

    private final MemoryIndexStore index = new MemoryIndexStore();
    private final MemorySegmentStore segments = new MemorySegmentStore();
    private final Garbage garbage = new Garbage(index, segments, new CommitLog(index));

    private static final class Crash extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    private Ingester open(Consumer<FlushStep> steps) throws StoreException {
        IngesterConfig config = FlushedOnRequest.config(dir, 4096, 0);
        return Ingester.create(
                Disk.REAL,
                config,
                new CommitLog(index),
                segments,
                tenant -> Limits.DEFAULTS,
                Clock.systemUTC(),
                new CollectorRegistry(),
                steps,
                (tenant, keys) -> garbage.flushing(tenant, keys, System.currentTimeMillis()));
    }

    private static void push(Ingester i, long nanos, String... lines) throws Exception {
        EntryBatch b = new EntryBatch(Labels.of("app", "web"), lines.length);
        for (String line : lines) {
            byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
            b.add(nanos, bytes, 0, bytes.length, Labels.EMPTY);
        }
        assertThat(i.push(TENANT, List.of(b)).accepted()).isEqualTo(lines.length);
    }

    private static long now() {
        return System.currentTimeMillis() * 1_000_000;
    }

    /** Lines that only the ingester holds, by the rule of the exact read. */
    private List<String> recent(Ingester i, Direction direction) throws StoreException {
        IndexVersion v = new CommitLog(index).read(TENANT);
        List<String> lines = new ArrayList<>();
        try (Scan scan = i.recent()
                .open(
                        TENANT,
                        v.fence("i"),
                        new ScanRequest(List.of(), 0, Long.MAX_VALUE, direction, ScanRequest.Columns.ALL, List.of()))) {
            for (StreamScan s : scan.streams()) {
                try (EntryCursor c = s.open()) {
                    while (c.next()) {
                        lines.add(new String(c.buffer(), c.offset(), c.length(), StandardCharsets.UTF_8));
                    }
                }
            }
        }
        return lines;
    }

    @Test
    void readsTimesAloneWhenNothingElseIsAskedFor() throws Exception {
        long t = now();
        try (Ingester i = open(step -> {})) {
            push(i, t + 1, "b");
            push(i, t, "a");
            ScanRequest.Columns times = new ScanRequest.Columns(false, false, false);
            ScanRequest request = new ScanRequest(List.of(), 0, Long.MAX_VALUE, Direction.FORWARD, times, List.of());
            List<Long> read = new ArrayList<>();
            try (Scan scan = i.recent().open(TENANT, 0, request);
                    EntryCursor c = scan.streams().getFirst().open()) {
                while (c.next()) {
                    assertThat(c.offset() + c.length()).isLessThanOrEqualTo(c.buffer().length);
                    read.add(c.timestampNanos());
                }
            }
            assertThat(read).containsExactly(t, t + 1);
        }
    }

    /** Entries in segments and in the head. */
    private long total(Ingester i) throws StoreException {
        return new CommitLog(index)
                        .read(TENANT).segments().stream()
                                .mapToLong(s -> s.entries())
                                .sum()
                + recent(i, Direction.FORWARD).size();
    }

    @Test
    void acknowledgedEntriesAreReadInOrderAndEqualOnesOnce() throws Exception {
        long t = now();
        try (Ingester i = open(step -> {})) {
            push(i, t + 2, "c", "c", "d");
            push(i, t + 1, "b");
            push(i, t, "a");
            push(i, t + 2, "c");
            assertThat(recent(i, Direction.FORWARD)).containsExactly("a", "b", "c", "d");
            assertThat(recent(i, Direction.BACKWARD)).containsExactly("d", "c", "b", "a");
            assertThat(i.recent().streamStats(TENANT, 0, List.of(), List.of(), 0, Long.MAX_VALUE))
                    .singleElement()
                    .satisfies(s -> {
                        assertThat(s.labels()).isEqualTo(Labels.of("app", "web", "service_name", "web"));
                        assertThat(s.entries()).isEqualTo(4);
                        assertThat(s.bytes()).isEqualTo(4);
                    });
        }
    }

    @Test
    void aRestartServesWhatWasAcknowledged() throws Exception {
        long t = now();
        List<String> pushed = new ArrayList<>();
        Ingester i = open(step -> {});
        long end = 0;
        for (int n = 0; n < 200; n++) {
            push(i, t + n, "line " + n);
            pushed.add("line " + n);
            assertThat(i.recent().endPosition()).isGreaterThan(end);
            end = i.recent().endPosition();
        }
        i.crash();
        i = open(step -> {});
        assertThat(i.recent().endPosition()).isGreaterThan(end);
        assertThat(recent(i, Direction.FORWARD)).isEqualTo(pushed);
        i.flush();
        assertThat(recent(i, Direction.FORWARD)).isEmpty();
        assertThat(total(i)).isEqualTo(200);
        i.crash();
        i = open(step -> {});
        assertThat(recent(i, Direction.FORWARD)).isEmpty();
        Ingester held = i;
        assertThatThrownBy(() -> held.recent().series(TENANT, 0, List.of(), List.of(), 0, Long.MAX_VALUE))
                .isInstanceOf(StoreException.Stale.class);
        i.close();
    }

    @ParameterizedTest
    @EnumSource(FlushStep.class)
    void aCrashAtAnyStepOfAFlushLosesNothingAndDoublesNothing(FlushStep at) throws Exception {
        long t = now();
        Ingester i = open(step -> {
            if (step == at) {
                throw new Crash();
            }
        });
        for (int n = 0; n < 50; n++) {
            // of two days, so that there are two segments in one commit
            push(i, t - (n % 2) * (24 * HOUR) - n, "line " + n + " ".repeat(100));
        }
        Ingester crashing = i;
        assertThatThrownBy(crashing::flush).isInstanceOf(Crash.class);
        i.crash();
        i = open(step -> {});
        assertThat(total(i)).isEqualTo(50);
        push(i, t + 1, "after");
        i.flush();
        assertThat(recent(i, Direction.FORWARD)).isEmpty();
        assertThat(total(i)).isEqualTo(51);
        i.close();
        List<String> objects = segments.list("");
        List<String> live = new CommitLog(index)
                .read(TENANT).segments().stream().map(SegmentRef::key).sorted().toList();
        assertThat(garbage.collect(TENANT, System.currentTimeMillis() + 23 * HOUR / 1_000_000))
                .isEmpty();
        assertThat(segments.list("")).isEqualTo(objects);
        assertThat(garbage.collect(TENANT, System.currentTimeMillis() + 31 * HOUR / 1_000_000))
                .doesNotContainAnyElementsOf(live);
        assertThat(segments.list("")).isEqualTo(live);
    }

    @Test
    void aTornTailEndsCleanlyAndInventsNothing() throws Exception {
        long t = now();
        Ingester i = open(step -> {});
        for (int n = 0; n < 8; n++) {
            push(i, t + n, "line " + n);
        }
        i.crash();
        Path wal = dir.resolve("wal");
        Path file;
        try (Stream<Path> files = Files.list(wal)) {
            file = files.filter(p -> p.getFileName().toString().matches("[0-9]+\\.wal"))
                    .max(Path::compareTo)
                    .orElseThrow();
        }
        byte[] whole = Files.readAllBytes(file);
        int end = whole.length;
        while (whole[end - 1] == 0) {
            end--;
        }
        for (int cut = 64; cut <= end; cut += 3) {
            byte[] torn = Arrays.copyOf(Arrays.copyOf(whole, cut), whole.length);
            List<String> found = reopened(wal, file, torn);
            assertThat(found).as("cut at %d", cut).isEqualTo(expected(found.size()));
        }
        for (int flip = 64; flip < end; flip += 7) {
            byte[] bad = whole.clone();
            bad[flip] ^= 0x10;
            List<String> found = reopened(wal, file, bad);
            assertThat(expected(8)).as("flip at %d", flip).containsAll(found);
            assertThat(found).as("flip at %d", flip).hasSizeGreaterThanOrEqualTo(7);
        }
    }

    private static List<String> expected(int n) {
        List<String> lines = new ArrayList<>();
        for (int k = 0; k < n; k++) {
            lines.add("line " + k);
        }
        return lines;
    }

    private List<String> reopened(Path wal, Path file, byte[] content) throws Exception {
        try (Stream<Path> files = Files.list(wal)) {
            for (Path p : files.toList()) {
                Files.delete(p);
            }
        }
        Files.write(file, content, StandardOpenOption.CREATE);
        Ingester i = open(step -> {});
        List<String> found = recent(i, Direction.FORWARD);
        i.crash();
        return found;
    }

    @Test
    void oneProcessOwnsADirectory() throws Exception {
        try (Ingester i = open(step -> {})) {
            assertThat(i.recent().ingesterId()).isEqualTo("i");
            assertThatThrownBy(() -> open(step -> {}))
                    .isInstanceOf(StoreException.Unavailable.class)
                    .hasMessage("data directory " + dir + " is in use by process "
                            + ProcessHandle.current().pid() + "; each needs its own");
        }
    }

    @Test
    void aTailFollowsInTheOrderOfAcknowledgement() throws Exception {
        long t = now();
        try (Ingester i = open(step -> {})) {
            long from = i.recent().endPosition();
            push(i, t + 5, "one");
            push(i, t, "two", "three");
            Tailed first = i.recent().tail(TENANT, List.of(), from, 1, Duration.ofSeconds(1));
            assertThat(first.batches())
                    .singleElement()
                    .satisfies(b -> assertThat(b.size()).isEqualTo(1));
            Tailed second = i.recent().tail(TENANT, List.of(), first.nextPosition(), 10, Duration.ofSeconds(1));
            assertThat(second.batches())
                    .singleElement()
                    .satisfies(b -> assertThat(b.size()).isEqualTo(2));
            Tailed none = i.recent().tail(TENANT, List.of(), second.nextPosition(), 10, Duration.ofMillis(1));
            assertThat(none.batches()).isEmpty();
        }
    }

    @Test
    void pushesDuringFlushesAreStoredExactlyOnce() throws Exception {
        long t = now();
        int threads = 6;
        int each = 60;
        Ingester i = open(step -> {});
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            List<Future<Integer>> done = new ArrayList<>();
            for (int k = 0; k < threads; k++) {
                int thread = k;
                Callable<Integer> work = () -> {
                    for (int n = 0; n < each; n++) {
                        push(i, t + n, "thread " + thread + " line " + n);
                    }
                    return each;
                };
                done.add(pool.submit(work));
            }
            while (done.stream().anyMatch(f -> !f.isDone())) {
                i.flush();
            }
            for (Future<Integer> f : done) {
                assertThat(f.get()).isEqualTo(each);
            }
        }
        assertThat(total(i)).isEqualTo((long) threads * each);
        i.crash();
        Ingester again = open(step -> {});
        assertThat(total(again)).isEqualTo((long) threads * each);
        again.close();
    }
}
