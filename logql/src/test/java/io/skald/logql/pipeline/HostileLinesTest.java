/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.model.Labels;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.parser.Parser;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lines of a megabyte that are made to be slow: each takes a parser time in proportion to its length, and no stack. */
class HostileLinesTest {
    private static final int LENGTH = 1 << 20;

    @ParameterizedTest
    @CsvSource(
            delimiter = '!',
            value = {
                "| json!{\"a\":",
                "| json status=\"a.a.b\"!{\"a\":",
                "| json!{\"a\":[",
                "| json![",
                "| json!{\"a\":\"\\\\",
                "| logfmt!a=\"",
                "| logfmt!a=b ",
                "| logfmt!a==\"",
                "| pattern `<a> <_> \"<b>\" <c>`!x \"",
                "| regexp `(?P<x>(a+)+)$`!ab",
                "|~ `(a*)*c`!a",
                "|~ `(a|a|ab)*[0-9]{3,40}x`!ab1",
                "| unpack!{\"a\":\"b\",",
            })
    void takeLinearTime(String stages, String unit) {
        LogExpr query = (LogExpr) Parser.parse("{app=\"x\"} " + stages);
        byte[] line = unit.repeat(LENGTH / unit.length()).getBytes(StandardCharsets.UTF_8);
        LinePipeline pipeline = Pipelines.compile(query.stages()).forStream(Labels.of("app", "x"));
        long begin = System.nanoTime();
        pipeline.process(1, line, 0, line.length, Labels.EMPTY);
        assertThat((System.nanoTime() - begin) / 1e9)
                .as("seconds for a line of 1 MiB")
                .isLessThan(5);
    }
}
