/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.skald.core.config.Durations;
import io.skald.core.model.Regexp;
import io.skald.logql.pipeline.template.TemplateFunctions;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The functions of Prometheus' templates that are not in every template. Thread-safe if the query is. */
final class PrometheusFunctions implements TemplateFunctions {
    private static final Set<String> NAMES = Set.of(
            "query",
            "first",
            "value",
            "label",
            "strvalue",
            "sortByLabel",
            "args",
            "safeHtml",
            "title",
            "toUpper",
            "toLower",
            "match",
            "reReplaceAll",
            "graphLink",
            "tableLink",
            "externalURL",
            "pathPrefix",
            "parseDuration",
            "stripPort",
            "stripDomain",
            "humanize",
            "humanize1024",
            "humanizeDuration",
            "humanizePercentage",
            "humanizeTimestamp");

    /** Runs the query of a template. */
    interface Query {
        /** Samples as maps with {@code Labels} and {@code Value}. */
        List<Object> run(String text);
    }

    private final Query query;
    private final String externalUrl;

    PrometheusFunctions(Query query, String externalUrl) {
        this.query = query;
        this.externalUrl = externalUrl;
    }

    @Override
    public boolean has(String name) {
        return NAMES.contains(name);
    }

    @Override
    public @Nullable Object call(String name, List<@Nullable Object> args) {
        return switch (name) {
            case "query" -> query.run(text(args, 0));
            case "first" -> first(list(args));
            case "value" -> sample(args, 0).get("Value");
            case "label" -> labels(sample(args, 1)).getOrDefault(text(args, 0), "");
            case "strvalue" -> labels(sample(args, 0)).getOrDefault("__value__", "");
            case "sortByLabel" -> sorted(text(args, 0), args);
            case "args" -> arguments(args);
            case "safeHtml" -> text(args, 0);
            case "title" -> title(text(args, 0));
            case "toUpper" -> text(args, 0).toUpperCase(Locale.ROOT);
            case "toLower" -> text(args, 0).toLowerCase(Locale.ROOT);
            case "match" -> regexp(text(args, 0)).matcher(text(args, 1)).find();
            case "reReplaceAll" -> regexp(text(args, 0)).matcher(text(args, 2)).replaceAll(text(args, 1));
            case "graphLink" -> link(text(args, 0), 0);
            case "tableLink" -> link(text(args, 0), 1);
            case "externalURL" -> externalUrl;
            case "pathPrefix" -> path();
            case "parseDuration" -> Durations.parse(text(args, 0)).toNanos() / 1e9;
            case "stripPort" -> stripPort(text(args, 0));
            case "stripDomain" -> stripDomain(text(args, 0));
            case "humanize" -> Humanize.decimal(number(args));
            case "humanize1024" -> Humanize.binary(number(args));
            case "humanizeDuration" -> Humanize.duration(number(args));
            case "humanizePercentage" -> Humanize.percentage(number(args));
            case "humanizeTimestamp" -> Humanize.timestamp(number(args));
            default -> throw new IllegalArgumentException("function \"" + name + "\" not defined");
        };
    }

    private static String text(List<@Nullable Object> args, int i) {
        if (i >= args.size()) {
            throw new IllegalArgumentException(
                    "wrong number of args: want at least " + (i + 1) + " got " + args.size());
        }
        if (args.get(i) instanceof String s) {
            return s;
        }
        throw new IllegalArgumentException("wrong type for argument " + (i + 1) + ": text is expected");
    }

    private static double number(List<@Nullable Object> args) {
        Object v = args.isEmpty() ? null : args.getLast();
        if (v instanceof Number n) {
            return n.doubleValue();
        }
        if (v instanceof String s) {
            try {
                return Double.parseDouble(s);
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException("strconv.ParseFloat: parsing \"" + s + "\": invalid syntax", e);
            }
        }
        throw new IllegalArgumentException("can't convert " + v + " to float");
    }

    private static List<?> list(List<@Nullable Object> args) {
        if (!args.isEmpty() && args.getLast() instanceof List<?> l) {
            return l;
        }
        throw new IllegalArgumentException("the result of a query is expected");
    }

    private static Object first(List<?> samples) {
        Object first = samples.isEmpty() ? null : samples.getFirst();
        if (first == null) {
            throw new IllegalArgumentException("first() called on vector with no elements");
        }
        return first;
    }

    private static Map<?, ?> sample(List<@Nullable Object> args, int i) {
        if (i < args.size() && args.get(i) instanceof Map<?, ?> m && m.containsKey("Value")) {
            return m;
        }
        throw new IllegalArgumentException("a sample of a query's result is expected");
    }

    private static Map<String, String> labels(Map<?, ?> sample) {
        Map<String, String> out = new TreeMap<>();
        if (sample.get("Labels") instanceof Map<?, ?> m) {
            m.forEach((k, v) -> out.put(String.valueOf(k), String.valueOf(v)));
        }
        return out;
    }

    private static List<Object> sorted(String label, List<@Nullable Object> args) {
        List<Object> all = new ArrayList<>(list(args));
        all.sort(Comparator.comparing(s -> labels((Map<?, ?>) s).getOrDefault(label, "")));
        return all;
    }

    private static Map<String, Object> arguments(List<@Nullable Object> args) {
        Map<String, Object> out = new TreeMap<>();
        for (int i = 0; i < args.size(); i++) {
            Object v = args.get(i);
            out.put("arg" + i, v == null ? "" : v);
        }
        return out;
    }

    private static String title(String s) {
        StringBuilder b = new StringBuilder(s);
        for (int i = 0; i < b.length(); i++) {
            if (i == 0 || Character.isWhitespace(b.charAt(i - 1))) {
                b.setCharAt(i, Character.toUpperCase(b.charAt(i)));
            }
        }
        return b.toString();
    }

    private static Pattern regexp(String s) {
        try {
            return Regexp.compile(s);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    private static String link(String expr, int tab) {
        return "/graph?g0.expr=" + URLEncoder.encode(expr, StandardCharsets.UTF_8) + "&g0.tab=" + tab;
    }

    private String path() {
        String p = URI.create(externalUrl).getPath();
        return p == null ? "" : p;
    }

    private static String stripPort(String s) {
        int colon = s.lastIndexOf(':');
        if (colon < 0 || s.startsWith("[") && s.endsWith("]") || s.indexOf(':') != colon && !s.startsWith("[")) {
            return s;
        }
        String host = s.substring(0, colon);
        return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
    }

    private static String stripDomain(String s) {
        String host = stripPort(s);
        if (host.matches("[0-9.]+") || host.indexOf(':') >= 0) {
            return s;
        }
        int dot = host.indexOf('.');
        return dot < 0 ? s : host.substring(0, dot) + s.substring(host.length());
    }
}
