/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.storage.Faults;
import io.skald.storage.FaultyIndexStore;
import io.skald.storage.FaultySegmentStore;
import io.skald.storage.IndexStore;
import io.skald.storage.SegmentStore;
import io.skald.storage.index.CommitLog;
import io.skald.storage.index.DeleteRequest;
import io.skald.storage.index.Fence;
import io.skald.storage.index.IndexVersion;
import io.skald.storage.index.LogRecord;
import io.skald.storage.memory.MemorySegmentStore;
import io.skald.storage.segment.SegmentRef;
import io.skald.storage.segment.SegmentWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/** What a backup of every kind of stores must be; a test of two backends extends it. */
public abstract class BackupContract {
    private static final TenantId A = new TenantId("a");
    private static final TenantId B = new TenantId("b");
    private static final Progress SILENT = (what, objects, allObjects, bytes, allBytes) -> {};

    private final List<AutoCloseable> opened = new ArrayList<>();
    private IndexStore index;
    private SegmentStore segments;
    private SegmentStore place;

    /** An empty index, another one at each call. */
    protected abstract IndexStore index() throws Exception;

    /** An empty store of objects, another one at each call. */
    protected abstract SegmentStore objects() throws Exception;

    /** Every how many calls one fails in {@link #whatWasInterruptedGoesOn}. */
    protected int stride() {
        return 1;
    }

    /** Whether a test of this runs; all do for stores that are quick. */
    protected boolean runs(String test) {
        return true;
    }

    @BeforeEach
    final void fill(TestInfo test) throws Exception {
        assumeTrue(runs(test.getTestMethod().orElseThrow().getName()));
        index = opened(index());
        segments = opened(objects());
        place = opened(objects());
        for (int i = 0; i < 3; i++) {
            flush(A, i);
        }
        flush(B, 0);
        new CommitLog(index).commit(A, LogRecord.delete(new DeleteRequest("d1", "{app=\"x\"} |= \"line 1\"", 0, 9, 7)));
        index.putIfAbsent("a/rules", -77, new byte[] {1, 2});
        index.putIfAbsent("b/rulestate", Long.MAX_VALUE, new byte[] {3});
        index.putIfAbsent("a/garbage", 5, new byte[] {4});
        index.putIfAbsent("#ingesters", 1, new byte[] {5});
    }

    @AfterEach
    final void close() throws Exception {
        for (AutoCloseable c : opened.reversed()) {
            c.close();
        }
    }

    private <T extends AutoCloseable> T opened(T store) {
        opened.add(store);
        return store;
    }

    private void flush(TenantId tenant, int n) throws StoreException {
        CommitLog log = new CommitLog(index);
        try (SegmentWriter w = SegmentWriter.create(segments, tenant, n)) {
            EntryBatch b = new EntryBatch(Labels.of("app", "x"));
            for (int i = 0; i < 20; i++) {
                byte[] line = ("line " + i + " of " + n).getBytes(StandardCharsets.UTF_8);
                b.add(n * 86_400_000_000_000L + i, line, 0, line.length, Labels.EMPTY);
            }
            w.add(b);
            log.commit(tenant, LogRecord.flush(List.of(w.finish()), new Fence("i", n, n + 1)));
        }
    }

    private Backup.Result backup(SegmentStore from, SegmentStore to, long millis, TenantId... tenants)
            throws Exception {
        return new Backup(
                        index,
                        new CommitLog(index),
                        from,
                        new BackupPlace(to),
                        new Backup.Settings(Set.of(tenants), 3, false, SILENT))
                .run(millis);
    }

    private BackupContent restore(String name, IndexStore to, SegmentStore objects, TenantId... tenants)
            throws Exception {
        return new Restore(new BackupPlace(place), to, objects, Set.of(tenants), 3, SILENT).run(name);
    }

    private static IndexVersion version(IndexStore index, TenantId t) throws StoreException {
        return new CommitLog(index).read(t);
    }

    private void same(IndexStore restored, SegmentStore objects, TenantId... tenants) throws StoreException {
        List<String> keys = new ArrayList<>();
        for (TenantId t : tenants) {
            IndexVersion v = version(index, t);
            assertThat(version(restored, t)).isEqualTo(v);
            for (SegmentRef s : v.segments()) {
                keys.add(s.key());
                assertThat(objects.read(s.key(), 0, (int) s.sizeBytes()))
                        .isEqualTo(segments.read(s.key(), 0, (int) s.sizeBytes()));
            }
        }
        assertThat(objects.list("")).containsExactlyInAnyOrderElementsOf(keys);
    }

    @Test
    void whatIsRestoredIsWhatWasThere() throws Exception {
        Backup.Result r = backup(segments, place, 1000);
        assertThat(r.copied()).isEqualTo(4);
        assertThat(r.content().tenants()).extracting(BackupContent.Tenant::n).containsExactly(4L, 1L);
        IndexStore to = opened(index());
        SegmentStore objects = opened(objects());
        assertThat(restore(r.content().name(), to, objects)).isEqualTo(r.content());
        same(to, objects, A, B);
        assertThat(to.get("a/rules", -77)).containsExactly(1, 2);
        assertThat(to.get("b/rulestate", Long.MAX_VALUE)).containsExactly(3);
        assertThat(to.get("a/garbage", 5)).isNull();
        assertThat(to.get("#ingesters", 1)).isNull();
        // and again: it is there
        restore(r.content().name(), to, objects);
        same(to, objects, A, B);
    }

    @Test
    void aSecondBackupCopiesWhatIsNewAndTheFirstStays() throws Exception {
        String first = backup(segments, place, 1000).content().name();
        IndexVersion before = version(index, A);
        flush(A, 3);
        Backup.Result second = backup(segments, place, 2000);
        assertThat(second.copied()).isEqualTo(1);
        BackupPlace p = new BackupPlace(place);
        assertThat(p.names()).containsExactly(first, second.content().name());
        assertThat(p.problems(p.content(first), 2, SILENT)).isEmpty();
        IndexStore to = opened(index());
        restore(first, to, opened(objects()));
        assertThat(version(to, A)).isEqualTo(before);
        // the index of another backup is not overwritten
        assertThatThrownBy(() -> restore(first, opened(index()), segments))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("the target is not empty");
    }

    @Test
    void oldBackupsGoWithWhatOnlyTheyHave() throws Exception {
        backup(segments, place, 1000);
        List<SegmentRef> old = version(index, A).segments();
        new CommitLog(index).commit(A, LogRecord.removal(List.of(old.getFirst().key())));
        BackupContent second = backup(segments, place, 2000).content();
        BackupPlace p = new BackupPlace(place);
        assertThat(p.prune(2)).isEmpty();
        assertThat(p.prune(1)).hasSize(1);
        assertThat(p.segments()).hasSize(3).doesNotContain(old.getFirst().key());
        assertThat(p.problems(second, 2, SILENT)).isEmpty();
    }

    @Test
    void oneTenantOfSeveral() throws Exception {
        String all = backup(segments, place, 1000).content().name();
        IndexStore to = opened(index());
        SegmentStore objects = opened(objects());
        restore(all, to, objects, B);
        same(to, objects, B);
        assertThat(version(to, A).n()).isZero();
        assertThat(backup(segments, place, 2000, A).content().tenants()).hasSize(1);
        assertThatThrownBy(() -> backup(segments, place, 3000, new TenantId("c")))
                .hasMessage("the index knows no tenant c");
    }

    /** Every call of the stores fails once; what is called again goes on, and until then nobody reads a part as if it were all. */
    @Test
    void whatWasInterruptedGoesOn() throws Exception {
        SegmentStore memory = new MemorySegmentStore();
        String name = "";
        for (int at = 0; name.isEmpty(); at += stride()) {
            try {
                name = backup(
                                new FaultySegmentStore(segments, new Faults(Faults.Kind.ERROR, at)),
                                new FaultySegmentStore(memory, new Faults(Faults.Kind.ERROR, at)),
                                at)
                        .content()
                        .name();
            } catch (StoreException.Unavailable e) {
                assertThat(new BackupPlace(memory).names()).isEmpty();
            }
        }
        BackupPlace p = new BackupPlace(memory);
        assertThat(p.problems(p.content(name), 2, SILENT)).isEmpty();
        IndexStore to = opened(index());
        SegmentStore objects = opened(objects());
        boolean done = false;
        for (int at = 0; !done; at += stride()) {
            try {
                new Restore(
                                p,
                                new FaultyIndexStore(to, new Faults(Faults.Kind.ERROR, at)),
                                new FaultySegmentStore(objects, new Faults(Faults.Kind.ERROR, at)),
                                Set.of(),
                                2,
                                SILENT)
                        .run(name);
                done = true;
            } catch (StoreException.Unavailable e) {
                notReadAsIfItWereAll(to);
            }
        }
        same(to, objects, A, B);
    }

    private void notReadAsIfItWereAll(IndexStore to) throws StoreException {
        for (TenantId t : List.of(A, B)) {
            try {
                long n = version(to, t).n();
                assertThat(n == 0 || n == version(index, t).n()).isTrue();
            } catch (StoreException.CorruptData e) {
                // says that records are missing
            }
        }
    }

    @Test
    void onlyEmptyStoresAreFilled() throws Exception {
        String name = backup(segments, place, 1000).content().name();
        IndexStore to = opened(index());
        to.putIfAbsent("z/log", 1, new byte[] {1});
        assertThatThrownBy(() -> restore(name, to, opened(objects())))
                .hasMessage("the target is not empty: its index holds record z/log/1, which is not of this backup");
        SegmentStore objects = opened(objects());
        try (SegmentStore.Output out = objects.create("z/1970-01-01/x.seg")) {
            out.write(new byte[] {1}, 0, 1);
            out.commit();
        }
        assertThatThrownBy(() -> restore(name, opened(index()), objects))
                .hasMessage("the target is not empty: it holds object z/1970-01-01/x.seg, which is not of this backup");
    }

    @Test
    void whatIsDamagedOrMissingIsNamedAndNotRestored() throws Exception {
        BackupContent content = backup(segments, place, 1000).content();
        String key = BackupPlace.segment(content.segments().getFirst().key());
        byte[] b = place.read(key, 0, (int) content.segments().getFirst().size());
        b[b.length / 2] ^= 1;
        place.delete(key);
        BackupPlace p = new BackupPlace(place);
        assertThat(p.problems(content, 2, SILENT)).containsExactly(key + ": is missing");
        try (SegmentStore.Output out = place.create(key)) {
            out.write(b, 0, b.length);
            out.commit();
        }
        assertThat(p.problems(content, 2, SILENT)).containsExactly(key + ": wrong checksum");
        IndexStore to = opened(index());
        SegmentStore objects = opened(objects());
        assertThatThrownBy(() -> restore(content.name(), to, objects))
                .isInstanceOf(StoreException.CorruptData.class)
                .hasMessageContaining(key);
        assertThat(objects.list(""))
                .doesNotContain(content.segments().getFirst().key());
        assertThat(to.partitions("")).isEmpty();
    }

    /** A compaction removes a segment, and its object goes, after the log was read and before it is copied. */
    @Test
    void aBackupBeginsAgainWhenSegmentsGoMeanwhile() throws Exception {
        SegmentRef old = version(index, A).segments().get(1);
        boolean[] gone = new boolean[1];
        SegmentStore changing = new Reading(segments, key -> {
            if (!gone[0]) {
                gone[0] = true;
                flush(A, 3);
                new CommitLog(index).commit(A, LogRecord.removal(List.of(old.key())));
                segments.delete(old.key());
            }
        });
        BackupContent content = backup(changing, place, 1000).content();
        assertThat(content.lost()).isEmpty();
        IndexStore to = opened(index());
        SegmentStore objects = opened(objects());
        restore(content.name(), to, objects);
        same(to, objects, A, B);
    }

    @Test
    void aSegmentThatIsLostIsNamedAndTheRestIsBackedUp() throws Exception {
        SegmentRef lost = version(index, A).segments().get(1);
        segments.delete(lost.key());
        BackupContent content = backup(segments, place, 1000).content();
        assertThat(content.lost()).containsExactly(lost.key());
        IndexStore to = opened(index());
        restore(content.name(), to, opened(objects()));
        assertThat(version(to, A)).isEqualTo(version(index, A));
    }

    private interface Before {
        void read(String key) throws StoreException;
    }

    /** Does something before each read. */
    private record Reading(SegmentStore store, Before before) implements SegmentStore {
        @Override
        public Output create(String key) throws StoreException {
            return store.create(key);
        }

        @Override
        public long size(String key) throws StoreException {
            return store.size(key);
        }

        @Override
        public byte[] read(String key, long offset, int length) throws StoreException {
            synchronized (before) {
                before.read(key);
            }
            return store.read(key, offset, length);
        }

        @Override
        public void delete(String key) throws StoreException {
            store.delete(key);
        }

        @Override
        public List<String> list(String prefix) throws StoreException {
            return store.list(prefix);
        }

        @Override
        public void close() {}
    }
}
