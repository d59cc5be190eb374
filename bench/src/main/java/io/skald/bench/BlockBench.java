/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.bench;

import io.skald.core.block.BlockFormat;
import io.skald.core.block.BlockReader;
import io.skald.core.block.BlockWriter;
import io.skald.core.block.ByteSink;
import io.skald.core.block.ByteSource;
import io.skald.core.filter.SkipFilter;
import io.skald.core.filter.SkipFilterBuilder;
import io.skald.core.filter.SkipKeys;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.StoreException;
import java.nio.charset.StandardCharsets;
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

/** One block of 256 KiB of lines and its skip filter. Divide 262,144 bytes by the time for bytes per second. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class BlockBench {
    @Param({"JSON", "LOGFMT", "ACCESS", "DATED"})
    public String kind = "JSON";

    /** Level of Zstandard: as a flush and an agent write, and as a compaction does. */
    @Param({"1", "6"})
    public int level = 1;

    private EntryBatch batch = Corpus.batch(Corpus.Kind.JSON, 1, 1);
    private BlockWriter writer = new BlockWriter();
    private final SkipFilterBuilder filter = new SkipFilterBuilder();
    private final ByteSink out = new ByteSink(64 << 10);
    private byte[] lines = {};
    private int[] lengths = {};
    private byte[] block = {};
    private byte[] packed = {};
    private int unit;
    private int parameter;
    private final int[] keys =
            SkipKeys.ofText("no such request id 5eed0ddba11".getBytes(StandardCharsets.UTF_8), false);
    private final long[] times = new long[BlockFormat.TARGET_ROWS];
    private final int[] offsets = new int[BlockFormat.TARGET_ROWS + 1];

    @Setup
    public void setUp() throws StoreException {
        batch = Corpus.batch(Corpus.Kind.valueOf(kind), BlockFormat.TARGET_RAW_BYTES, 1);
        writer = new BlockWriter(BlockFormat.TARGET_RAW_BYTES, level);
        lines = new byte[Math.toIntExact(batch.lineBytes())];
        lengths = new int[batch.size()];
        int at = 0;
        for (int i = 0; i < lengths.length; i++) {
            lengths[i] = batch.length(i);
            System.arraycopy(batch.buffer(i), batch.offset(i), lines, at, lengths[i]);
            at += lengths[i];
        }
        encode();
        block = out.toByteArray();
        SkipFilter f = filter();
        unit = f.unit();
        parameter = f.parameter();
        ByteSink bits = new ByteSink(64 << 10);
        f.partition(0, new ByteSink[] {bits});
        ByteSource in = new ByteSource("filter", bits.array(), 0, bits.size(), 0);
        packed = in.bytes("bits", in.remaining());
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

    /** Times, lengths and lines, checksums included. */
    @Benchmark
    public byte[] decode() throws StoreException {
        BlockReader r = BlockReader.open("block", block, 0, block.length, 0);
        r.times(times);
        r.lineOffsets(offsets);
        return r.linesNeedTimes() ? r.lines(lines, times, offsets) : r.lines(lines);
    }

    /** Times alone, as for counting. */
    @Benchmark
    public long[] decodeTimes() throws StoreException {
        return BlockReader.open("block", block, 0, block.length, 0).times(times);
    }

    /** Whether the filter may have the keys of a text, all of them, as if none said no. */
    @Benchmark
    public int probe() {
        int found = 0;
        for (int key : keys) {
            found += SkipFilter.mayContain(key, unit, parameter, 0, packed, 0, packed.length) ? 1 : 0;
        }
        return found;
    }
}
