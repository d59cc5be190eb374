/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.bench;

import io.skald.core.block.ByteSink;
import io.skald.core.model.EntryBatch;
import io.skald.core.pattern.PatternRecorder;
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

/** Mining a chunk of 8 MiB of lines as a flush does. Divide 8,388,608 bytes by the time for bytes per second. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class PatternBench {
    /** Which lines. */
    public enum Lines {
        JSON(Corpus.Kind.JSON),
        LOGFMT(Corpus.Kind.LOGFMT),
        ACCESS(Corpus.Kind.ACCESS),
        DATED(Corpus.Kind.DATED);

        private final Corpus.Kind kind;

        Lines(Corpus.Kind kind) {
            this.kind = kind;
        }
    }

    @Param
    public Lines lines = Lines.JSON;

    private final PatternRecorder recorder = new PatternRecorder();
    private final ByteSink out = new ByteSink(1 << 16);
    private EntryBatch batch = Corpus.batch(Corpus.Kind.JSON, 1, 1);

    @Setup
    public void setUp() {
        batch = Corpus.batch(lines.kind, 8 << 20, 3);
    }

    @Benchmark
    public int mine() {
        for (int i = 0; i < batch.size(); i++) {
            recorder.add(batch.timestampNanos(i), batch.buffer(i), batch.offset(i), batch.length(i), batch.metadata(i));
        }
        out.reset();
        recorder.end(out);
        return out.size();
    }
}
