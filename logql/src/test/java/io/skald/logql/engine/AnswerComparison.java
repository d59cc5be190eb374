/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import io.skald.core.model.Labels;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Compares an answer with a recorded one: series and streams by labels, values within 1e-9. Error details are not compared. */
final class AnswerComparison {
    private static final double TOLERANCE = 1e-9;
    private static final String DETAILS = "__error_details__";

    private AnswerComparison() {}

    static @Nullable String difference(Map<?, ?> expected, QueryResult.Data data, String mode) {
        String type = (String) expected.get("resultType");
        boolean categorized =
                expected.get("encodingFlags") instanceof List<?> flags && flags.contains("categorize-labels");
        List<?> result = (List<?>) Objects.requireNonNull(expected.get("result"));
        if (data instanceof QueryResult.Lines lines && "streams".equals(type)) {
            return lines(result, lines, categorized);
        }
        if (data instanceof QueryResult.Matrix matrix && "matrix".equals(type)) {
            return matrix(result, matrix);
        }
        if (data instanceof QueryResult.VectorData vector && "vector".equals(type)) {
            return vector(result, vector, mode.equals("vector_ordered"));
        }
        if (data instanceof QueryResult.Scalar scalar && "scalar".equals(type)) {
            String want = (String) result.get(1);
            return close(want, scalar.value()) ? null : "want " + want + " got " + scalar.value();
        }
        return "want " + type + " got " + data.getClass().getSimpleName();
    }

    private static Map<String, String> labels(@Nullable Object map) {
        TreeMap<String, String> m = new TreeMap<>();
        ((Map<?, ?>) Objects.requireNonNull(map))
                .forEach((k, v) -> m.put((String) k, k.equals(DETAILS) ? "" : (String) v));
        return m;
    }

    private static void put(Map<String, String> into, Labels labels) {
        for (int i = 0; i < labels.size(); i++) {
            into.put(labels.name(i), labels.name(i).equals(DETAILS) ? "" : labels.value(i));
        }
    }

    private static @Nullable String lines(List<?> result, QueryResult.Lines lines, boolean categorized) {
        TreeMap<String, List<String>> want = new TreeMap<>();
        for (Object o : result) {
            Map<?, ?> stream = (Map<?, ?>) o;
            for (Object v : (List<?>) Objects.requireNonNull(stream.get("values"))) {
                List<?> entry = (List<?>) v;
                String extra = "";
                if (entry.size() > 2 && entry.get(2) instanceof Map<?, ?> parts) {
                    extra = part(parts.get("structuredMetadata")) + part(parts.get("parsed"));
                } else if (categorized) {
                    extra = part(null) + part(null);
                }
                want.computeIfAbsent(labels(stream.get("stream")).toString(), missing -> new ArrayList<>())
                        .add(entry.get(0) + " " + entry.get(1) + extra);
            }
        }
        TreeMap<String, List<String>> got = new TreeMap<>();
        for (QueryResult.Line line : lines.lines()) {
            TreeMap<String, String> key = new TreeMap<>();
            put(key, line.stream());
            String extra = "";
            if (categorized) {
                TreeMap<String, String> metadata = new TreeMap<>();
                put(metadata, line.metadata());
                TreeMap<String, String> parsed = new TreeMap<>();
                put(parsed, line.parsed());
                extra = metadata.toString() + parsed;
            } else {
                put(key, line.metadata());
                put(key, line.parsed());
            }
            got.computeIfAbsent(key.toString(), missing -> new ArrayList<>())
                    .add(line.timestampNanos() + " " + line.line() + extra);
        }
        // streams that differ in the details of an error only have become one: their order is lost
        want.forEach((labels, entries) -> {
            if (labels.contains(DETAILS)) {
                entries.sort(null);
            }
        });
        got.forEach((labels, entries) -> {
            if (labels.contains(DETAILS)) {
                entries.sort(null);
            }
        });
        return mapDifference(want, got);
    }

    private static String part(@Nullable Object map) {
        return map == null ? "{}" : labels(map).toString();
    }

    private static @Nullable String mapDifference(Map<String, List<String>> want, Map<String, List<String>> got) {
        for (String k : want.keySet()) {
            if (!got.containsKey(k)) {
                return "missing " + k + " among " + got.keySet();
            }
        }
        for (String k : got.keySet()) {
            if (!want.containsKey(k)) {
                return "extra " + k + " beside " + want.keySet();
            }
        }
        for (Map.Entry<String, List<String>> e : want.entrySet()) {
            List<String> g = Objects.requireNonNull(got.get(e.getKey()));
            if (!g.equals(e.getValue())) {
                return e.getKey() + ": want " + e.getValue() + " got " + g;
            }
        }
        return null;
    }

    private static @Nullable String matrix(List<?> result, QueryResult.Matrix matrix) {
        TreeMap<String, List<?>> want = new TreeMap<>();
        for (Object o : result) {
            Map<?, ?> series = (Map<?, ?>) o;
            want.put(labels(series.get("metric")).toString(), (List<?>) Objects.requireNonNull(series.get("values")));
        }
        TreeMap<String, QueryResult.Series> got = new TreeMap<>();
        for (QueryResult.Series s : matrix.series()) {
            got.put(new TreeMap<>(s.labels().toMap()).toString(), s);
        }
        if (!want.keySet().equals(got.keySet())) {
            return "want series " + want.keySet() + " got " + got.keySet();
        }
        for (Map.Entry<String, List<?>> e : want.entrySet()) {
            QueryResult.Series s = Objects.requireNonNull(got.get(e.getKey()));
            if (s.values().length != e.getValue().size()) {
                return e.getKey() + ": want " + e.getValue() + " got " + s.values().length + " samples "
                        + java.util.Arrays.toString(s.values());
            }
            for (int i = 0; i < s.values().length; i++) {
                String d = sample((List<?>) e.getValue().get(i), s.timestampNanos()[i], s.values()[i]);
                if (d != null) {
                    return e.getKey() + "[" + i + "]: " + d;
                }
            }
        }
        return null;
    }

    private static @Nullable String vector(List<?> result, QueryResult.VectorData vector, boolean ordered) {
        List<String> order = new ArrayList<>();
        TreeMap<String, List<?>> want = new TreeMap<>();
        for (Object o : result) {
            Map<?, ?> series = (Map<?, ?>) o;
            String key = labels(series.get("metric")).toString();
            order.add(key);
            want.put(key, (List<?>) Objects.requireNonNull(series.get("value")));
        }
        List<String> got = new ArrayList<>();
        for (QueryResult.Sample s : vector.samples()) {
            got.add(new TreeMap<>(s.labels().toMap()).toString());
        }
        if (!ordered) {
            order.sort(null);
            got.sort(null);
        }
        if (!order.equals(got)) {
            return "want " + order + " got " + got;
        }
        for (QueryResult.Sample s : vector.samples()) {
            String key = new TreeMap<>(s.labels().toMap()).toString();
            String d = sample(Objects.requireNonNull(want.get(key)), s.timestampNanos(), s.value());
            if (d != null) {
                return key + ": " + d;
            }
        }
        return null;
    }

    private static @Nullable String sample(List<?> want, long timestampNanos, double value) {
        double seconds = (Double) Objects.requireNonNull(want.get(0));
        String text = (String) Objects.requireNonNull(want.get(1));
        return Math.abs(seconds - timestampNanos / 1e9) < 0.0005 && close(text, value)
                ? null
                : "want " + want + " got " + timestampNanos + " " + value;
    }

    private static boolean close(@Nullable String want, double got) {
        double w = switch (Objects.requireNonNull(want)) {
            case "+Inf" -> Double.POSITIVE_INFINITY;
            case "-Inf" -> Double.NEGATIVE_INFINITY;
            case "NaN" -> Double.NaN;
            default -> Double.parseDouble(want);
        };
        if (Double.isNaN(w) || Double.isNaN(got)) {
            return Double.isNaN(w) && Double.isNaN(got);
        }
        return w == got || Math.abs(w - got) <= TOLERANCE * Math.max(Math.abs(w), Math.abs(got));
    }
}
