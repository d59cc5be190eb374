/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.cli.CommandRun;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import io.skald.storage.SegmentStore;
import io.skald.storage.compact.Garbage;
import io.skald.storage.file.FileSegmentStore;
import io.skald.storage.index.CommitLog;
import io.skald.storage.index.Fence;
import io.skald.storage.index.IndexVersion;
import io.skald.storage.index.LogRecord;
import io.skald.storage.rocksdb.RocksIndexStore;
import io.skald.storage.segment.OrphanSegments;
import io.skald.storage.segment.SegmentKeys;
import io.skald.storage.segment.SegmentRef;
import io.skald.storage.segment.SegmentWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Index and objects are compared, and the index comes back from the objects alone. */
class FsckTest {
    private static final TenantId T = new TenantId("t");

    @TempDir
    private Path data;

    @BeforeEach
    void fill() throws Exception {
        try (FileSegmentStore objects = FileSegmentStore.open(data.resolve("segments"));
                RocksIndexStore index = RocksIndexStore.open(data.resolve("index"))) {
            CommitLog log = new CommitLog(index);
            for (int i = 0; i < 3; i++) {
                try (SegmentWriter w = SegmentWriter.create(objects, T, 20_000 + i)) {
                    for (int stream = 0; stream <= i; stream++) {
                        EntryBatch b = new EntryBatch(Labels.of("app", "a" + stream));
                        for (int row = 0; row < 100; row++) {
                            byte[] line = ("line " + row + " of " + i).getBytes(StandardCharsets.UTF_8);
                            b.add((20_000 + i) * 86_400_000_000_000L + row, line, 0, line.length, Labels.EMPTY);
                        }
                        w.add(b);
                    }
                    log.commit(T, LogRecord.flush(List.of(w.finish()), new Fence("i", i, i + 1)));
                }
            }
        }
    }

    private IndexVersion index() throws Exception {
        try (RocksIndexStore index = RocksIndexStore.open(data.resolve("index"))) {
            return new CommitLog(index).read(T);
        }
    }

    private CommandRun run(String... args) {
        String[] all = Stream.concat(Stream.of(args), Stream.of("--data", data.toString()))
                .toArray(String[]::new);
        return CommandRun.of(all);
    }

    private static void delete(Path dir) throws Exception {
        try (Stream<Path> all = Files.walk(dir)) {
            for (Path p : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(p);
            }
        }
    }

    @Test
    void theIndexComesBackFromTheObjects() throws Exception {
        List<SegmentRef> before = index().segments();
        assertThat(run("fsck", "--read").exitCode()).isZero();
        delete(data.resolve("index"));
        CommandRun rebuilt = run("index", "rebuild");
        assertThat(rebuilt.exitCode()).as(rebuilt.err()).isZero();
        assertThat(rebuilt.lines()).containsExactly("tenant t: 3 segments, 600 entries");
        assertThat(index().segments()).containsExactlyInAnyOrderElementsOf(before);
        assertThat(run("index", "rebuild").lines())
                .containsExactly("tenant t: left alone, the index has 1 records of it");
    }

    @Test
    void missingDamagedAndUnknownObjectsAreNamed() throws Exception {
        List<SegmentRef> all = index().segments();
        Path segments = data.resolve("segments");
        Files.delete(segments.resolve(all.get(0).key()));
        Path damaged = segments.resolve(all.get(1).key());
        byte[] b = Files.readAllBytes(damaged);
        b[40] ^= 1;
        Files.write(damaged, b);
        Path unknown = segments.resolve("t/2024-01-01/01ARZ3NDEKTSV4RRFFQ69G5FAV.seg");
        Files.createDirectories(unknown.getParent());
        Files.write(unknown, b);
        CommandRun quick = run("fsck");
        assertThat(quick.exitCode()).isEqualTo(1);
        assertThat(quick.out())
                .contains("PROBLEM       " + all.get(0).key() + ": is missing: 100 entries of day 20000")
                .contains("in no commit  t/2024-01-01/")
                .contains("3 segments in the index, 1 problems, 1 objects in no commit");
        assertThat(run("fsck", "--read").out())
                .contains("PROBLEM       " + all.get(1).key())
                .contains("2 problems");
        assertThat(Files.exists(unknown)).isTrue();
    }

    @Test
    void orphansGoWhenTheyAreOldAndTheLogIsThere() throws Exception {
        Path segments = data.resolve("segments");
        byte[] b = Files.readAllBytes(
                segments.resolve(index().segments().getFirst().key()));
        Path old = segments.resolve("t/2024-01-01/01ARZ3NDEKTSV4RRFFQ69G5FAV.seg");
        Path fresh = segments.resolve(SegmentKeys.next(T, 20_000, System.currentTimeMillis()));
        Path foreign = segments.resolve("lost/2024-01-01/01ARZ3NDEKTSV4RRFFQ69G5FAV.seg");
        Path noted = segments.resolve("t/2024-01-01/01ARZ3NDEKTSV4RRFFQ69G5FAW.seg");
        for (Path p : List.of(old, fresh, foreign, noted)) {
            Files.createDirectories(p.getParent());
            Files.write(p, b);
        }
        try (FileSegmentStore objects = FileSegmentStore.open(segments);
                RocksIndexStore index = RocksIndexStore.open(data.resolve("index"))) {
            new Garbage(index, objects, new CommitLog(index))
                    .writing(T, List.of("t/2024-01-01/01ARZ3NDEKTSV4RRFFQ69G5FAW.seg"), System.currentTimeMillis());
        }
        assertThat(run("fsck", "--delete-orphans", "--older-than", "10m").exitCode())
                .isEqualTo(2);
        CommandRun r = run("fsck", "--delete-orphans");
        assertThat(r.exitCode()).isZero();
        assertThat(r.out())
                .contains("removed       t/2024-01-01/01ARZ3NDEKTSV4RRFFQ69G5FAV.seg")
                .contains("4 objects in no commit, 1 of them removed");
        assertThat(Stream.of(old, fresh, foreign, noted).map(Files::exists)).containsExactly(false, true, true, true);
        assertThat(index().segments()).hasSize(3);
    }

    /** Whoever lost the index must not lose the objects at the next start. */
    @Test
    void aStartWithoutTheIndexRemovesNothing() throws Exception {
        delete(data.resolve("index"));
        try (FileSegmentStore objects = FileSegmentStore.open(data.resolve("segments"));
                RocksIndexStore index = RocksIndexStore.open(data.resolve("index"))) {
            for (int i = 0; i < 10; i++) {
                try (SegmentStore.Output out =
                        objects.create(SegmentKeys.next(T, 20_000, System.currentTimeMillis()))) {
                    out.commit();
                }
            }
            assertThat(OrphanSegments.sweep(objects, new CommitLog(index))).isEmpty();
            assertThat(objects.list("")).hasSize(13);
        }
    }
}
