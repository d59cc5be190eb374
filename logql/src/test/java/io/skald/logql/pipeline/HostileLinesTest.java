/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.skald.core.model.Labels;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.parser.Parser;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Lines of a megabyte that are made to be slow: each costs work and memory in proportion to its length, and no stack. Work is CPU time of this
 * thread against that for a 64th of the line, so that a busy machine does not matter: what grows with the square takes 64 times more than allowed for.
 */
class HostileLinesTest {
    private static final int LENGTH = 1 << 20;
    private static final int PART = 64;

    /** Below it a measurement is mostly noise. */
    private static final long LEAST_NANOS = 2_000_000;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private record Cost(long nanos, long bytes) {}

    @ParameterizedTest
    @CsvSource(
            delimiter = '@',
            value = {
                "| json@{\"a\":@",
                "| json@{\"a\":@}",
                "| json status=\"a.a.b\"@{\"a\":@",
                "| json status=\"a.a.b\"@{\"a\":@}",
                "| json x=\"a[0][0][0]\"@{\"a\":[[@",
                "| json@{\"a\":[@]}",
                "| json@[@]",
                "| json@{\"a\":{\"b\":1},@",
                "| json@{\"a\":\"\\\\@",
                "| logfmt@a=\"@",
                "| logfmt@a=b @",
                "| logfmt@a==\"@",
                "| pattern `<a> <_> \"<b>\" <c>`@x \"@",
                "| regexp `(?P<x>(a+)+)$`@ab@",
                "|~ `(a*)*c`@a@",
                "|~ `((a+)+)+$`@ab@",
                "|~ `(?i)((x*)*y)*z$`@xY@",
                "|~ `\\b(a*)*c\\b`@a @",
                "|~ `(a|a|ab)*[0-9]{3,40}x`@ab1@",
                "!~ `(.*a){12}$`@ab@",
                "| unpack@{\"a\":\"b\",@",
                "| unpack@{\"a\":@}",
            })
    void costInProportionToTheirLength(String stages, String open, @Nullable String close) {
        LinePipeline pipeline = Pipelines.compile(((LogExpr) Parser.parse("{app=\"x\"} " + stages)).stages())
                .forStream(Labels.of("app", "x"));
        String end = close == null ? "" : close;
        Cost part = cost(pipeline, line(open, end, LENGTH / PART), 12);
        Cost whole = cost(pipeline, line(open, end, LENGTH), 2);
        assertThat(whole.nanos)
                .as("CPU nanoseconds for a line of 1 MiB, %d for a 64th of it", part.nanos)
                .isLessThan(4 * PART * Math.max(part.nanos, LEAST_NANOS));
        assertThat(whole.bytes)
                .as("bytes allocated for a line of 1 MiB, %d for a 64th of it", part.bytes)
                .isLessThan(16L * LENGTH);
    }

    private static byte[] line(String open, String close, int length) {
        int times = length / (open.length() + close.length());
        return (open.repeat(times) + "1" + close.repeat(times)).getBytes(StandardCharsets.UTF_8);
    }

    /** The least of several times. */
    private static Cost cost(LinePipeline pipeline, byte[] line, int times) {
        Cost least = new Cost(Long.MAX_VALUE, Long.MAX_VALUE);
        for (int i = 0; i < times; i++) {
            long nanos = THREADS.getCurrentThreadCpuTime();
            long bytes = THREADS.getCurrentThreadAllocatedBytes();
            pipeline.process(1, line, 0, line.length, Labels.EMPTY);
            bytes = THREADS.getCurrentThreadAllocatedBytes() - bytes;
            nanos = THREADS.getCurrentThreadCpuTime() - nanos;
            least = new Cost(Math.min(least.nanos, nanos), Math.min(least.bytes, bytes));
        }
        return least;
    }
}
