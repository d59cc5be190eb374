/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.bench;

import io.skald.core.block.BlockReader;
import io.skald.core.block.ByteSink;
import io.skald.core.block.Zstandard;
import io.skald.core.config.CompactionSettings;
import io.skald.core.config.Limits;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.scan.Direction;
import io.skald.logql.engine.Engine;
import io.skald.logql.engine.QueryRequest;
import io.skald.logql.parser.Parser;
import io.skald.storage.file.FileSegmentStore;
import io.skald.storage.segment.SegmentInspection;
import io.skald.storage.segment.SegmentWriter;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;

/**
 * How fast one core searches lines in files (which the operating system holds in memory) for texts that no skip filter can rule out, decompression
 * included, and how fast it decompresses the same columns of lines and does nothing else. Bytes are those of lines, time is CPU time of the thread that works; the two
 * take turns, so that a machine with other load slows both. Usage: {@code java -cp … io.skald.bench.ScanRate [SECONDS [SEGMENT]]}: seconds for each figure (2),
 * and a segment whose lines to take instead of generated ones, 2 MiB of each stream.
 */
public final class ScanRate {
    private static final int STREAM_BYTES = 2 << 20;
    private static final double TURN_SECONDS = 0.1;
    private static final Map<String, String> FILTERS = new LinkedHashMap<>();

    static {
        FILTERS.put("2 bytes", "|= `~^`");
        FILTERS.put("4 frequent letters", "|= `eosy`");
        FILTERS.put("any case", "|~ `(?i)Zqxj`");
        FILTERS.put("one of 4 texts", "|~ `zqxa|jqzb|xqjc|vqzd`");
    }

    /** A column of lines as it is stored, and how long it is decompressed. */
    private record Column(ByteSink packed, int rawLength) {}

    private ScanRate() {}

    /** Prints all rates and their ratios. */
    public static void main(String[] args) throws Exception {
        double seconds = args.length > 0 ? Double.parseDouble(args[0]) : 2;
        List<EntryBatch> batches = args.length > 1 ? batches(Path.of(args[1])) : OneSegment.corpus();
        CompactionSettings c = CompactionSettings.DEFAULTS;
        Path directory = Files.createTempDirectory("scan-rate");
        try (ExecutorService pool = Executors.newSingleThreadExecutor();
                FileSegmentStore store = FileSegmentStore.open(directory)) {
            PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
            measure(out, "flushed", store, batches, SegmentWriter.Density.FAST, pool, seconds);
            measure(
                    out,
                    "compacted",
                    store,
                    batches,
                    new SegmentWriter.Density(c.blockSize(), c.zstdLevel()),
                    pool,
                    seconds);
        } finally {
            try (Stream<Path> files = Files.walk(directory)) {
                for (Path p : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(p);
                }
            }
        }
    }

    private static void measure(
            PrintStream out,
            String name,
            FileSegmentStore store,
            List<EntryBatch> batches,
            SegmentWriter.Density density,
            ExecutorService pool,
            double seconds)
            throws Exception {
        OneSegment source = new OneSegment(store, batches, density);
        long bytes = batches.stream().mapToLong(EntryBatch::lineBytes).sum();
        Callable<?> decompression = decompression(pool, columns(store.file(source.key()), density.zstdLevel()));
        for (Map.Entry<String, String> filter : FILTERS.entrySet()) {
            Callable<?> scan = scan(pool, source, filter.getValue());
            takeTurns(pool, scan, decompression, seconds);
            long[] nanos = takeTurns(pool, scan, decompression, seconds);
            double rate = (double) nanos[1] * bytes / nanos[0];
            double alone = (double) nanos[3] * bytes / nanos[2];
            out.printf(
                    Locale.ROOT,
                    "%-10s %-20s %.2f GB/s per core, decompression alone %.2f GB/s, share %.2f%n",
                    name,
                    filter.getKey(),
                    rate,
                    alone,
                    rate / alone);
        }
    }

    /** CPU nanoseconds of the first work and how often it was done, and the same of the second. */
    private static long[] takeTurns(ExecutorService pool, Callable<?> a, Callable<?> b, double seconds)
            throws Exception {
        Callable<Long> cpu = () -> ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        long[] sums = new long[4];
        long end = System.nanoTime() + (long) (2 * seconds * 1e9);
        while (System.nanoTime() - end < 0) {
            long begin = pool.submit(cpu).get();
            sums[1] += repeat(a);
            long middle = pool.submit(cpu).get();
            sums[3] += repeat(b);
            sums[0] += middle - begin;
            sums[2] += pool.submit(cpu).get() - middle;
        }
        return sums;
    }

    private static long repeat(Callable<?> work) throws Exception {
        long end = System.nanoTime() + (long) (TURN_SECONDS * 1e9);
        long rounds = 0;
        while (System.nanoTime() - end < 0) {
            work.call();
            rounds++;
        }
        return rounds;
    }

    private static Callable<?> scan(ExecutorService pool, OneSegment source, String filter) {
        Engine engine = new Engine(pool);
        QueryRequest request = new QueryRequest(
                Parser.parse("sum(count_over_time({app=~`.+`} " + filter + " [24h]))"),
                source.endNanos(),
                source.endNanos(),
                0,
                Direction.BACKWARD,
                1000);
        return () -> engine.run(request, source, Limits.DEFAULTS, () -> false);
    }

    private static Callable<?> decompression(ExecutorService pool, List<Column> columns) {
        byte[] into =
                new byte[columns.stream().mapToInt(Column::rawLength).max().orElse(0)];
        Callable<Integer> once = () -> {
            for (Column c : columns) {
                Zstandard.decompress(c.packed.array(), 0, c.packed.size(), into, 0, c.rawLength, "lines", 0);
            }
            return columns.size();
        };
        return () -> pool.submit(once).get();
    }

    /** The columns of lines of a segment. Compressed again, as readers do not tell where the frames are: the bytes are the same. */
    private static List<Column> columns(Path segment, int level) throws IOException, StoreException {
        byte[] file = Files.readAllBytes(segment);
        List<Column> columns = new ArrayList<>();
        for (SegmentInspection.Block b : SegmentInspection.of(segment).blocks()) {
            BlockReader r = BlockReader.open("segment", file, Math.toIntExact(b.offset()), b.bytes(), b.offset());
            byte[] lines = r.undatedLines(null);
            int length = r.lineBytes() - r.undatedFrom();
            ByteSink packed = new ByteSink(64 << 10);
            Zstandard.compress(lines, r.undatedFrom(), length, level, packed);
            columns.add(new Column(packed, length));
        }
        return columns;
    }

    private static List<EntryBatch> batches(Path segment) throws IOException {
        Map<Labels, EntryBatch> batches = new LinkedHashMap<>();
        Map<Labels, Long> sizes = new LinkedHashMap<>();
        SegmentInspection.lines(segment, (stream, nanos, buffer, offset, length, metadata) -> {
            if (sizes.merge(stream, (long) length, Long::sum) <= STREAM_BYTES) {
                byte[] line = new byte[length];
                System.arraycopy(buffer, offset, line, 0, length);
                batches.computeIfAbsent(stream, s -> new EntryBatch(s, 1024)).add(nanos, line, 0, length, metadata);
            }
        });
        return List.copyOf(batches.values());
    }
}
