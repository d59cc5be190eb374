/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import io.skald.storage.IndexStore;
import io.skald.storage.file.FileSegmentStore;
import io.skald.storage.index.CommitLog;
import io.skald.storage.index.Fence;
import io.skald.storage.index.LogRecord;
import io.skald.storage.rocksdb.RocksIndexStore;
import io.skald.storage.segment.OrphanSegments;
import io.skald.storage.segment.SegmentRef;
import io.skald.storage.segment.SegmentWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever happens to a file of the index, a start finds every segment, and removes none. */
class EmbeddedIndexTest {
    private static final TenantId T = new TenantId("t");
    private static final TenantId U = new TenantId("u");
    private static final int SEGMENTS = 6;
    /** Of a log; a quarter of other files. */
    private static final int FLIPS = Integer.getInteger("skald.index.flips", 8);

    @TempDir
    private Path data;

    private final List<String> committed = new ArrayList<>();
    private Map<String, byte[]> index = Map.of();

    @BeforeEach
    void fill() throws Exception {
        try (FileSegmentStore objects = FileSegmentStore.open(data.resolve("segments"))) {
            // twice, so that there is a table file, too
            for (int open = 0; open < 2; open++) {
                try (RocksIndexStore rocks = RocksIndexStore.open(data.resolve("index"))) {
                    CommitLog log = new CommitLog(rocks);
                    for (int i = 0; i < SEGMENTS / 2; i++) {
                        commit(objects, log, i == 1 ? U : T, committed.size());
                    }
                }
            }
        }
        index = files();
        assertThat(index.keySet()).anyMatch(f -> f.endsWith(".sst")).anyMatch(f -> f.endsWith(".log"));
    }

    private void commit(FileSegmentStore objects, CommitLog log, TenantId tenant, int n) throws Exception {
        try (SegmentWriter w = SegmentWriter.create(objects, tenant, 20_000)) {
            EntryBatch b = new EntryBatch(Labels.of("app", "a" + n));
            byte[] line = ("line of " + n).getBytes(StandardCharsets.UTF_8);
            b.add(20_000 * 86_400_000_000_000L + n, line, 0, line.length, Labels.EMPTY);
            w.add(b);
            SegmentRef ref = w.finish();
            long from = log.read(tenant).fence("i");
            log.commit(tenant, LogRecord.flush(List.of(ref), new Fence("i", from, n + 1)));
            committed.add(ref.key());
        }
    }

    private Map<String, byte[]> files() throws IOException {
        try (Stream<Path> all = Files.list(data.resolve("index"))) {
            return all.collect(Collectors.toMap(
                    p -> p.getFileName().toString(),
                    p -> {
                        try {
                            return Files.readAllBytes(p);
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    },
                    (a, b) -> a,
                    TreeMap::new));
        }
    }

    private void restore() throws IOException {
        Path dir = data.resolve("index");
        remove(dir);
        Files.createDirectory(dir);
        for (Map.Entry<String, byte[]> f : index.entrySet()) {
            Files.write(dir.resolve(f.getKey()), f.getValue());
        }
    }

    private static void remove(Path dir) throws IOException {
        try (Stream<Path> all = Files.walk(dir)) {
            for (Path p : all.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(p);
            }
        }
    }

    private void startFindsAll(String what) throws Exception {
        // the second start finds what the first one made
        for (int start = 0; start < 2; start++) {
            try (FileSegmentStore objects = FileSegmentStore.open(data.resolve("segments"));
                    IndexStore opened = EmbeddedIndex.open(data, objects)) {
                CommitLog log = new CommitLog(opened);
                assertThat(OrphanSegments.sweep(objects, log)).as(what).isEmpty();
                List<String> found = new ArrayList<>();
                for (TenantId tenant : log.tenants()) {
                    log.read(tenant).segments().forEach(s -> found.add(s.key()));
                }
                assertThat(found).as(what).containsExactlyInAnyOrderElementsOf(committed);
            }
        }
        assertThat(data.resolve("index.recovering")).doesNotExist();
    }

    @Test
    void aFlippedBitInAnyFileLosesNothing() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (Map.Entry<String, byte[]> f : index.entrySet()) {
            int flips =
                    f.getKey().matches("LOG.*|LOCK|IDENTITY") ? 0 : f.getKey().endsWith(".log") ? FLIPS : FLIPS / 4;
            for (int i = 0; i < flips && f.getValue().length > 0; i++) {
                restore();
                byte[] damaged = f.getValue().clone();
                int at = i == 0 ? 0 : random.nextInt(damaged.length);
                damaged[at] ^= (byte) (1 << random.nextInt(8));
                Files.write(data.resolve("index").resolve(f.getKey()), damaged);
                startFindsAll("bit of byte " + at + " of " + f.getKey() + ", seed " + seed);
            }
        }
    }

    @Test
    void aFileThatIsCutOrGoneLosesNothing() throws Exception {
        for (Map.Entry<String, byte[]> f : index.entrySet()) {
            restore();
            Files.delete(data.resolve("index").resolve(f.getKey()));
            startFindsAll("without " + f.getKey());
            if (f.getValue().length > 1 && !f.getKey().startsWith("LOG")) {
                restore();
                Files.write(
                        data.resolve("index").resolve(f.getKey()),
                        Arrays.copyOf(f.getValue(), f.getValue().length / 2));
                startFindsAll("half of " + f.getKey());
            }
        }
    }

    @Test
    void anIndexThatIsGoneIsMadeAgain() throws Exception {
        remove(data.resolve("index"));
        startFindsAll("no index");
        remove(data.resolve("index"));
        Files.createDirectory(data.resolve("index"));
        startFindsAll("an empty directory");
    }

    @Test
    void whatIsLeftIsKept() throws Exception {
        // the last record of the log is cut off: what came before it holds, the fences, too
        for (Map.Entry<String, byte[]> f : index.entrySet()) {
            if (f.getKey().endsWith(".log")) {
                byte[] b = f.getValue();
                Files.write(data.resolve("index").resolve(f.getKey()), Arrays.copyOf(b, b.length - 3));
            }
        }
        startFindsAll("without the end of the log");
        try (RocksIndexStore opened = RocksIndexStore.open(data.resolve("index"))) {
            assertThat(new CommitLog(opened).read(T).fence("i")).isEqualTo(4);
            assertThat(new CommitLog(opened).read(U).fence("i")).isEqualTo(5);
        }
        try (Stream<Path> all = Files.list(data)) {
            assertThat(all.map(p -> p.getFileName().toString()).filter(n -> n.startsWith("index.damaged-")))
                    .hasSize(1);
        }
    }

    @Test
    void aCrashBetweenTheTwoRenamesIsGoneOnFrom() throws Exception {
        Files.move(data.resolve("index"), data.resolve("index.recovering"));
        startFindsAll("only index.recovering");
        Files.createDirectory(data.resolve("index.recovering"));
        startFindsAll("a stale index.recovering");
    }
}
