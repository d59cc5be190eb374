/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.bench;

import io.skald.core.block.BlockFormat;
import io.skald.core.block.ByteSink;
import io.skald.core.block.Zstandard;
import io.skald.core.config.Limits;
import io.skald.core.model.EntryBatch;
import io.skald.core.scan.Direction;
import io.skald.logql.engine.Engine;
import io.skald.logql.engine.QueryRequest;
import io.skald.logql.parser.Parser;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * How fast one core searches lines for a text that no skip filter can rule out, decompression included, and how fast it decompresses the same
 * kind of lines and does nothing else. Time is CPU time of the thread that works. Usage: {@code java -cp … io.skald.bench.ScanRate [SECONDS]}.
 */
public final class ScanRate {
    private static final int RAW_BYTES = 8 << 20;

    private ScanRate() {}

    /** Prints both rates and their ratio. */
    public static void main(String[] args) throws Exception {
        double seconds = args.length > 0 ? Double.parseDouble(args[0]) : 3;
        try (ExecutorService pool = Executors.newSingleThreadExecutor()) {
            double scan = rate(pool, scan(pool), seconds);
            double decompression = rate(pool, decompression(pool), seconds);
            new PrintStream(System.out, true, StandardCharsets.UTF_8)
                    .printf(
                            Locale.ROOT,
                            "substring scan %.2f GB/s raw per core, decompression alone %.2f GB/s, share %.2f%n",
                            scan,
                            decompression,
                            scan / decompression);
        }
    }

    /** GB/s of work on {@link #RAW_BYTES}; called by this thread, done by the pool's. */
    private static double rate(ExecutorService pool, Callable<?> work, double seconds) throws Exception {
        repeat(work, seconds);
        Callable<Long> cpu = () -> ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        long begin = pool.submit(cpu).get();
        long rounds = repeat(work, seconds);
        return (double) rounds * RAW_BYTES / (pool.submit(cpu).get() - begin);
    }

    /** A query of counts for a text that is too short for skip filters and stands in no line. */
    private static Callable<?> scan(ExecutorService pool) {
        OneSegment source = new OneSegment();
        Engine engine = new Engine(pool);
        QueryRequest request = new QueryRequest(
                Parser.parse("sum(count_over_time({app=~`.+`} |= `~^` [1h]))"),
                source.startNanos(),
                source.endNanos(),
                Duration.ofHours(1).toNanos(),
                Direction.BACKWARD,
                1000);
        return () -> engine.run(request, source, Limits.DEFAULTS, () -> false);
    }

    /** The lines of the same streams, in pieces as large as blocks are, at the level that blocks have. */
    private static Callable<?> decompression(ExecutorService pool) {
        List<ByteSink> packed = new ArrayList<>();
        List<Integer> lengths = new ArrayList<>();
        for (Corpus.Kind kind : Corpus.Kind.values()) {
            EntryBatch batch = Corpus.batch(kind, RAW_BYTES / Corpus.Kind.values().length, 2);
            ByteSink raw = new ByteSink(BlockFormat.TARGET_RAW_BYTES);
            for (int i = 0; i < batch.size(); i++) {
                raw.bytes(batch.buffer(i), batch.offset(i), batch.length(i));
                if (raw.size() >= BlockFormat.TARGET_RAW_BYTES || i == batch.size() - 1) {
                    ByteSink out = new ByteSink(64 << 10);
                    Zstandard.compress(raw.array(), 0, raw.size(), 1, out);
                    packed.add(out);
                    lengths.add(raw.size());
                    raw.reset();
                }
            }
        }
        byte[] into = new byte[2 * BlockFormat.TARGET_RAW_BYTES];
        Callable<Integer> once = () -> {
            for (int i = 0; i < packed.size(); i++) {
                ByteSink p = packed.get(i);
                Zstandard.decompress(p.array(), 0, p.size(), into, 0, lengths.get(i), "lines", 0);
            }
            return packed.size();
        };
        return () -> pool.submit(once).get();
    }

    private static long repeat(Callable<?> work, double seconds) throws Exception {
        long end = System.nanoTime() + (long) (seconds * 1e9);
        long rounds = 0;
        while (System.nanoTime() - end < 0) {
            work.call();
            rounds++;
        }
        return rounds;
    }
}
