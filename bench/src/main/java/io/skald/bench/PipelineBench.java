/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.bench;

import io.skald.core.model.EntryBatch;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.parser.Parser;
import io.skald.logql.pipeline.LinePipeline;
import io.skald.logql.pipeline.Pipelines;
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

/** A pipeline over 1 MiB of lines, one after the other. Divide 1,048,576 bytes by the time for bytes per second. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class PipelineBench {
    /** What runs over which lines. */
    public enum Case {
        SUBSTRING(Corpus.Kind.JSON, "|= `no such text`"),
        REGEX(Corpus.Kind.JSON, "|~ `payment.*status.:5`"),
        REGEX_IGNORE_CASE(Corpus.Kind.JSON, "|~ `(?i)payment (failed|refused|timed out)`"),
        REGEX_ALTERNATION(Corpus.Kind.ACCESS, "|~ `\" 5\\d\\d |DELETE .*[Oo]rders`"),
        JSON(Corpus.Kind.JSON, "| json | status >= 500"),
        REGEXP(
                Corpus.Kind.ACCESS,
                "| regexp `\"(?P<method>\\w+) (?P<path>[^ ]+) [^\"]*\" (?P<status>\\d+)` | status = `500`"),
        FORMAT(
                Corpus.Kind.LOGFMT,
                "| logfmt | label_format where=`{{.service}}{{.path}}` | line_format `{{.where}} {{.duration}}`"),
        LOGFMT(Corpus.Kind.LOGFMT, "| logfmt | duration > 100ms"),
        UNPACK(Corpus.Kind.JSON, "| unpack | service = `cart`"),
        PATTERN(
                Corpus.Kind.ACCESS,
                "| pattern `<ip> - - [<_>] \"<method> <path> <_>\" <status> <size> <_>` | status = `500`");

        private final Corpus.Kind kind;
        private final String stages;

        Case(Corpus.Kind kind, String stages) {
            this.kind = kind;
            this.stages = stages;
        }
    }

    @Param
    public Case query = Case.SUBSTRING;

    private EntryBatch batch = Corpus.batch(Corpus.Kind.JSON, 1, 1);
    private LinePipeline pipeline = compile(Case.SUBSTRING, batch);

    @Setup
    public void setUp() {
        batch = Corpus.batch(query.kind, 1 << 20, 2);
        pipeline = compile(query, batch);
    }

    private static LinePipeline compile(Case c, EntryBatch b) {
        LogExpr expr = (LogExpr) Parser.parse("{app=~`.+`} " + c.stages);
        return Pipelines.compile(expr.stages()).forStream(b.labels());
    }

    @Benchmark
    public int run() {
        int kept = 0;
        for (int i = 0; i < batch.size(); i++) {
            if (pipeline.process(
                    batch.timestampNanos(i), batch.buffer(i), batch.offset(i), batch.length(i), batch.metadata(i))) {
                kept++;
            }
        }
        return kept;
    }
}
