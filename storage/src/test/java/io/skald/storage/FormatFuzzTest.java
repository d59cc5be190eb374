/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.block.BlockMetadata;
import io.skald.core.block.BlockReader;
import io.skald.core.block.BlockWriter;
import io.skald.core.block.ByteSink;
import io.skald.core.filter.SkipFilterBuilder;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.pattern.ChunkPatterns;
import io.skald.core.pattern.PatternMiner;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.Requirement;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import io.skald.core.scan.StreamScan;
import io.skald.storage.index.CommitLog;
import io.skald.storage.memory.MemoryIndexStore;
import io.skald.storage.memory.MemorySegmentStore;
import io.skald.storage.segment.LabelSelector;
import io.skald.storage.segment.SegmentFooters;
import io.skald.storage.segment.SegmentInspection;
import io.skald.storage.segment.SegmentReader;
import io.skald.storage.segment.SegmentReaders;
import io.skald.storage.segment.SegmentRef;
import io.skald.storage.segment.SegmentScan;
import io.skald.storage.segment.SegmentWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Readers of blocks, segments and log records over mutated bytes, {@code -Dskald.fuzzSeconds=600} for each. Once with changes anywhere under right
 * checksums, and once to what is inside of the compressed parts.
 */
class FormatFuzzTest {
    private static final String KEY = "t/1970-01-01/x.seg";

    private abstract static class Format implements FormatFuzz.Target {
        void repair(ByteBuffer bytes) throws StoreException {
            // not all have checksums that change with the bytes
        }

        @Override
        public byte[] mutated(byte[] good, Random random) throws Exception {
            byte[] bad = FormatFuzz.mutate(good, random);
            repair(ByteBuffer.wrap(bad).order(ByteOrder.LITTLE_ENDIAN));
            return bad;
        }

        @Override
        public boolean refusal(Exception e) {
            return e instanceof StoreException.CorruptData;
        }
    }

    private static void putCrc(ByteBuffer b, int at, int from, int to) {
        if (at >= 0 && from >= 0 && from <= to && to <= b.capacity() && at + 4 <= b.capacity()) {
            CRC32C crc = new CRC32C();
            crc.update(b.slice(from, to - from));
            b.putInt(at, (int) crc.getValue());
        }
    }

    private static class Blocks extends Format {
        private final SkipFilterBuilder builder = new SkipFilterBuilder();

        @Override
        public byte[] good() {
            BlockWriter w = new BlockWriter();
            for (int i = 0; i < 50; i++) {
                byte[] line = ("2026-01-01T00:00:" + (10 + i % 50) + ".123Z order " + i).getBytes(UTF_8);
                Labels metadata =
                        i % 9 == 0 ? Labels.of("k", "v" + i % 7, "rare", "r" + i) : Labels.of("k", "v" + i % 7);
                w.add(1_767_225_600_000_000_000L + i * 1_000_000L, line, 0, line.length, metadata);
            }
            ByteSink out = new ByteSink(1024);
            w.finish(out);
            return out.toByteArray();
        }

        @Override
        void repair(ByteBuffer b) {
            int header = b.capacity() >= 12 ? b.getInt(8) : 0;
            if (header <= 44 || header > b.capacity()) {
                return;
            }
            long column = header;
            for (int at = 40; at + 15 <= header - 4; at += 15 + (b.get(at + 14) & 0x7f)) {
                int length = b.getInt(at + 2);
                if (length < 0 || column + length > b.capacity()) {
                    break;
                }
                putCrc(b, at + 10, (int) column, (int) column + length);
                column += length;
            }
            putCrc(b, header - 4, 0, header - 4);
        }

        @Override
        public void read(byte[] bytes) throws StoreException {
            BlockReader r = BlockReader.open("fuzz", bytes, 0, bytes.length, 0);
            // what holds before anything is allocated for the columns
            if (r.rawBytes() > 1 << 20) {
                return;
            }
            r.verify();
            long[] times = r.times(null);
            int[] offsets = r.lineOffsets(null);
            byte[] lines = r.linesNeedTimes() ? r.lines(null, times, offsets) : r.lines(null);
            assertThat(lines.length).isGreaterThanOrEqualTo(r.lineBytes());
            BlockMetadata metadata = r.metadata();
            for (int i = 0; i < r.rows(); i++) {
                metadata.row(i);
            }
            r.metadata("k");
            BlockReader.Filter f = r.filter();
            r.buildFilter(builder, f == null ? null : f.filter());
            ByteSink copy = new ByteSink(bytes.length);
            r.copyTo(copy);
            BlockReader.open("copy", copy.array(), 0, copy.size(), 0).verify();
        }
    }

    private static final class Columns extends Blocks {
        @Override
        public byte[] mutated(byte[] good, Random random) throws Exception {
            return new BlockBytes(good).change(random).encode();
        }
    }

    private static class Segments extends Format {
        private final Path file;
        private SegmentRef ref = new SegmentRef(KEY, 0, 0, 0, 0, 0, 0, 0, 0);

        Segments(Path directory) {
            this.file = directory.resolve("x.seg");
        }

        @Override
        public byte[] good() throws StoreException {
            MemorySegmentStore store = new MemorySegmentStore();
            try (SegmentWriter w = SegmentWriter.create(store, KEY, 0)) {
                for (int s = 0; s < 3; s++) {
                    EntryBatch b = new EntryBatch(Labels.of("app", "a" + s));
                    for (int i = 0; i < 60; i++) {
                        byte[] line = ("a line of the stream " + i * s + " with more than fits into a block, "
                                        + Long.toHexString(i * 0x9E3779B97F4A7C15L))
                                .getBytes(UTF_8);
                        b.add(
                                i * 1_000_000_000L,
                                line,
                                0,
                                line.length,
                                Labels.of("k", "v" + i % 3, "detected_level", "info"));
                    }
                    w.add(b);
                }
                ref = w.finish();
            }
            return store.read(KEY, 0, (int) ref.sizeBytes());
        }

        @Override
        void repair(ByteBuffer b) throws StoreException {
            int trailer = b.capacity() - 28;
            if (trailer > 0) {
                int length = b.getInt(trailer + 8);
                if (length >= 0 && length <= trailer) {
                    putCrc(b, trailer + 12, trailer - length, trailer + 12);
                }
            }
        }

        void tailIsAt(long offset, int size) {
            ref = new SegmentRef(
                    KEY, 0, ref.minNanos(), ref.maxNanos(), size, ref.entries(), ref.lineBytes(), offset, ref.series());
        }

        @Override
        public void read(byte[] bytes) throws StoreException {
            MemorySegmentStore store = new MemorySegmentStore();
            try (SegmentStore.Output out = store.create(KEY)) {
                out.write(bytes, 0, bytes.length);
                out.commit();
            }
            inspect(bytes);
            SegmentReader r = new SegmentReaders(store).get(ref);
            r.plan(new LabelSelector(List.of()), 0, 1_000_000_000_000L);
            for (SegmentReader.Chunk c : r.chunks(new LabelSelector(List.of()), Long.MIN_VALUE, Long.MAX_VALUE)) {
                c.size(90_000_000_000L, 200_000_000_000L);
                indexes(c);
                for (List<Requirement> wanted :
                        List.of(List.<Requirement>of(), List.of(Requirement.text("9E3779B97F".getBytes(UTF_8))))) {
                    rows(c, wanted);
                }
            }
            assertThat(SegmentFooters.ref(store, KEY).sizeBytes()).isEqualTo(bytes.length);
        }

        /** As a command does that is asked whether the file is whole. */
        private void inspect(byte[] bytes) {
            try {
                Files.deleteIfExists(file);
                Files.write(file, bytes);
                assertThat(SegmentInspection.of(file).bytes()).isEqualTo(bytes.length);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static void indexes(SegmentReader.Chunk c) {
            try {
                c.counters();
                ChunkPatterns p = c.patterns();
                if (p != null) {
                    p.verify();
                    p.addTo(level -> new PatternMiner(), bucket -> true, 60_000_000_000L);
                }
            } catch (StoreException e) {
                // entries are read all the same
                assertThat(e).isInstanceOf(StoreException.CorruptData.class);
            }
        }

        private static void rows(SegmentReader.Chunk c, List<Requirement> wanted) throws StoreException {
            ScanRequest request = new ScanRequest(
                    List.of(), Long.MIN_VALUE, Long.MAX_VALUE, Direction.FORWARD, ScanRequest.Columns.ALL, wanted);
            SegmentScan scan = new SegmentScan(
                    request, new ScanStats(), lost -> assertThat(lost).isNotEmpty());
            for (StreamScan piece : c.scan(scan).pieces()) {
                try (EntryCursor cursor = piece.open()) {
                    while (cursor.next()) {
                        assertThat(cursor.length()).isNotNegative();
                    }
                }
            }
        }
    }

    private static final class Sections extends Segments {
        Sections(Path directory) {
            super(directory);
        }

        @Override
        public byte[] mutated(byte[] good, Random random) throws Exception {
            SegmentBytes s = new SegmentBytes(good).change(random);
            byte[] bad = s.encode();
            tailIsAt(s.tailOffset(), bad.length);
            return bad;
        }
    }

    private static final class Log extends Format {
        private final String golden;
        private final String partition;
        private final long key;

        Log(String golden, String partition, long key) {
            this.golden = golden;
            this.partition = partition;
            this.key = key;
        }

        @Override
        public byte[] good() throws IOException {
            return Golden.read(golden);
        }

        @Override
        void repair(ByteBuffer b) {
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
    @ValueSource(strings = {"block", "block-columns", "segment", "segment-sections", "log-record", "checkpoint"})
    void whateverTheBytesTheyAreReadOrRefused(String format, @TempDir Path directory) throws Exception {
        FormatFuzz.run(
                format,
                switch (format) {
                    case "block" -> new Blocks();
                    case "block-columns" -> new Columns();
                    case "segment" -> new Segments(directory);
                    case "segment-sections" -> new Sections(directory);
                    case "log-record" -> new Log("log-record-1", "t/log", 1);
                    default -> new Log("log-checkpoint-1", "t/checkpoint", 1L << 12);
                });
    }
}
