/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.bench;

import io.skald.core.config.Limits;
import io.skald.core.model.StoreException;
import io.skald.core.scan.Direction;
import io.skald.logql.engine.Engine;
import io.skald.logql.engine.QueryRequest;
import io.skald.logql.engine.QueryResult;
import io.skald.logql.parser.Parser;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A whole query by one thread over 8 MiB of lines in a segment in memory, decompression included. Divide 8,388,608 bytes by the time for bytes
 * per second; where a query is about one stream, 2,097,152.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class QueryBench {
    /** What is asked. */
    public enum Case {
        /** A text too short for any skip filter, which is not there: every block is searched. */
        ABSENT("{app=~`.+`} |= `~^`"),
        /** A text that the skip filters rule out. */
        PRUNED("{app=~`.+`} |= `5eed0ddba11c0ffee`"),
        REGEX("{app=~`.+`} |~ `payment.*(timed out|refused)`"),
        LAST_LINES("{app=~`.+`}"),
        /** From counters alone. */
        COUNTERS("sum by (kind) (count_over_time({app=~`.+`}[1m]))"),
        /** A window that is no whole number of minutes, so that times are read. */
        TIMES("sum by (kind) (count_over_time({app=~`.+`}[7s]))"),
        JSON_COUNT("sum by (service) (count_over_time({kind=`JSON`} | json | status >= 500 [1m]))"),
        UNWRAP("quantile_over_time(0.99, {kind=`JSON`} | json | unwrap latency_ms [1m]) by (service)"),
        TOPK("topk(3, sum by (path) (count_over_time({kind=`LOGFMT`} | logfmt path [1m])))");

        private final String query;

        Case(String query) {
            this.query = query;
        }
    }

    @Param
    public Case query = Case.ABSENT;

    private final OneSegment source = new OneSegment();
    private final ExecutorService pool = Executors.newSingleThreadExecutor();
    private final Engine engine = new Engine(pool);
    private QueryRequest request = request(Case.ABSENT);

    @Setup
    public void setUp() {
        request = request(query);
    }

    private QueryRequest request(Case c) {
        return new QueryRequest(
                Parser.parse(c.query),
                source.startNanos(),
                source.endNanos(),
                c.query.startsWith("{") ? 0 : Duration.ofMinutes(1).toNanos(),
                Direction.BACKWARD,
                1000);
    }

    @TearDown
    public void end() {
        pool.shutdown();
    }

    @Benchmark
    public QueryResult run() throws StoreException, InterruptedException {
        return engine.run(request, source, Limits.DEFAULTS, () -> false);
    }
}
