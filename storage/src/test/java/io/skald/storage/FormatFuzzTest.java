/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.block.BlockReader;
import io.skald.core.block.BlockWriter;
import io.skald.core.block.ByteSink;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import io.skald.storage.index.CommitLog;
import io.skald.storage.memory.MemoryIndexStore;
import io.skald.storage.memory.MemorySegmentStore;
import io.skald.storage.segment.LabelSelector;
import io.skald.storage.segment.SegmentReader;
import io.skald.storage.segment.SegmentReaders;
import io.skald.storage.segment.SegmentRef;
import io.skald.storage.segment.SegmentScan;
import io.skald.storage.segment.SegmentWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Readers of blocks, segments and log records over mutated bytes, the outer checksums made right again: they take them or say what is corrupt,
 * soon and within their bounds, and do nothing else. {@code -Dskald.fuzzSeconds=600} for each; the seed is in the message of a failure.
 */
class FormatFuzzTest {
    private static final double SECONDS = Double.parseDouble(System.getProperty("skald.fuzzSeconds", "0.5"));
    private static final long SLOW_NANOS = 10_000_000_000L;
    private static final String KEY = "t/1970-01-01/x.seg";

    private interface Format {
        byte[] good() throws StoreException, IOException;

        void repair(ByteBuffer bytes);

        void read(byte[] bytes) throws StoreException;
    }

    private static void putCrc(ByteBuffer b, int at, int from, int to) {
        if (at < 0 || from < 0 || from > to || to > b.capacity() || at + 4 > b.capacity()) {
            return;
        }
        CRC32C crc = new CRC32C();
        crc.update(b.slice(from, to - from));
        b.putInt(at, (int) crc.getValue());
    }

    private static final class Blocks implements Format {
        @Override
        public byte[] good() {
            BlockWriter w = new BlockWriter();
            for (int i = 0; i < 50; i++) {
                byte[] line =
                        ("2026-01-01T00:00:" + (10 + i % 50) + ".123Z order " + i).getBytes(StandardCharsets.UTF_8);
                w.add(1_767_225_600_000_000_000L + i * 1_000_000L, line, 0, line.length, Labels.of("k", "v" + i % 7));
            }
            ByteSink out = new ByteSink(1024);
            w.finish(out);
            return out.toByteArray();
        }

        @Override
        public void repair(ByteBuffer b) {
            int header = b.capacity() >= 12 ? b.getInt(8) : 0;
            if (header > 40 && header <= b.capacity()) {
                putCrc(b, header - 4, 0, header - 4);
            }
        }

        @Override
        public void read(byte[] bytes) throws StoreException {
            BlockReader r = BlockReader.open("fuzz", bytes, 0, bytes.length, 0);
            long[] times = r.times(null);
            int[] offsets = r.lineOffsets(null);
            byte[] lines = r.linesNeedTimes() ? r.lines(null, times, offsets) : r.lines(null);
            assertThat(lines.length).isGreaterThanOrEqualTo(r.lineBytes());
            for (int i = 0; i < r.rows(); i++) {
                r.metadata().row(i);
            }
        }
    }

    private static final class Segments implements Format {
        private SegmentRef ref = new SegmentRef(KEY, 0, 0, 0, 0, 0, 0, 0, 0);

        @Override
        public byte[] good() throws StoreException {
            MemorySegmentStore store = new MemorySegmentStore();
            try (SegmentWriter w = SegmentWriter.create(store, KEY, 0)) {
                for (int s = 0; s < 3; s++) {
                    EntryBatch b = new EntryBatch(Labels.of("app", "a" + s));
                    for (int i = 0; i < 40; i++) {
                        byte[] line = ("a line of the stream " + i * s).getBytes(StandardCharsets.UTF_8);
                        b.add(i * 1_000_000L, line, 0, line.length, Labels.of("k", "v" + i % 3));
                    }
                    w.add(b);
                }
                ref = w.finish();
            }
            return store.read(KEY, 0, (int) ref.sizeBytes());
        }

        @Override
        public void repair(ByteBuffer b) {
            int trailer = b.capacity() - 28;
            if (trailer > 0) {
                int length = b.getInt(trailer + 8);
                if (length >= 0 && length <= trailer) {
                    putCrc(b, trailer + 12, trailer - length, trailer + 12);
                }
            }
        }

        @Override
        public void read(byte[] bytes) throws StoreException {
            MemorySegmentStore store = new MemorySegmentStore();
            try (SegmentStore.Output out = store.create(KEY)) {
                out.write(bytes, 0, bytes.length);
                out.commit();
            }
            SegmentReader r = new SegmentReaders(store).get(ref);
            ScanRequest all = new ScanRequest(
                    List.of(), Long.MIN_VALUE, Long.MAX_VALUE, Direction.FORWARD, ScanRequest.Columns.ALL, List.of());
            SegmentScan scan = new SegmentScan(
                    all, new ScanStats(), lost -> assertThat(lost).isNotEmpty());
            for (SegmentReader.Chunk c : r.chunks(new LabelSelector(List.of()), Long.MIN_VALUE, Long.MAX_VALUE)) {
                c.counters();
                try (EntryCursor cursor = c.scan(scan).open()) {
                    while (cursor.next()) {
                        assertThat(cursor.length()).isNotNegative();
                    }
                }
            }
        }
    }

    private record Log(String golden, String partition, long key) implements Format {
        @Override
        public byte[] good() throws IOException {
            return Golden.read(golden);
        }

        @Override
        public void repair(ByteBuffer b) {
            putCrc(b, 0, 4, b.capacity());
        }

        @Override
        public void read(byte[] bytes) throws StoreException {
            MemoryIndexStore store = new MemoryIndexStore();
            assertThat(store.putIfAbsent(partition, key, bytes)).isTrue();
            assertThat(new CommitLog(store).read(new TenantId("t")).n()).isBetween(0L, 1L);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"block", "segment", "log record", "checkpoint"})
    void whateverTheBytesTheyAreReadOrRefused(String format) throws Exception {
        Format f = switch (format) {
            case "block" -> new Blocks();
            case "segment" -> new Segments();
            case "log record" -> new Log("log-record-1", "t/log", 1);
            default -> new Log("log-checkpoint-1", "t/checkpoint", 1L << 12);
        };
        long first = System.nanoTime();
        byte[] good = f.good();
        f.read(good);
        for (long seed = first; System.nanoTime() - first < SECONDS * 1e9; seed++) {
            byte[] bad = mutated(good, new Random(seed));
            f.repair(ByteBuffer.wrap(bad).order(ByteOrder.LITTLE_ENDIAN));
            long start = System.nanoTime();
            try {
                f.read(bad);
            } catch (StoreException e) {
                assertThat(e).as("%s, seed %d", format, seed).isInstanceOf(StoreException.CorruptData.class);
            } catch (RuntimeException | Error e) {
                throw new AssertionError(format + ", seed " + seed, e);
            }
            assertThat(System.nanoTime() - start)
                    .as("%s, seed %d", format, seed)
                    .isLessThan(SLOW_NANOS);
        }
    }

    private static byte[] mutated(byte[] good, Random random) {
        byte[] bad = good.clone();
        if (random.nextInt(8) == 0) {
            bad = Arrays.copyOf(good, random.nextInt(good.length + 20));
        }
        for (int n = 1 + random.nextInt(4); n > 0 && bad.length > 0; n--) {
            int at = random.nextInt(bad.length);
            switch (random.nextInt(4)) {
                case 0 -> bad[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bad[at] = (byte) random.nextInt(256);
                case 2 -> bad[at] = -1;
                default -> {
                    int length = Math.min(random.nextInt(12), bad.length - at);
                    System.arraycopy(bad, random.nextInt(bad.length - length + 1), bad, at, length);
                }
            }
        }
        return bad;
    }
}
