/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.conformance;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiFunction;

/** Compares an answer with the recorded one, in the mode that the case names. Every method gives the first difference, or null. */
public final class Comparison {
    private static final double TOLERANCE = 1e-9;

    private final String mode;
    private final double tolerance;
    private final double slack;

    /** @param recorded a case, of which {@code compare}, {@code tolerance} and {@code slack} count */
    public Comparison(Map<String, Object> recorded) {
        this.mode = (String) recorded.get("compare");
        this.tolerance = (Double) recorded.getOrDefault("tolerance", TOLERANCE);
        this.slack = (Double) recorded.getOrDefault("slack", 0.0);
    }

    /** Compares the body of an answer with the recorded one. */
    public String difference(Object want, String body) {
        if (mode.equals("ignore")) {
            return null;
        } else if (mode.equals("text")) {
            return body.equals(want) ? null : "want " + shortened(want) + " got " + shortened(body);
        }
        Object got;
        try {
            got = body.isEmpty() ? null : JsonTree.parse(body);
        } catch (IOException e) {
            return "body is not JSON: " + shortened(body);
        }
        return switch (mode) {
            case "streams", "streams_ties", "matrix", "vector", "vector_ordered", "scalar" -> query(want, got);
            case "patterns" -> patterns(want, got);
            case "shape" -> shape(want, got);
            case "fields" -> fields(JsonTree.object(want), got);
            case "index_stats" -> indexStats(JsonTree.object(want), got);
            case "set" -> set(JsonTree.object(want), got);
            case "json" -> Objects.equals(want, got) ? null : "want " + shortened(want) + " got " + shortened(got);
            default -> throw new IllegalArgumentException("unknown mode " + mode);
        };
    }

    private String query(Object want, Object got) {
        if (!(got instanceof Map<?, ?> m) || !(m.get("data") instanceof Map<?, ?>)) {
            return "not a query answer: " + shortened(got);
        }
        Map<String, Object> w = JsonTree.object(want);
        for (String field : List.of("status", "warnings")) {
            if (!Objects.equals(orEmpty(w.get(field)), orEmpty(m.get(field)))) {
                return field + ": want " + w.get(field) + " got " + m.get(field);
            }
        }
        return data(JsonTree.object(w.get("data")), JsonTree.object(m.get("data")));
    }

    /** Compares the field {@code data} of the answer to a query: {@code resultType}, {@code encodingFlags}, {@code result}. */
    public String data(Map<String, Object> w, Map<String, Object> g) {
        for (String field : List.of("resultType", "encodingFlags")) {
            if (!Objects.equals(orEmpty(w.get(field)), orEmpty(g.get(field)))) {
                return field + ": want " + w.get(field) + " got " + g.get(field);
            }
        }
        if (!(g.get("result") instanceof List<?>)) {
            return "result is not a list";
        }
        List<Object> wr = JsonTree.list(w.get("result"));
        List<Object> gr = JsonTree.list(g.get("result"));
        return switch ((String) w.get("resultType")) {
            // the recorded times of scalars are not usable, only the value counts
            case "scalar" ->
                gr.size() == 2 && gr.get(1) instanceof String && close(wr.get(1), gr.get(1), tolerance, 0)
                        ? null
                        : "want " + wr.get(1) + " got " + gr;
            case "streams" -> {
                boolean ties = mode.equals("streams_ties");
                yield keyed(
                        group(loosen(wr), "stream", "values"),
                        group(loosen(gr), "stream", "values"),
                        (a, b) -> entries(ties ? ties(a) : a, ties ? ties(b) : b));
            }
            case "matrix" -> keyed(group(wr, "metric", "values"), group(gr, "metric", "values"), this::samples);
            default -> {
                List<Object> order =
                        wr.stream().map(r -> JsonTree.object(r).get("metric")).toList();
                List<Object> gotOrder =
                        gr.stream().map(r -> JsonTree.object(r).get("metric")).toList();
                yield mode.equals("vector_ordered") && !order.equals(gotOrder)
                        ? "order: want " + shortened(order) + " got " + shortened(gotOrder)
                        : keyed(group(wr, "metric", "value"), group(gr, "metric", "value"), this::samples);
            }
        };
    }

    private static Object orEmpty(Object v) {
        return v == null ? List.of() : v;
    }

    private static boolean close(Object a, Object b, double tolerance, double slack) {
        try {
            double x = number(a);
            double y = number(b);
            if (Double.isInfinite(x) || Double.isInfinite(y)) {
                return x == y;
            }
            return Double.isNaN(x) && Double.isNaN(y)
                    || x == y
                    || Math.abs(x - y) <= tolerance * Math.max(Math.abs(x), Math.abs(y)) + slack;
        } catch (NumberFormatException e) {
            return Objects.equals(a, b);
        }
    }

    private static double number(Object v) {
        return v instanceof Double d
                ? d
                : Double.parseDouble(
                        String.valueOf(v).replace("+Inf", "Infinity").replace("-Inf", "-Infinity"));
    }

    private static Map<String, List<Object>> group(List<Object> result, String name, String value) {
        Map<String, List<Object>> out = new TreeMap<>();
        for (Object r : result) {
            Map<String, Object> row = JsonTree.object(r);
            List<Object> into =
                    out.computeIfAbsent(JsonTree.write(row.getOrDefault(name, Map.of())), k -> new ArrayList<>());
            if (value.equals("values")) {
                into.addAll(JsonTree.list(row.get(value)));
            } else {
                into.add(row.get(value));
            }
        }
        return out;
    }

    private static String keyed(
            Map<String, List<Object>> want,
            Map<String, List<Object>> got,
            BiFunction<List<Object>, List<Object>, String> same) {
        for (String k : want.keySet()) {
            if (!got.containsKey(k)) {
                return "missing " + shortened(k);
            }
        }
        for (String k : got.keySet()) {
            if (!want.containsKey(k)) {
                return "extra " + shortened(k);
            }
        }
        for (Map.Entry<String, List<Object>> e : want.entrySet()) {
            String d = same.apply(e.getValue(), got.get(e.getKey()));
            if (d != null) {
                return shortened(e.getKey()) + ": " + d;
            }
        }
        return null;
    }

    private static String entries(List<Object> want, List<Object> got) {
        for (int i = 0; i < Math.min(want.size(), got.size()); i++) {
            if (!Objects.equals(want.get(i), got.get(i))) {
                return "entry " + i + ": want " + shortened(want.get(i)) + " got " + shortened(got.get(i));
            }
        }
        return want.size() == got.size() ? null : "want " + want.size() + " entries, got " + got.size();
    }

    /** Sorts only within runs of equal times. */
    private static List<Object> ties(List<Object> entries) {
        List<Object> out = new ArrayList<>(entries);
        int from = 0;
        for (int i = 1; i <= out.size(); i++) {
            if (i == out.size() || !time(out.get(i)).equals(time(out.get(from)))) {
                out.subList(from, i).sort(Comparator.comparing(JsonTree::write));
                from = i;
            }
        }
        return out;
    }

    private static Object time(Object entry) {
        return JsonTree.list(entry).getFirst();
    }

    private String samples(List<Object> want, List<Object> got) {
        for (int i = 0; i < Math.min(want.size(), got.size()); i++) {
            List<Object> w = JsonTree.list(want.get(i));
            List<Object> g = JsonTree.list(got.get(i));
            boolean same = g.getFirst() instanceof Double t
                    && Math.abs((Double) w.getFirst() - t) < 0.0005
                    && g.get(1) instanceof String
                    && close(w.get(1), g.get(1), tolerance, slack);
            if (!same) {
                return "sample " + i + ": want " + w + " got " + g;
            }
        }
        return want.size() == got.size() ? null : "want " + want.size() + " samples, got " + got.size();
    }

    /** Drops the texts of {@code __error_details__}, and merges the streams that differ only in them. */
    private static List<Object> loosen(List<Object> result) {
        Map<String, List<Map<String, Object>>> byKey = new LinkedHashMap<>();
        for (Object r : result) {
            Map<String, Object> labels =
                    new LinkedHashMap<>(JsonTree.object(JsonTree.object(r).get("stream")));
            labels.computeIfPresent("__error_details__", (k, v) -> "");
            List<Object> values = new ArrayList<>();
            for (Object e : JsonTree.list(JsonTree.object(r).get("values"))) {
                values.add(blank(JsonTree.list(e)));
            }
            byKey.computeIfAbsent(JsonTree.write(labels), k -> new ArrayList<>())
                    .add(Map.of("stream", labels, "values", values));
        }
        List<Object> out = new ArrayList<>();
        for (List<Map<String, Object>> rows : byKey.values()) {
            Object stream = rows.getFirst().get("stream");
            List<Object> values = new ArrayList<>();
            rows.forEach(r -> values.addAll(JsonTree.list(r.get("values"))));
            if (rows.size() > 1 || JsonTree.object(stream).containsKey("__error_details__")) {
                values.sort(Comparator.comparing((Object e) -> (String) time(e)).thenComparing(JsonTree::write));
            }
            out.add(Map.of("stream", stream, "values", values));
        }
        return out;
    }

    private static Object blank(List<Object> entry) {
        if (entry.size() < 3 || !(entry.get(2) instanceof Map<?, ?> m) || !(m.get("parsed") instanceof Map<?, ?> p)) {
            return entry;
        }
        if (!p.containsKey("__error_details__")) {
            return entry;
        }
        Map<String, Object> parsed = new LinkedHashMap<>(JsonTree.object(p));
        parsed.put("__error_details__", "");
        Map<String, Object> categories = new LinkedHashMap<>(JsonTree.object(m));
        categories.put("parsed", parsed);
        return List.of(entry.get(0), entry.get(1), categories);
    }

    private String patterns(Object want, Object got) {
        if (!(got instanceof Map<?, ?> m)
                || !(m.get("data") instanceof List<?>)
                || !"success".equals(m.get("status"))) {
            return "not a patterns answer: " + shortened(got);
        }
        List<Object> w = JsonTree.list(JsonTree.object(want).get("data"));
        List<Object> g = JsonTree.list(m.get("data"));
        if (w.isEmpty() != g.isEmpty()) {
            return "want " + w.size() + " patterns, got " + g.size();
        }
        for (Object row : g) {
            Map<String, Object> r = JsonTree.object(row);
            if (!(r.get("pattern") instanceof String)
                    || !r.keySet().containsAll(JsonTree.object(w.getFirst()).keySet())) {
                return "row shape: " + shortened(row);
            }
        }
        return close(covered(w), covered(g), tolerance, 0)
                ? null
                : "lines covered: want " + covered(w) + " got " + covered(g);
    }

    private static Double covered(List<Object> rows) {
        double n = 0;
        for (Object r : rows) {
            for (Object s : JsonTree.list(JsonTree.object(r).get("samples"))) {
                n += (Double) JsonTree.list(s).get(1);
            }
        }
        return n;
    }

    private static String shape(Object want, Object got) {
        Set<String> missing = new TreeSet<>();
        paths(want, "", missing);
        Set<String> there = new TreeSet<>();
        paths(got, "", there);
        missing.removeAll(there);
        return missing.isEmpty() ? null : "missing " + missing;
    }

    private static void paths(Object v, String path, Set<String> out) {
        if (v == null) {
            out.add(path + ":null");
            return;
        }
        switch (v) {
            case Map<?, ?> m -> {
                out.add(path + "{}");
                m.forEach((k, x) -> paths(x, path + "/" + k, out));
            }
            case List<?> l -> out.add(path + "[]");
            default -> out.add(path + ":" + v.getClass().getSimpleName());
        }
    }

    private String fields(Map<String, Object> want, Object got) {
        String name = want.containsKey("fields") ? "fields" : "detectedLabels";
        if (!want.containsKey(name)) {
            return want.equals(got) ? null : "want " + shortened(want) + " got " + shortened(got);
        }
        if (!(got instanceof Map<?, ?> m) || !(m.get(name) instanceof List<?>)) {
            return "no list '" + name + "'";
        }
        if (!Objects.equals(want.get("limit"), m.get("limit"))) {
            return "limit: want " + want.get("limit") + " got " + m.get("limit");
        }
        return keyed(byLabel(want.get(name)), byLabel(m.get(name)), (a, b) -> {
            Map<String, Object> w = JsonTree.object(a.getFirst());
            Map<String, Object> g = JsonTree.object(b.getFirst());
            for (String k : List.of("type", "parsers", "jsonPath")) {
                if (!Objects.equals(w.get(k), g.get(k))) {
                    return k + ": want " + w.get(k) + " got " + g.get(k);
                }
            }
            return close(w.get("cardinality"), g.get("cardinality"), tolerance, 0)
                    ? null
                    : "cardinality: want " + w.get("cardinality") + " got " + g.get("cardinality");
        });
    }

    private static Map<String, List<Object>> byLabel(Object rows) {
        Map<String, List<Object>> out = new TreeMap<>();
        for (Object r : JsonTree.list(rows)) {
            out.put((String) JsonTree.object(r).get("label"), List.of(r));
        }
        return out;
    }

    private String indexStats(Map<String, Object> want, Object got) {
        if (!(got instanceof Map<?, ?> m) || !Objects.equals(want.get("streams"), m.get("streams"))) {
            return "streams: want " + want.get("streams") + " got " + shortened(got);
        }
        boolean ok = close(want.get("entries"), m.get("entries"), tolerance, 0)
                && close(want.get("bytes"), m.get("bytes"), tolerance, slack);
        return ok ? null : "want " + want + " got " + got;
    }

    private static String set(Map<String, Object> want, Object got) {
        if (!(got instanceof Map<?, ?> m) || !want.keySet().equals(m.keySet())) {
            return "keys: want " + want.keySet() + " got " + shortened(got);
        }
        for (Map.Entry<String, Object> e : want.entrySet()) {
            if (!sorted(e.getValue()).equals(sorted(m.get(e.getKey())))) {
                return e.getKey() + ": want " + shortened(e.getValue()) + " got " + shortened(m.get(e.getKey()));
            }
        }
        return null;
    }

    private static Object sorted(Object v) {
        return v instanceof List<?> l ? l.stream().map(JsonTree::write).sorted().toList() : JsonTree.write(v);
    }

    public static String shortened(Object v) {
        String s = v instanceof String t ? t : JsonTree.write(v);
        return s.length() <= 300 ? s : s.substring(0, 300) + "…";
    }
}
