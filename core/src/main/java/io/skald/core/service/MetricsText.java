/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.service;

import io.prometheus.client.Collector;
import io.prometheus.client.Collector.MetricFamilySamples;
import io.prometheus.client.CollectorRegistry;
import java.io.IOException;
import java.io.Writer;
import java.util.Collections;
import java.util.List;

/**
 * Prometheus' text format 0.0.4. The client library's own writer adds a {@code _created} gauge to every counter, which doubles the series
 * and tells nobody anything; hence this one.
 */
final class MetricsText {
    static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private MetricsText() {}

    static void write(CollectorRegistry registry, Writer out) throws IOException {
        for (MetricFamilySamples family : Collections.list(registry.metricFamilySamples())) {
            String name = family.type == Collector.Type.COUNTER ? family.name + "_total" : family.name;
            out.write("# HELP " + name + ' ' + escape(family.help, false) + '\n');
            out.write("# TYPE " + name + ' ' + type(family.type) + '\n');
            for (MetricFamilySamples.Sample s : family.samples) {
                if (!s.name.endsWith("_created")) {
                    out.write(s.name);
                    labels(s.labelNames, s.labelValues, out);
                    out.write(' ' + Collector.doubleToGoString(s.value) + '\n');
                }
            }
        }
    }

    private static String type(Collector.Type type) {
        return switch (type) {
            case COUNTER -> "counter";
            case GAUGE, INFO, STATE_SET -> "gauge";
            case SUMMARY -> "summary";
            case HISTOGRAM, GAUGE_HISTOGRAM -> "histogram";
            case UNKNOWN -> "untyped";
        };
    }

    private static void labels(List<String> names, List<String> values, Writer out) throws IOException {
        if (names.isEmpty()) {
            return;
        }
        StringBuilder sb = new StringBuilder("{");
        for (int i = 0; i < names.size(); i++) {
            sb.append(i == 0 ? "" : ",")
                    .append(names.get(i))
                    .append("=\"")
                    .append(escape(values.get(i), true))
                    .append('"');
        }
        out.write(sb.append('}').toString());
    }

    private static String escape(String s, boolean quotes) {
        String e = s.replace("\\", "\\\\").replace("\n", "\\n");
        return quotes ? e.replace("\"", "\\\"") : e;
    }
}
