/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.compact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.EntryFilter;
import io.skald.storage.SegmentStore;
import io.skald.storage.index.CommitLog;
import io.skald.storage.index.CommitResult;
import io.skald.storage.index.DeleteRequest;
import io.skald.storage.index.Deletion;
import io.skald.storage.index.Fence;
import io.skald.storage.index.IndexVersion;
import io.skald.storage.index.LogRecord;
import io.skald.storage.memory.MemoryIndexStore;
import io.skald.storage.memory.MemorySegmentStore;
import io.skald.storage.segment.SegmentRef;
import io.skald.storage.segment.SegmentWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CompactorTest {
    private static final TenantId T = new TenantId("t");
    private static final long HOUR = 3_600_000L;

    private final MemoryIndexStore index = new MemoryIndexStore();
    private final MemorySegmentStore store = new MemorySegmentStore();
    private final CommitLog log = new CommitLog(index);
    private final Garbage garbage = new Garbage(index, store, log);
    private static final CompactionPolicy POLICY = new CompactionPolicy(
            256L << 20, 6, Duration.ofHours(2), Duration.ZERO, new SegmentWriter.Density(256 << 10, 6));
    private final CompactionPlanner planner = new CompactionPlanner(POLICY);
    private long nowMillis = 100 * HOUR;
    private long position;

    private Compactor compactor(Consumer<CompactionStep> steps) {
        return new Compactor(
                store,
                log,
                garbage,
                new Compactor.Settings(
                        POLICY, CompactorTest::filter, tenant -> true, Duration.ofHours(1), () -> nowMillis, steps));
    }

    /** A query here is {@code app:text}: lines of a stream that hold a text. */
    private static EntryFilter filter(String query) {
        String[] parts = query.split(":", 2);
        return stream -> !parts[0].equals(stream.get("app"))
                ? null
                : at -> new String(at.buffer(), at.offset(), at.length(), StandardCharsets.UTF_8).contains(parts[1]);
    }

    private static EntryBatch batch(String app, long from, String... lines) {
        EntryBatch b = new EntryBatch(Labels.of("app", app));
        for (int i = 0; i < lines.length; i++) {
            byte[] line = lines[i].getBytes(StandardCharsets.UTF_8);
            b.add(from + i, line, 0, line.length, Labels.EMPTY);
        }
        return b;
    }

    private SegmentRef flush(EntryBatch... streams) throws StoreException {
        SegmentRef ref;
        try (SegmentWriter w = SegmentWriter.create(store, T, 0)) {
            for (EntryBatch b : streams) {
                w.add(b);
            }
            ref = w.finish();
        }
        assertThat(log.commit(T, LogRecord.flush(List.of(ref), new Fence("i", position, ++position))))
                .isInstanceOf(CommitResult.Committed.class);
        return ref;
    }

    private void delete(String query) throws StoreException {
        assertThat(log.commit(T, LogRecord.delete(new DeleteRequest(query, query, 0, Long.MAX_VALUE, nowMillis))))
                .isInstanceOf(CommitResult.Committed.class);
    }

    private List<String> lines() throws StoreException {
        return StoredLines.of(store, log.read(T), CompactorTest::filter);
    }

    private void compactAll(Consumer<CompactionStep> steps) throws Exception {
        for (List<CompactionJob> jobs = plan(); !jobs.isEmpty(); jobs = plan()) {
            compactor(steps).run(T, jobs.getFirst(), Pace.UNLIMITED);
        }
    }

    private List<CompactionJob> plan() throws StoreException {
        return planner.plan(log.read(T), nowMillis * 1_000_000, true, Set.of());
    }

    @Test
    void partsOfAStreamComeTogetherAndEqualEntriesOnce() throws Exception {
        flush(batch("a", 10, "one", "two"), batch("b", 10, "x"));
        flush(batch("a", 11, "two", "three"));
        flush(batch("a", 5, "zero"), batch("c", 1, "y"));
        List<String> before = lines();
        CompactionResult r = compactor(s -> {}).run(T, plan().getFirst(), Pace.UNLIMITED);
        assertThat(r.committed()).isTrue();
        assertThat(r.inputs()).isEqualTo(3);
        assertThat(r.duplicates()).isEqualTo(1);
        assertThat(lines())
                .isEqualTo(before)
                .containsExactly("a 5 zero", "a 10 one", "a 11 two", "a 12 three", "b 10 x", "c 1 y");
        SegmentRef out = log.read(T).segments().getFirst();
        assertThat(log.read(T).segments()).hasSize(1);
        assertThat(out.entries()).isEqualTo(6);
        assertThat(out.level()).isEqualTo(1);
        assertThat(plan()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(CompactionStep.class)
    void aCrashAtAnyStepLeavesTheOldOrTheNewAndNoGarbage(CompactionStep at) throws Exception {
        flush(batch("a", 10, "one", "two"));
        flush(batch("a", 20, "three"), batch("b", 1, "x"));
        delete("a:two");
        List<String> expected = List.of("a 10 one", "a 20 three", "b 1 x");
        assertThat(lines()).isEqualTo(expected);
        List<CompactionJob> jobs = plan();
        assertThatThrownBy(() -> compactor(step -> {
                            if (step == at) {
                                throw new IllegalStateException("crash");
                            }
                        })
                        .run(T, jobs.getFirst(), Pace.UNLIMITED))
                .hasMessage("crash");
        assertThat(lines()).isEqualTo(expected);
        compactAll(step -> {});
        assertThat(lines()).isEqualTo(expected);
        assertThat(garbage.collect(T, nowMillis))
                .as("readers may still need them")
                .isEmpty();
        nowMillis += 30 * HOUR;
        garbage.collect(T, nowMillis);
        assertThat(store.list(""))
                .containsExactly(log.read(T).segments().getFirst().key());
        assertThat(lines()).isEqualTo(expected);
        assertThat(index.read("t/garbage", 0, 10)).isEmpty();
    }

    @Test
    void aWriterThatGoesOnTooLateCannotBringBackWhatIsGone() throws Exception {
        flush(batch("a", 10, "one"));
        flush(batch("a", 20, "two"));
        List<CompactionJob> jobs = plan();
        CompactionResult late = compactor(step -> {
                    if (step == CompactionStep.WRITTEN) {
                        // stopped for two days: its output was taken for garbage
                        nowMillis += 48 * HOUR;
                        try {
                            assertThat(garbage.collect(T, nowMillis)).hasSize(1);
                        } catch (StoreException e) {
                            throw new IllegalStateException(e);
                        }
                    }
                })
                .run(T, jobs.getFirst(), Pace.UNLIMITED);
        assertThat(late.committed()).isFalse();
        assertThat(lines()).containsExactly("a 10 one", "a 20 two");
        compactAll(step -> {});
        assertThat(lines()).containsExactly("a 10 one", "a 20 two");
    }

    @Test
    void aDeleteInBetweenConcernsWhatComesOfIt() throws Exception {
        flush(batch("a", 10, "one"));
        flush(batch("a", 20, "two"));
        CompactionResult r = compactor(step -> {
                    if (step == CompactionStep.WRITTEN) {
                        quietly(() -> delete("a:one"));
                    }
                })
                .run(T, plan().getFirst(), Pace.UNLIMITED);
        assertThat(r.committed()).isTrue();
        assertThat(lines()).containsExactly("a 20 two");
        assertThat(log.read(T).segments())
                .hasSize(1)
                .first()
                .extracting(SegmentRef::entries)
                .isEqualTo(2L);
        compactAll(s -> {});
        assertThat(lines()).containsExactly("a 20 two");
        assertThat(log.read(T).segments())
                .hasSize(1)
                .first()
                .extracting(SegmentRef::entries)
                .isEqualTo(1L);
    }

    @Test
    void aCancelledDeleteInBetweenMakesItFail() throws Exception {
        flush(batch("a", 10, "one"));
        flush(batch("a", 20, "two"));
        delete("a:one");
        CompactionResult r = compactor(step -> {
                    if (step == CompactionStep.WRITTEN) {
                        quietly(() -> assertThat(log.commit(T, LogRecord.cancel("a:one")))
                                .isInstanceOf(CommitResult.Committed.class));
                    }
                })
                .run(T, plan().getFirst(), Pace.UNLIMITED);
        assertThat(r.committed()).isFalse();
        assertThat(lines()).containsExactly("a 10 one", "a 20 two");
        compactAll(s -> {});
        assertThat(lines()).containsExactly("a 10 one", "a 20 two");
    }

    /** Stopped for two days while it wrote, and killed before it could remove what was refused. */
    @Test
    void whatAWriterLeavesThatWentOnTooLateIsCollected() throws Exception {
        flush(batch("a", 10, "one"));
        flush(batch("a", 20, "two"));
        List<CompactionJob> jobs = plan();
        assertThatThrownBy(() -> compactor(step -> {
                            if (step == CompactionStep.WRITING) {
                                nowMillis += 48 * HOUR;
                                quietly(() -> assertThat(garbage.collect(T, nowMillis))
                                        .hasSize(1));
                            } else if (step == CompactionStep.WRITTEN) {
                                throw new IllegalStateException("killed");
                            }
                        })
                        .run(T, jobs.getFirst(), Pace.UNLIMITED))
                .hasMessage("killed");
        assertThat(store.list("")).hasSize(3);
        nowMillis += 25 * HOUR;
        garbage.collect(T, nowMillis);
        assertThat(store.list("")).hasSize(2);
        assertThat(lines()).containsExactly("a 10 one", "a 20 two");
    }

    @Test
    void anotherCompactionInBetweenMakesItFail() throws Exception {
        flush(batch("a", 20, "two"));
        flush(batch("a", 30, "three"));
        List<CompactionJob> jobs = plan();
        CompactionResult r = compactor(step -> {
                    if (step == CompactionStep.WRITTEN) {
                        quietly(() -> compactAll(s -> {}));
                    }
                })
                .run(T, jobs.getFirst(), Pace.UNLIMITED);
        assertThat(r.committed()).isFalse();
        assertThat(lines()).containsExactly("a 20 two", "a 30 three");
        assertThat(compactor(s -> {}).run(T, jobs.getFirst(), Pace.UNLIMITED).committed())
                .isFalse();
    }

    private interface Action {
        void run() throws Exception;
    }

    private static void quietly(Action a) {
        try {
            a.run();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void deletesTakeOutWhatWasThereAndLeaveWhatComesLater() throws Exception {
        flush(batch("a", 10, "secret 1", "fine"), batch("b", 10, "secret b"));
        flush(batch("c", 10, "nothing of it"));
        compactAll(s -> {});
        delete("a:secret");
        // the same line again, sent after the request
        flush(batch("a", 10, "secret 1"));
        List<String> expected = List.of("a 10 secret 1", "a 11 fine", "b 10 secret b", "c 10 nothing of it");
        assertThat(lines()).isEqualTo(expected);
        compactAll(s -> {});
        assertThat(lines()).isEqualTo(expected);
        Deletion d = log.read(T).deletions().getFirst();
        assertThat(d.lines()).isEqualTo(1);
        assertThat(d.bytes()).isEqualTo(8);
        delete("b:secret");
        compactAll(s -> {});
        assertThat(lines()).doesNotContain("b 10 secret b").hasSize(3);
        delete("a:");
        delete("c:");
        compactAll(s -> {});
        assertThat(log.read(T).segments()).isEmpty();
    }

    @Test
    void aSegmentWithoutDeletedEntriesIsOnlyMarked() throws Exception {
        flush(batch("a", 10, "fine"));
        compactAll(s -> {});
        String key = log.read(T).segments().getFirst().key();
        delete("a:secret");
        assertThat(plan()).hasSize(1);
        compactAll(s -> {});
        IndexVersion v = log.read(T);
        assertThat(v.segments()).extracting(SegmentRef::key).containsExactly(key);
        assertThat(v.deletions(v.segments().getFirst())).isEmpty();
        assertThat(new CommitLog(index).read(T)).isEqualTo(v);
    }

    @Test
    void aDamagedInputIsLeftAsItIs() throws Exception {
        SegmentRef bad = flush(batch("a", 10, "one", "two"));
        flush(batch("a", 20, "three"));
        byte[] bytes = store.read(bad.key(), 0, (int) bad.sizeBytes());
        bytes[20] ^= 1;
        store.delete(bad.key());
        try (SegmentStore.Output out = store.create(bad.key())) {
            out.write(bytes, 0, bytes.length);
            out.commit();
        }
        List<CompactionJob> jobs = plan();
        assertThatThrownBy(() -> compactor(s -> {}).run(T, jobs.getFirst(), Pace.UNLIMITED))
                .isInstanceOf(StoreException.CorruptData.class)
                .hasMessageContaining(bad.key());
        assertThat(log.read(T).segments()).hasSize(2);
        assertThat(planner.plan(log.read(T), 0, true, Set.of(bad.key()))).hasSize(1);
    }

    @Test
    void aDayThatGrowsIsMergedWhenManyAreAlikeAndAnOldOneAtOnce() throws Exception {
        List<SegmentRef> refs = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            refs.add(flush(batch("a", 10 + i, "l" + i)));
        }
        long noon = 12 * HOUR * 1_000_000;
        assertThat(planner.plan(log.read(T), noon, false, Set.of())).isEmpty();
        refs.add(flush(batch("a", 100, "last")));
        assertThat(planner.plan(log.read(T), noon, false, Set.of())).containsExactly(new CompactionJob(refs));
        assertThat(planner.plan(
                        log.read(T),
                        27 * HOUR * 1_000_000,
                        false,
                        Set.of(refs.get(0).key())))
                .containsExactly(new CompactionJob(refs.subList(1, 6)));
    }

    @Test
    void aDayThatIsOverWaitsUntilNothingMoreComesButNotForTooMuch() throws Exception {
        CompactionPlanner patient = new CompactionPlanner(new CompactionPolicy(
                256L << 20, 6, Duration.ofHours(2), Duration.ofMinutes(30), new SegmentWriter.Density(256 << 10, 6)));
        List<SegmentRef> refs = new ArrayList<>();
        refs.add(flush(batch("a", 10, "l")));
        long flushed = refs.getFirst().arrivedMillis() * 1_000_000;
        long minute = 60_000_000_000L;
        assertThat(patient.plan(log.read(T), flushed + 29 * minute, false, Set.of()))
                .isEmpty();
        assertThat(patient.plan(log.read(T), flushed + 29 * minute, true, Set.of()))
                .as("asked for")
                .containsExactly(new CompactionJob(refs));
        assertThat(patient.plan(log.read(T), flushed + 31 * minute, false, Set.of()))
                .containsExactly(new CompactionJob(refs));
        for (int i = 0; i < 5; i++) {
            assertThat(patient.plan(log.read(T), flushed + minute, false, Set.of()))
                    .isEmpty();
            refs.add(flush(batch("a", 100 + i, "l" + i)));
        }
        assertThat(patient.plan(log.read(T), flushed + minute, false, Set.of()))
                .as("six")
                .containsExactly(new CompactionJob(refs));
    }
}
