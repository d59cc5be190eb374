/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.logql.ast.LabelFilter;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.ast.Position;
import io.skald.logql.ast.SampleExpr;
import io.skald.logql.ast.Stage;
import io.skald.logql.parser.Parser;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Pipelines of hand-made stages. */
class PipelineTest {
    private static final Position P = Position.START;
    private static final Labels STREAM = Labels.of("app", "web", "pod", "web-1");

    private static LinePipeline run(String line, Labels metadata, Stage... stages) {
        LinePipeline p = Pipelines.compile(List.of(stages)).forStream(STREAM);
        byte[] b = ("xx" + line + "yy").getBytes(StandardCharsets.UTF_8);
        assertThat(p.process(1, b, 2, b.length - 4, metadata)).as(line).isTrue();
        return p;
    }

    private static boolean drops(String line, Stage... stages) {
        byte[] b = ("xx" + line + "yy").getBytes(StandardCharsets.UTF_8);
        return !Pipelines.compile(List.of(stages)).forStream(STREAM).process(1, b, 2, b.length - 4, Labels.EMPTY);
    }

    private static Stage contains(String text) {
        return new Stage.LineFilter(Stage.LineOp.CONTAINS, List.of(new Stage.LineFilter.Term(text, false)), P);
    }

    private static Stage json() {
        return new Stage.JsonParser(List.of(), P);
    }

    private static Stage logfmt() {
        return new Stage.LogfmtParser(false, false, List.of(), P);
    }

    @Test
    void unchangedLabelsAreTheSameInstance() {
        LinePipeline p = run("hello world", Labels.EMPTY, contains("lo w"));
        assertThat(p.labels()).isSameAs(STREAM);
        assertThat(p.line()).isEqualTo("hello world");
        assertThat(drops("hello", contains("yy"))).isTrue();
    }

    @Test
    void jsonFlattensSanitizesAndRenamesConflicts() {
        LinePipeline p = run(
                "{\"a\":{\"b\":1,\"c d\":\"x\\n\"},\"app\":\"in\",\"arr\":[1],\"nul\":null,\"9l\":\"n\",\"e\":\"\"}",
                Labels.of("user", "m"),
                json());
        assertThat(p.labels().toString())
                .isEqualTo("{_9l=\"n\", a_b=\"1\", a_c_d=\"x\\n\", app=\"web\", app_extracted=\"in\", e=\"\","
                        + " pod=\"web-1\", user=\"m\"}");
    }

    @Test
    void metadataNamedLikeAStreamLabelIsRenamed() {
        LinePipeline p = run("x", Labels.of("app", "m", "t", "1"));
        assertThat(p.labels().toString()).isEqualTo("{app=\"web\", app_extracted=\"m\", pod=\"web-1\", t=\"1\"}");
        assertThat(p.metadataLabels().toString()).isEqualTo("{app_extracted=\"m\", t=\"1\"}");
        assertThat(p.parsedLabels()).isEqualTo(Labels.EMPTY);
    }

    @Test
    void badJsonIsAnErrorAndKeepsTheLine() {
        LinePipeline p = run("{\"msg\":\"cut, \"oops\": 1", Labels.EMPTY, json());
        assertThat(p.error()).isEqualTo("JSONParserErr");
        assertThat(p.label("msg")).isEqualTo("cut, ");
    }

    @Test
    void conversionErrorsKeepTheLine() {
        Stage filter = new Stage.LabelFilterStage(
                new LabelFilter.DurationFilter("took", LabelFilter.Comparison.GREATER, 1_000_000_000, "1s"), P);
        assertThat(drops("took=1.5s", logfmt(), filter)).isFalse();
        assertThat(drops("took=10ms", logfmt(), filter)).isTrue();
        assertThat(drops("other=10ms", logfmt(), filter)).isTrue();
        LinePipeline bad = run("took=1d", Labels.EMPTY, logfmt(), filter);
        assertThat(bad.error()).isEqualTo("LabelFilterErr");
        assertThat(bad.errorDetails()).isEqualTo("time: unknown unit \"d\" in duration \"1d\"");
    }

    @Test
    void aSumOfCountsNeedsNoParser() {
        LogExpr log = new LogExpr(List.of(new Matcher("app", Matcher.Op.EQUAL, "web")), List.of(json()), P);
        SampleExpr.RangeAggregation range = new SampleExpr.RangeAggregation(
                SampleExpr.RangeOp.COUNT_OVER_TIME, null, new SampleExpr.LogRange(log, null, 1, 0, P), null, P);
        SampleExpr.VectorAggregation sum =
                new SampleExpr.VectorAggregation(SampleExpr.VectorOp.SUM, null, range, null, P);
        CompiledRange compiled = Pipelines.compileRange(range, Pipelines.innerGrouping(sum), null);
        assertThat(compiled.columns().lines()).isFalse();
        SamplePipeline p = compiled.forStream(STREAM);
        byte[] b = "no json".getBytes(StandardCharsets.UTF_8);
        assertThat(p.process(1, b, 0, b.length, Labels.EMPTY)).isTrue();
        assertThat(p.value()).isEqualTo(1);
        assertThat(p.seriesLabels()).isSameAs(Labels.EMPTY);

        SamplePipeline alone = Pipelines.compileRange(range).forStream(STREAM);
        assertThat(alone.process(1, b, 0, b.length, Labels.EMPTY)).isTrue();
        assertThat(alone.seriesLabels().get("__error__")).isEqualTo("JSONParserErr");
    }

    /** Reading the labels of a series makes text of bytes; the next line of the same series must not become another one for it. */
    @Test
    void aSeriesKeepsItsNumberWhenItsLabelsWereRead() {
        SampleExpr.VectorAggregation sum = (SampleExpr.VectorAggregation)
                Parser.parse("sum by (path) (count_over_time({app=\"web\"} | pattern `<_> <path> <_>` [1m]))");
        SampleExpr.RangeAggregation range = (SampleExpr.RangeAggregation) sum.inner();
        SamplePipeline p = Pipelines.compileRange(range, Pipelines.innerGrouping(sum), null)
                .forStream(STREAM);
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 5; i++) {
                byte[] line = ("GET /" + i + " HTTP").getBytes(StandardCharsets.UTF_8);
                assertThat(p.process(1, line, 0, line.length, Labels.EMPTY)).isTrue();
                assertThat(p.seriesNumber()).isEqualTo(i);
                assertThat(p.seriesLabels()).isEqualTo(Labels.of("path", "/" + i));
                assertThat(p.seriesNumber()).isEqualTo(i);
            }
        }
    }
}
