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
import io.skald.storage.SegmentStore;
import io.skald.storage.memory.MemorySegmentStore;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Few calls for many blocks, the same entries, and not much more than what is wanted. */
class ReadAheadTest {
    private static final int STREAMS = 8;
    private static final int LINES = 20_000;
    private static final String NEEDLE = "the-only-line-with-this";

    /** A store whose calls cost. */
    private static final class Counted implements SegmentStore {
        final MemorySegmentStore store = new MemorySegmentStore();
        final AtomicInteger reads = new AtomicInteger();
        final AtomicLong bytes = new AtomicLong();
        int readAhead = 1 << 20;

        @Override
        public byte[] read(String key, long offset, int length) throws StoreException {
            reads.incrementAndGet();
            bytes.addAndGet(length);
            return store.read(key, offset, length);
        }

        @Override
        public int readAheadBytes() {
            return readAhead;
        }

        @Override
        public Output create(String key) throws StoreException {
            return store.create(key);
        }

        @Override
        public long size(String key) throws StoreException {
            return store.size(key);
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
        public void close() throws StoreException {
            store.close();
        }
    }

    private final Counted store = new Counted();
    private final SegmentRef ref = write();

    private SegmentRef write() {
        Random r = new Random(7);
        try (SegmentWriter w =
                SegmentWriter.create(store, "t/1970-01-01/x.seg", 0, new SegmentWriter.Density(16 << 10, 1))) {
            for (int s = 0; s < STREAMS; s++) {
                EntryBatch b = new EntryBatch(Labels.of("app", "app-" + s));
                for (int i = 0; i < LINES; i++) {
                    String text = i + " " + Long.toHexString(r.nextLong()) + (s == 3 && i == 5000 ? NEEDLE : "");
                    byte[] line = text.getBytes(StandardCharsets.UTF_8);
                    b.add(i, line, 0, line.length, Labels.EMPTY);
                }
                w.add(b);
            }
            return w.finish();
        } catch (StoreException e) {
            throw new AssertionError(e);
        }
    }

    private SegmentScan scan(Direction direction, List<Requirement> required) {
        ScanRequest request =
                new ScanRequest(List.of(), 0, Long.MAX_VALUE, direction, ScanRequest.Columns.ALL, required);
        return new SegmentScan(request, new ScanStats(), lost -> {
            throw new AssertionError(lost);
        });
    }

    /** Reads some rows of each stream in turn, as a merge by time does; all if there are no more. */
    private List<String> read(SegmentReaders readers, SegmentScan scan, int most) throws StoreException {
        List<EntryCursor> cursors = new ArrayList<>();
        for (SegmentReader.Chunk c : readers.get(ref).chunks(new LabelSelector(List.of()), 0, Long.MAX_VALUE)) {
            cursors.add(c.scan(scan).open());
        }
        List<String> lines = new ArrayList<>();
        boolean more = true;
        for (int n = 0; more && n < most; n += 100) {
            more = false;
            for (EntryCursor c : cursors) {
                for (int i = 0; i < 100 && c.next(); i++) {
                    lines.add(new String(c.buffer(), c.offset(), c.length(), StandardCharsets.UTF_8));
                    more = true;
                }
            }
        }
        cursors.forEach(EntryCursor::close);
        lines.sort(null);
        return lines;
    }

    private SegmentReaders readers(long aheadBytes) {
        return new SegmentReaders(store, 1 << 20, 1 << 20, 1 << 20, aheadBytes);
    }

    @ParameterizedTest
    @CsvSource({"FORWARD, 8388608, 70", "BACKWARD, 8388608, 70", "FORWARD, 262144, 200", "BACKWARD, 1, 1000"})
    void allIsReadByFewCalls(Direction direction, long aheadBytes, int mostReads) throws Exception {
        store.readAhead = 0;
        List<String> expected = read(readers(aheadBytes), scan(direction, List.of()), LINES);
        int blocks = store.reads.get() - 1;
        long bytes = store.bytes.get();
        assertThat(expected).hasSize(STREAMS * LINES);
        assertThat(blocks).isGreaterThan(200);
        store.readAhead = 1 << 20;
        store.reads.set(0);
        store.bytes.set(0);
        assertThat(read(readers(aheadBytes), scan(direction, List.of()), LINES)).isEqualTo(expected);
        assertThat(store.reads.get()).isLessThan(mostReads);
        if (aheadBytes > 1 << 20) {
            assertThat(store.bytes.get()).isBetween(bytes, bytes + bytes / 10);
        }
    }

    @Test
    void whoeverEndsEarlyReadsLittle() throws Exception {
        store.readAhead = 0;
        read(readers(8 << 20), scan(Direction.BACKWARD, List.of()), 100);
        long bytes = store.bytes.get();
        store.readAhead = 1 << 20;
        store.bytes.set(0);
        read(readers(8 << 20), scan(Direction.BACKWARD, List.of()), 100);
        assertThat(store.bytes.get()).isLessThanOrEqualTo(3 * bytes);
    }

    @Test
    void blocksThatAreRuledOutAreNotReadOnTheWay() throws Exception {
        Requirement needle =
                new Requirement(List.of(new Requirement.Text(NEEDLE.getBytes(StandardCharsets.UTF_8), false)));
        assertThat(read(readers(8 << 20), scan(Direction.FORWARD, List.of(needle)), LINES))
                .hasSize(1);
        assertThat(store.bytes.get()).isLessThan(ref.sizeBytes() / 10);
    }

    @Test
    void manyThreadsReadNothingTwice() throws Exception {
        SegmentReaders readers = readers(8 << 20);
        SegmentScan scan = scan(Direction.FORWARD, List.of());
        List<Future<Integer>> all = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            for (SegmentReader.Chunk chunk : readers.get(ref).chunks(new LabelSelector(List.of()), 0, Long.MAX_VALUE)) {
                all.add(threads.submit(() -> {
                    int n = 0;
                    try (EntryCursor c = chunk.scan(scan).open()) {
                        while (c.next()) {
                            n++;
                        }
                    }
                    return n;
                }));
            }
            for (Future<Integer> f : all) {
                assertThat(f.get()).isEqualTo(LINES);
            }
        }
        assertThat(store.bytes.get()).isLessThan(ref.sizeBytes() + ref.sizeBytes() / 10);
    }
}
