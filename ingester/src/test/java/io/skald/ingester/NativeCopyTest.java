/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.block.ByteSink;
import io.skald.core.config.SkaldConfig;
import io.skald.core.disk.Disk;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.Requirement;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import io.skald.core.wire.BlockEncoder;
import io.skald.core.wire.BlockPush;
import io.skald.ingester.wal.SyncMode;
import io.skald.storage.index.CommitLog;
import io.skald.storage.memory.MemoryIndexStore;
import io.skald.storage.memory.MemorySegmentStore;
import io.skald.storage.segment.LabelSelector;
import io.skald.storage.segment.MinuteCounters;
import io.skald.storage.segment.SegmentReader;
import io.skald.storage.segment.SegmentReaders;
import io.skald.storage.segment.SegmentRef;
import io.skald.storage.segment.SegmentScan;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Large blocks of native pushes go into segments as they are, and nobody can tell. */
class NativeCopyTest {
    private static final TenantId TENANT = new TenantId("a");
    private static final long MINUTE = 60_000_000_000L;

    @SuppressWarnings("NullAway.Init") // set by JUnit
    @TempDir
    Path dir;

    /** An ingester with stores of its own. */
    private final class Place implements AutoCloseable {
        final MemoryIndexStore index = new MemoryIndexStore();
        final MemorySegmentStore segments = new MemorySegmentStore();
        final CollectorRegistry metrics = new CollectorRegistry();
        final Ingester ingester;
        private int sequence;

        Place(String name) throws Exception {
            IngesterConfig config = new IngesterConfig(
                    dir.resolve(name),
                    "i",
                    SyncMode.INTERVAL,
                    Duration.ofSeconds(5),
                    8 << 20,
                    1 << 30,
                    Duration.ofHours(1),
                    Duration.ZERO,
                    0,
                    64 << 20,
                    16 << 20,
                    true);
            ingester = Ingester.create(
                    Disk.REAL,
                    config,
                    new CommitLog(index),
                    segments,
                    SkaldConfig.parse("limits: {ingestion_rate_mb: 1000, ingestion_burst_size_mb: 1000}", "test")
                            .tenantLimits(),
                    Clock.systemUTC(),
                    metrics,
                    step -> {});
        }

        void push(List<BlockPush.Block> blocks) throws Exception {
            byte[] body = BlockPush.encode("node-1", 1, ++sequence, blocks);
            assertThat(ingester.push(TENANT, BlockPush.decode(body, body.length))
                            .result()
                            .rejected())
                    .isZero();
        }

        Stored stored() throws Exception {
            ingester.flush();
            Stored s = new Stored(new TreeSet<>(), new TreeMap<>());
            SegmentReaders readers = new SegmentReaders(segments);
            for (SegmentRef ref : new CommitLog(index).read(TENANT).segments()) {
                SegmentReader reader = readers.get(ref);
                for (SegmentReader.Chunk c : reader.chunks(new LabelSelector(List.of()), 0, Long.MAX_VALUE)) {
                    MinuteCounters m = Objects.requireNonNull(c.counters());
                    for (int i = 0; i < m.size(); i++) {
                        String cell = c.labels() + " " + m.minute(i) + " " + m.level(i);
                        s.counters.merge(cell + " lines", m.lines(i), Long::sum);
                        s.counters.merge(cell + " bytes", m.bytes(i), Long::sum);
                    }
                }
                s.lines.addAll(lines(reader, List.of()));
            }
            return s;
        }

        Set<String> search(String text) throws Exception {
            Set<String> found = new TreeSet<>();
            for (SegmentRef ref : new CommitLog(index).read(TENANT).segments()) {
                Requirement r = Requirement.text(text.getBytes(StandardCharsets.UTF_8));
                found.addAll(lines(new SegmentReaders(segments).get(ref), List.of(r)));
            }
            found.removeIf(line -> !line.contains(text));
            return found;
        }

        private static List<String> lines(SegmentReader reader, List<Requirement> requirements) throws Exception {
            List<String> out = new ArrayList<>();
            SegmentScan scan = new SegmentScan(
                    new ScanRequest(
                            List.of(), 0, Long.MAX_VALUE, Direction.FORWARD, ScanRequest.Columns.ALL, requirements),
                    new ScanStats(),
                    m -> {
                        throw new AssertionError(m);
                    });
            for (SegmentReader.Chunk c : reader.chunks(new LabelSelector(List.of()), 0, Long.MAX_VALUE)) {
                try (EntryCursor e = c.scan(scan).open()) {
                    while (e.next()) {
                        out.add(c.labels() + " " + e.timestampNanos() + " "
                                + new String(e.buffer(), e.offset(), e.length(), StandardCharsets.UTF_8)
                                + e.metadata());
                    }
                }
            }
            return out;
        }

        boolean holds(BlockPush.Block block) throws Exception {
            for (String key : segments.list("")) {
                String all = latin(segments.read(key, 0, (int) segments.size(key)), 0, (int) segments.size(key));
                if (all.contains(latin(block.bytes(), block.offset(), block.length()))) {
                    return true;
                }
            }
            return false;
        }

        double corruptions() {
            return Objects.requireNonNull(metrics.getSampleValue("skald_ingester_wal_corruptions_total"));
        }

        @Override
        public void close() throws StoreException {
            ingester.close();
        }
    }

    private static String latin(byte[] b, int offset, int length) {
        return new String(b, offset, length, StandardCharsets.ISO_8859_1);
    }

    private record Stored(Set<String> lines, Map<String, Long> counters) {}

    private static EntryBatch batch(Random random, String app, long from, int rows) {
        EntryBatch b = new EntryBatch(Labels.of("app", app, "service_name", app));
        String[] levels = {"info", "warn", "error"};
        long t = from;
        for (int i = 0; i < rows; i++) {
            String text = "level=" + levels[random.nextInt(3)] + " msg=\"request done\" id="
                    + Long.toHexString(random.nextLong()) + " path=/api/v1/items/" + random.nextInt(5000)
                    + " user=u" + random.nextInt(99);
            byte[] line = text.getBytes(StandardCharsets.UTF_8);
            t += 1 + random.nextInt(3) * (long) random.nextInt(40_000_000);
            Labels metadata = random.nextInt(3) == 0 ? Labels.of("pod", "p" + random.nextInt(5)) : Labels.EMPTY;
            b.add(t, line, 0, line.length, metadata);
        }
        return b;
    }

    private static long last(EntryBatch b) {
        return b.timestampNanos(b.size() - 1);
    }

    @Test
    void answersAreThoseOfEntries() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        long now = System.currentTimeMillis() * 1_000_000 - Duration.ofDays(2).toNanos();
        BlockEncoder filtered = new BlockEncoder(2, "node-1");
        BlockEncoder plain = new BlockEncoder(2);
        try (Place copied = new Place("copied");
                Place written = new Place("written")) {
            List<String> needles = new ArrayList<>();
            for (int s = 0; s < 3; s++) {
                // across midnight, too
                long t = now - random.nextInt(1200) * MINUTE;
                for (int n = 0; n < 5; n++) {
                    EntryBatch b = batch(random, "app-" + s, t, random.nextInt(3) == 0 ? 50 : 1500);
                    copied.push((n % 2 == 0 ? filtered : plain).encode(List.of(b)));
                    written.ingester.push(TENANT, List.of(b));
                    int row = random.nextInt(b.size());
                    needles.add(
                            latin(b.buffer(row), b.offset(row), b.length(row)).substring(20, 60));
                    if (random.nextInt(4) == 0) {
                        // the same once more, by another way
                        copied.ingester.push(TENANT, List.of(b));
                    }
                    // now and then one that reaches over the one before
                    t = random.nextInt(4) == 0 ? t + (last(b) - t) / 2 : last(b) + random.nextInt(2);
                }
            }
            Stored c = copied.stored();
            Stored w = written.stored();
            assertThat(c.lines).as("seed %d", seed).isEqualTo(w.lines);
            assertThat(c.counters).as("seed %d", seed).isEqualTo(w.counters);
            for (String needle : needles) {
                assertThat(copied.search(needle))
                        .as("seed %d", seed)
                        .isNotEmpty()
                        .isEqualTo(written.search(needle));
            }
        }
    }

    @Test
    void largeBlocksAreCopied() throws Exception {
        Random random = new Random(7);
        long t = System.currentTimeMillis() * 1_000_000 - Duration.ofDays(1).toNanos();
        EntryBatch large = batch(random, "x", t, 1500);
        EntryBatch small = batch(random, "x", last(large) + 1, 20);
        EntryBatch next = batch(random, "x", last(small) + 1, 20);
        EntryBatch other = batch(random, "y", t, 1500);
        EntryBatch overlapping = batch(random, "y", t + 5, 1500);
        List<BlockPush.Block> blocks = new BlockEncoder(2).encode(List.of(large, small, next, other, overlapping));
        try (Place p = new Place("p")) {
            p.push(blocks);
            p.ingester.flush();
            assertThat(p.holds(blocks.get(0))).isTrue();
            assertThat(p.holds(blocks.get(1))).as("small").isFalse();
            assertThat(p.holds(blocks.get(3))).as("overlapped").isFalse();
            assertThat(p.holds(blocks.get(4))).as("overlapping").isFalse();
            assertThat(p.stored().lines).hasSize(4540);
        }
    }

    /** A filter that lacks keys would hide lines. */
    @Test
    void wrongFiltersAreBuiltAnew() throws Exception {
        Random random = new Random(11);
        long t = System.currentTimeMillis() * 1_000_000 - Duration.ofDays(1).toNanos();
        try (Place p = new Place("p")) {
            List<String> needles = new ArrayList<>();
            for (int n = 0; n < 12; n++) {
                EntryBatch b = batch(random, "x", t, 1500);
                t = last(b) + 1;
                needles.add(latin(b.buffer(3), b.offset(3), b.length(3)).substring(20, 60));
                // the filter of the sixth is one of other lines
                p.push(List.of(n == 5 ? withForeignFilter(b, random) : encoded(b)));
            }
            p.ingester.flush();
            for (String needle : needles) {
                assertThat(p.search(needle)).hasSize(1);
            }
            assertThat(p.corruptions()).isZero();
        }
    }

    private static BlockPush.Block encoded(EntryBatch b) {
        return new BlockEncoder(-1, "node-1").encode(List.of(b)).getFirst();
    }

    /** A block with the filter of another one, which is the last row of its table and its last column. */
    private static BlockPush.Block withForeignFilter(EntryBatch b, Random random) {
        BlockPush.Block own = encoded(b);
        BlockPush.Block other = encoded(batch(random, "other", last(b), b.size()));
        ByteBuffer from = ByteBuffer.wrap(own.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer foreign = ByteBuffer.wrap(other.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        int row = 15;
        int header = from.getInt(8);
        int rowAt = header - 4 - row;
        int otherRowAt = foreign.getInt(8) - 4 - row;
        int length = foreign.getInt(otherRowAt + 2);
        ByteSink out = new ByteSink(1 << 18);
        out.bytes(own.bytes(), 0, rowAt);
        out.bytes(other.bytes(), otherRowAt, row);
        CRC32C crc = new CRC32C();
        crc.update(out.array(), 0, out.size());
        out.u32((int) crc.getValue());
        out.bytes(own.bytes(), header, own.length() - header - from.getInt(rowAt + 2));
        out.bytes(other.bytes(), other.length() - length, length);
        return new BlockPush.Block(b.labels(), out.toByteArray(), 0, out.size());
    }

    /** What the agent sent may be damaged though nobody damaged it since. */
    @Test
    void damagedColumnsAreReported() throws Exception {
        Random random = new Random(13);
        long t = System.currentTimeMillis() * 1_000_000 - Duration.ofDays(1).toNanos();
        try (Place p = new Place("p")) {
            EntryBatch first = batch(random, "x", t, 1500);
            EntryBatch second = batch(random, "x", last(first) + 1, 1500);
            EntryBatch third = batch(random, "x", last(second) + 1, 1500);
            List<BlockPush.Block> blocks = new BlockEncoder(2, "node-1").encode(List.of(first, second, third));
            // the filter comes last: one block loses a byte of its filter, one of its lines
            byte[] noFilter = Arrays.copyOf(blocks.get(0).bytes(), blocks.get(0).length());
            noFilter[noFilter.length - 50] ^= 1;
            byte[] noLines = Arrays.copyOf(blocks.get(1).bytes(), blocks.get(1).length());
            noLines[noLines.length - 12_000] ^= 1;
            p.push(List.of(
                    new BlockPush.Block(first.labels(), noFilter, 0, noFilter.length),
                    new BlockPush.Block(second.labels(), noLines, 0, noLines.length),
                    blocks.get(2)));
            Stored s = p.stored();
            assertThat(s.lines).hasSize(3000);
            assertThat(p.corruptions()).isEqualTo(1);
            String needle =
                    latin(first.buffer(9), first.offset(9), first.length(9)).substring(20, 60);
            assertThat(p.search(needle)).hasSize(1);
        }
    }
}
