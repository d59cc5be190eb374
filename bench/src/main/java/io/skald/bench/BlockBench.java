/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.bench;

import io.skald.core.block.BlockFormat;
import io.skald.core.block.BlockWriter;
import io.skald.core.block.ByteSink;
import io.skald.core.filter.SkipFilter;
import io.skald.core.filter.SkipFilterBuilder;
import io.skald.core.model.EntryBatch;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Encoding of one block of 256 KiB of lines, and of its skip filter. Divide 262,144 bytes by the time for bytes per second. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class BlockBench {
    @Param({"JSON", "LOGFMT", "ACCESS"})
    public String kind = "JSON";

    private EntryBatch batch = Corpus.batch(Corpus.Kind.JSON, 1, 1);
    private final BlockWriter writer = new BlockWriter();
    private final SkipFilterBuilder filter = new SkipFilterBuilder();
    private final ByteSink out = new ByteSink(64 << 10);
    private byte[] lines = {};
    private int[] lengths = {};

    @Setup
    public void setUp() {
        batch = Corpus.batch(Corpus.Kind.valueOf(kind), BlockFormat.TARGET_RAW_BYTES, 1);
        lines = new byte[Math.toIntExact(batch.lineBytes())];
        lengths = new int[batch.size()];
        int at = 0;
        for (int i = 0; i < lengths.length; i++) {
            lengths[i] = batch.length(i);
            System.arraycopy(batch.buffer(i), batch.offset(i), lines, at, lengths[i]);
            at += lengths[i];
        }
    }

    /** The skip filter alone. */
    @Benchmark
    public SkipFilter filter() {
        filter.begin(BlockFormat.TARGET_RAW_BYTES);
        filter.lines(lines, 0, lengths, lengths.length);
        return filter.finish();
    }

    /** The block without its filter. */
    @Benchmark
    public int encode() {
        out.reset();
        for (int i = 0; i < batch.size(); i++) {
            writer.add(batch.timestampNanos(i), batch.buffer(i), batch.offset(i), batch.length(i), batch.metadata(i));
        }
        return writer.finish(out).length();
    }
}
