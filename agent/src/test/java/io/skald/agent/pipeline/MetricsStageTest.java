/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.client.exporter.common.TextFormat;
import io.skald.core.config.ConfigException;
import java.io.IOException;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MetricsStageTest {
    private static final String JSON = "- json: {expressions: {v: , s: }}\n";

    private static StageRun run(String metrics, String... lines) throws ConfigException {
        StageRun r = StageRun.of(JSON + "- metrics:\n" + metrics.indent(4));
        List.of(lines).forEach(r::line);
        assertThat(r.end()).as("all go on").hasSize(lines.length);
        return r;
    }

    /** The action, the values of lines one after the other, and the metric's. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Counter|inc|1 ~x~ ~~|3",
                "Counter|INC|1|1",
                "counter|add|2 2.5 ~3~|7.5",
                "Counter|add|5 -3 ~x~|5",
                "Gauge|set|2 7|7",
                "Gauge|inc|~a~ ~b~|2",
                "Gauge|dec|~a~ ~b~|-2",
                "Gauge|add|2 3|5",
                "Gauge|sub|2 3|-5",
                // numbers, times, truth; what is none of them does not count
                "Gauge|set|~0.804~|0.804",
                "Gauge|set|~0.5ms~|0.0005",
                "Gauge|set|~1h30m~|5400",
                "Gauge|set|~-1.5s~|-1.5",
                "Gauge|set|~3us~|0.000003",
                "Gauge|set|true|1",
                "Gauge|set|false|0",
                "Gauge|set|1e3|1000",
                "Gauge|set|4 ~5d~|4",
                "Gauge|set|4 ~5f~ ~NaN x~ ~1 s~|4",
            })
    void actions(String type, String action, String values, double expected) throws ConfigException {
        String[] lines = values.split(" (?=[-~0-9tf])");
        for (int i = 0; i < lines.length; i++) {
            lines[i] = "{\"v\":" + lines[i].replace('~', '"') + "}";
        }
        StageRun r = run("m: {type: " + type + ", source: v, config: {action: " + action + "}}", lines);
        assertThat(r.metric("promtail_custom_m", "a", "b")).isEqualTo(expected);
    }

    @Test
    void namesSourcesAndValues() throws ConfigException {
        StageRun r = run("""
                v: {type: Counter, config: {action: inc}}
                good: {type: Counter, prefix: my_, source: s, description: what it is, config: {action: inc, value: ok}}
                none: {type: Counter, source: missing, config: {action: inc}}""", "{\"v\":1,\"s\":\"ok\"}", "{\"v\":2,\"s\":\"bad\"}", "{}");
        assertThat(r.metric("promtail_custom_v", "a", "b")).isEqualTo(2.0);
        assertThat(r.metric("my_good", "a", "b")).isEqualTo(1.0);
        assertThat(r.metric("promtail_custom_none", "a", "b")).isNull();
    }

    @Test
    void countsAllLinesAndBytes() throws ConfigException {
        StageRun r = run("""
                lines_total: {type: Counter, config: {match_all: true, action: inc}}
                bytes_total: {type: Counter, config: {match_all: true, count_entry_bytes: true, action: add}}""", "é", "12345");
        assertThat(r.metric("promtail_custom_lines_total", "a", "b")).isEqualTo(2.0);
        assertThat(r.metric("promtail_custom_bytes_total", "a", "b")).isEqualTo(7.0);
    }

    @Test
    void histogram() throws ConfigException {
        StageRun r = run("""
                h: {type: Histogram, source: v, config: {buckets: [1, 0.5, 10]}}
                d: {type: Histogram, source: v}""", "{\"v\":0.5}", "{\"v\":\"3\"}", "{\"v\":\"200ms\"}", "{\"v\":99}");
        assertThat(r.metric("promtail_custom_h_bucket", "a", "b", "le", "0.5")).isEqualTo(2.0);
        assertThat(r.metric("promtail_custom_h_bucket", "a", "b", "le", "1.0")).isEqualTo(2.0);
        assertThat(r.metric("promtail_custom_h_bucket", "a", "b", "le", "10.0")).isEqualTo(3.0);
        assertThat(r.metric("promtail_custom_h_bucket", "a", "b", "le", "+Inf")).isEqualTo(4.0);
        assertThat(r.metric("promtail_custom_h_count", "a", "b")).isEqualTo(4.0);
        assertThat(r.metric("promtail_custom_h_sum", "a", "b")).isEqualTo(102.7);
        assertThat(r.metric("promtail_custom_d_bucket", "a", "b", "le", "0.25")).isEqualTo(1.0);
    }

    @Test
    void seriesHaveTheLabelsOfTheirPlace() throws ConfigException {
        StageRun r = run("n: {type: Counter, source: v, config: {action: inc}}", "{\"v\":1}");
        assertThat(r.metric("promtail_custom_n", "a", "b")).isEqualTo(1.0);
        StageRun later = StageRun.of(JSON + "- labels: {s: }\n- labeldrop: [a]\n"
                + "- metrics: {n: {type: Counter, source: v, config: {action: inc}}}");
        later.line("{\"v\":1,\"s\":\"x\"}");
        assertThat(later.metric("promtail_custom_n", "s", "x")).isEqualTo(1.0);
    }

    /** Two stages with one metric, of two jobs for instance, are one family on the page, or nobody could read it. */
    @Test
    void stagesShareAMetric() throws ConfigException, IOException {
        StageRun r = run("""
                n_total: {type: Counter, config: {match_all: true, action: inc}}""", "x");
        StageRun two = StageRun.of("""
                - metrics: {n_total: {type: Counter, config: {match_all: true, action: inc}}}
                - metrics: {n_total: {type: Counter, config: {match_all: true, action: inc}}}""");
        two.line("x");
        assertThat(r.metric("promtail_custom_n_total", "a", "b")).isEqualTo(1.0);
        assertThat(two.metric("promtail_custom_n_total", "a", "b")).isEqualTo(2.0);
        StringWriter page = new StringWriter();
        TextFormat.write004(page, two.registry().metricFamilySamples());
        assertThat(page.toString()).containsOnlyOnce("# TYPE promtail_custom_n_total counter");
    }

    @Test
    void idleSeriesGo() throws ConfigException, InterruptedException {
        StageRun r = run("n: {type: Counter, max_idle_duration: 1s, config: {match_all: true, action: inc}}", "x");
        assertThat(r.metric("promtail_custom_n", "a", "b")).isEqualTo(1.0);
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (r.metric("promtail_custom_n", "a", "b") != null) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.sleep(50);
        }
    }
}
