/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.model.Labels;
import io.skald.core.scan.ScanStats;
import io.skald.logql.engine.QueryResult;
import io.skald.logql.engine.QueryResult.Line;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QueryJsonTest {
    private static String json(QueryResult.Data data, boolean categorize, String... warnings) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        QueryJson.write(
                new QueryResult(data, new ScanStats(), List.of(warnings)),
                categorize,
                new QueryJson.Times(1_000_000, 0),
                null,
                out);
        return out.toString(UTF_8).replaceFirst(",\"stats\":\\{\"summary.*\\}\\}\\}(?=\\}[,}])", "");
    }

    @Test
    void linesAreGroupedByAllLabelsOrByStream() throws IOException {
        Labels stream = Labels.of("app", "a");
        List<Line> lines = List.of(
                new Line(3, "x", stream, Labels.of("level", "info"), Labels.of("n", "1")),
                new Line(2, "y\n\"", stream, Labels.EMPTY, Labels.EMPTY),
                new Line(1, "z", stream, Labels.of("level", "info"), Labels.of("n", "1")));
        assertThat(json(new QueryResult.Lines(lines), false))
                .isEqualTo("{\"status\":\"success\",\"data\":{\"resultType\":\"streams\",\"result\":["
                        + "{\"stream\":{\"app\":\"a\",\"level\":\"info\",\"n\":\"1\"},\"values\":[[\"3\",\"x\"],[\"1\",\"z\"]]},"
                        + "{\"stream\":{\"app\":\"a\"},\"values\":[[\"2\",\"y\\n\\\"\"]]}]}}");
        assertThat(json(new QueryResult.Lines(lines.subList(0, 2)), true, "careful"))
                .isEqualTo("{\"status\":\"success\",\"data\":{\"resultType\":\"streams\","
                        + "\"encodingFlags\":[\"categorize-labels\"],\"result\":[{\"stream\":{\"app\":\"a\"},\"values\":["
                        + "[\"3\",\"x\",{\"structuredMetadata\":{\"level\":\"info\"},\"parsed\":{\"n\":\"1\"}}],"
                        + "[\"2\",\"y\\n\\\"\",{}]]}]},\"warnings\":[\"careful\"]}");
    }

    @Test
    void samples() throws IOException {
        QueryResult.Series s = new QueryResult.Series(
                Labels.of("a", "b"), new long[] {1_772_326_800_500_000_000L}, new double[] {0.1});
        assertThat(json(new QueryResult.Matrix(List.of(s)), true))
                .isEqualTo("{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":["
                        + "{\"metric\":{\"a\":\"b\"},\"values\":[[1772326800.5,\"0.1\"]]}]}}");
        QueryResult.Sample v = new QueryResult.Sample(Labels.EMPTY, 10_000_000_000L, 1);
        assertThat(json(new QueryResult.VectorData(List.of(v)), false))
                .isEqualTo("{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":["
                        + "{\"metric\":{},\"value\":[10,\"1\"]}]}}");
        assertThat(json(new QueryResult.Scalar(0, 2.5), false))
                .isEqualTo("{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[0,\"2.5\"]}}");
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1",
        "-0.0, -0",
        "NaN, NaN",
        "Infinity, +Inf",
        "-Infinity, -Inf",
        "1e21, 1000000000000000000000",
        "1e-7, 0.0000001",
        "0.1, 0.1",
        "2.2295512000000004, 2.2295512000000004",
        "123456789.5, 123456789.5"
    })
    void numbers(double value, String text) {
        assertThat(QueryJson.number(value)).isEqualTo(text);
    }
}
