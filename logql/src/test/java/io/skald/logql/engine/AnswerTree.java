/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import io.skald.core.model.Labels;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An answer in the form in which recorded ones are written: the field {@code data} of the JSON. */
final class AnswerTree {
    private AnswerTree() {}

    /** @param encodingFlags as recorded: with {@code categorize-labels}, labels that are not the stream's stand beside the line */
    static Map<String, @Nullable Object> of(QueryResult.Data data, @Nullable Object encodingFlags) {
        boolean categorized = encodingFlags instanceof List<?> flags && flags.contains("categorize-labels");
        Map<String, @Nullable Object> tree = new HashMap<>();
        tree.put("encodingFlags", encodingFlags);
        switch (data) {
            case QueryResult.Lines lines -> {
                tree.put("resultType", "streams");
                tree.put("result", lines(lines, categorized));
            }
            case QueryResult.Matrix matrix -> {
                tree.put("resultType", "matrix");
                tree.put(
                        "result",
                        matrix.series().stream().map(AnswerTree::series).toList());
            }
            case QueryResult.VectorData vector -> {
                tree.put("resultType", "vector");
                tree.put(
                        "result",
                        vector.samples().stream()
                                .map(s -> Map.of(
                                        "metric", s.labels().toMap(), "value", sample(s.timestampNanos(), s.value())))
                                .toList());
            }
            case QueryResult.Scalar scalar -> {
                tree.put("resultType", "scalar");
                tree.put("result", sample(scalar.timestampNanos(), scalar.value()));
            }
        }
        return tree;
    }

    private static List<Object> lines(QueryResult.Lines lines, boolean categorized) {
        Map<Map<String, String>, List<Object>> streams = new LinkedHashMap<>();
        for (QueryResult.Line line : lines.lines()) {
            Map<String, String> labels = new HashMap<>(line.stream().toMap());
            List<Object> entry = new ArrayList<>(List.of(Long.toString(line.timestampNanos()), line.line()));
            if (categorized) {
                Map<String, Object> categories = new HashMap<>();
                put(categories, "structuredMetadata", line.metadata());
                put(categories, "parsed", line.parsed());
                entry.add(categories);
            } else {
                labels.putAll(line.metadata().toMap());
                labels.putAll(line.parsed().toMap());
            }
            streams.computeIfAbsent(labels, missing -> new ArrayList<>()).add(entry);
        }
        List<Object> rows = new ArrayList<>();
        streams.forEach((labels, values) -> rows.add(Map.of("stream", labels, "values", values)));
        return rows;
    }

    private static void put(Map<String, Object> categories, String name, Labels labels) {
        if (labels.size() > 0) {
            categories.put(name, labels.toMap());
        }
    }

    private static Map<String, Object> series(QueryResult.Series series) {
        List<Object> values = new ArrayList<>();
        for (int i = 0; i < series.values().length; i++) {
            values.add(sample(series.timestampNanos()[i], series.values()[i]));
        }
        return Map.of("metric", series.labels().toMap(), "values", values);
    }

    private static List<Object> sample(long timestampNanos, double value) {
        return List.of(timestampNanos / 1e9, Double.toString(value));
    }
}
