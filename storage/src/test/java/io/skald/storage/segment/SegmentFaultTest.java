/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.Requirement;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import io.skald.storage.Faults;
import io.skald.storage.FaultySegmentStore;
import io.skald.storage.SegmentStore;
import io.skald.storage.file.FileSegmentStore;
import io.skald.storage.memory.MemorySegmentStore;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A fault at every step of writing a segment, and of reading one. */
class SegmentFaultTest {
    private static final String KEY = "t/1970-01-01/x.seg";
    private static final List<Faults.Kind> KINDS =
            List.of(Faults.Kind.ERROR, Faults.Kind.ERROR_AFTER, Faults.Kind.TORN);

    @TempDir
    private Path directory;

    /** Two streams, of which one has a block of its own. */
    private static List<EntryBatch> batches() {
        Random r = new Random(1);
        List<EntryBatch> out = new ArrayList<>();
        for (String app : List.of("a", "b")) {
            EntryBatch b = new EntryBatch(Labels.of("app", app));
            for (int i = 0; i < (app.equals("a") ? 700 : 10); i++) {
                byte[] line = ("line " + i + " " + Long.toHexString(r.nextLong()) + " of some forty bytes or more")
                        .getBytes(StandardCharsets.UTF_8);
                b.add(i, line, 0, line.length, Labels.EMPTY);
            }
            out.add(b);
        }
        return out;
    }

    private static SegmentRef write(SegmentStore store) throws StoreException {
        try (SegmentWriter w = SegmentWriter.create(store, KEY, 0)) {
            for (EntryBatch b : batches()) {
                w.add(b);
            }
            return w.finish();
        }
    }

    private static List<String> read(
            SegmentStore store, SegmentRef ref, List<Requirement> required, List<String> problems)
            throws StoreException {
        List<String> out = new ArrayList<>();
        ScanRequest request =
                new ScanRequest(List.of(), 0, Long.MAX_VALUE, Direction.FORWARD, ScanRequest.Columns.ALL, required);
        SegmentScan scan = new SegmentScan(request, new ScanStats(), problems::add);
        SegmentReader reader = new SegmentReaders(store).get(ref);
        for (SegmentReader.Chunk c : reader.chunks(new LabelSelector(List.of()), 0, Long.MAX_VALUE)) {
            try (EntryCursor e = c.scan(scan).open()) {
                while (e.next()) {
                    out.add(new String(e.buffer(), e.offset(), e.length(), StandardCharsets.UTF_8));
                }
            }
        }
        return out;
    }

    @Test
    void aSegmentIsThereWholeOrNotAtAll() throws Exception {
        SegmentRef ref = write(new MemorySegmentStore());
        for (Faults.Kind kind : KINDS) {
            boolean fired = true;
            for (int step = 0; fired; step++) {
                String what = kind + " at step " + step;
                Path d = directory.resolve(kind.name() + step);
                Faults faults = new Faults(kind, step);
                boolean failed = false;
                try (SegmentStore store = new FaultySegmentStore(FileSegmentStore.open(d), faults)) {
                    write(store);
                } catch (StoreException.Unavailable e) {
                    failed = true;
                }
                fired = faults.fired();
                assertThat(failed).as(what).isEqualTo(fired);
                try (SegmentStore after = FileSegmentStore.open(d)) {
                    List<String> problems = new ArrayList<>();
                    if (!after.list("").isEmpty()) {
                        assertThat(read(after, ref, List.of(), problems))
                                .as(what)
                                .hasSize(710);
                        assertThat(problems).as(what).isEmpty();
                        // only when the commit was done and its answer lost
                        assertThat(!failed || kind == Faults.Kind.ERROR_AFTER)
                                .as(what)
                                .isTrue();
                    } else {
                        assertThat(failed).as(what).isTrue();
                        // nothing that takes room stays behind, once the store is opened again
                        try (Stream<Path> left = Files.walk(d)) {
                            assertThat(left.filter(f -> f.toString().contains("x.seg")))
                                    .as(what)
                                    .isEmpty();
                        }
                    }
                }
            }
        }
    }

    @Test
    void aReadThatFailsIsAnErrorOrIsReported() throws StoreException {
        MemorySegmentStore store = new MemorySegmentStore();
        SegmentRef ref = write(store);
        List<String> all = read(store, ref, List.of(), new ArrayList<>());
        Requirement some = Requirement.text(all.getFirst().substring(0, 20).getBytes(StandardCharsets.UTF_8));
        for (Faults.Kind kind : KINDS) {
            boolean fired = true;
            for (int step = 0; fired; step++) {
                String what = kind + " at step " + step;
                Faults faults = new Faults(kind, step);
                List<String> problems = new ArrayList<>();
                try {
                    List<String> found = read(new FaultySegmentStore(store, faults), ref, List.of(some), problems);
                    assertThat(all).as(what).containsAll(found);
                    if (problems.isEmpty()) {
                        // a filter that cannot be read costs time, no entries
                        assertThat(found).as(what).contains(all.getFirst());
                    }
                } catch (StoreException e) {
                    assertThat(faults.fired()).as(what).isTrue();
                }
                fired = faults.fired();
            }
        }
    }

    @Test
    void aDelayedCommitChangesNothing() throws Exception {
        MemorySegmentStore store = new MemorySegmentStore();
        Faults faults = new Faults(Faults.Kind.DELAY, 0);
        Thread writer = Thread.ofVirtual().start(() -> {
            try {
                write(new FaultySegmentStore(store, faults));
            } catch (StoreException e) {
                throw new IllegalStateException(e);
            }
        });
        assertThat(store.list("")).isEmpty();
        faults.release();
        writer.join();
        assertThat(store.list("")).containsExactly(KEY);
    }
}
