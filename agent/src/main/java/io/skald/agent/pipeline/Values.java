/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What stages extract: text, numbers, booleans, and JSON as it is written. */
final class Values {
    private static final JsonFactory JSON = new JsonFactory();

    /** More digits than this before or behind the point are written with an exponent. */
    private static final int MAX_SCALE = 400;

    private static final String DIGITS = "([0-9]+\\.?[0-9]*|\\.[0-9]+)";
    private static final Pattern NUMBER = Pattern.compile("[+-]?" + DIGITS + "(?:[eE][+-]?[0-9]+)?");
    private static final Pattern PART = Pattern.compile(DIGITS + "(h|m|s|ms|us|µs|ns)(?![a-z])");
    private static final Pattern DURATION = Pattern.compile("[+-]?(?:" + PART + ")+");

    private Values() {}

    /** A value as text; null if there is none. */
    static @Nullable String text(@Nullable Object v) {
        return switch (v) {
            case null -> null;
            case String s -> s;
            case BigDecimal d -> plain(d);
            case Double d ->
                d == Math.rint(d) && Math.abs(d) < 1e15 ? Long.toString(d.longValue()) : Double.toString(d);
            default -> v.toString();
        };
    }

    /** A number without an exponent, unless it would be of a length that nobody has written. */
    private static String plain(BigDecimal d) {
        return Math.abs((long) d.scale()) > MAX_SCALE
                ? d.toString()
                : d.stripTrailingZeros().toPlainString();
    }

    /** A value as a number, a duration as its seconds; null if it is neither. */
    static @Nullable Double number(@Nullable Object v) {
        if (v instanceof Number n) {
            return n.doubleValue();
        }
        if (v instanceof Boolean b) {
            return b ? 1.0 : 0.0;
        }
        String s = text(v);
        if (s == null || s.isEmpty()) {
            return null;
        }
        if (NUMBER.matcher(s).matches()) {
            return Double.valueOf(s);
        }
        return DURATION.matcher(s).matches() ? seconds(s) : null;
    }

    private static double seconds(String s) {
        double seconds = 0;
        for (Matcher m = PART.matcher(s); m.find(); ) {
            double unit = switch (m.group(2)) {
                case "h" -> 3600;
                case "m" -> 60;
                case "s" -> 1;
                case "ms" -> 1e-3;
                case "ns" -> 1e-9;
                default -> 1e-6;
            };
            seconds += Double.parseDouble(m.group(1)) * unit;
        }
        return s.startsWith("-") ? -seconds : seconds;
    }

    /** Reads JSON: maps, lists, strings, {@link BigDecimal}, booleans, null. */
    static @Nullable Object parseJson(String text) throws IOException {
        try (JsonParser p = JSON.createParser(text)) {
            if (p.nextToken() == null) {
                throw new IOException("empty");
            }
            Object v = value(p);
            if (p.nextToken() != null) {
                throw new IOException("more than one value");
            }
            return v;
        }
    }

    private static @Nullable Object value(JsonParser p) throws IOException {
        JsonToken t = p.currentToken();
        return switch (t) {
            case START_OBJECT -> {
                Map<String, @Nullable Object> map = new LinkedHashMap<>();
                while (p.nextToken() == JsonToken.FIELD_NAME) {
                    String name = p.currentName();
                    p.nextToken();
                    map.put(name, value(p));
                }
                yield map;
            }
            case START_ARRAY -> {
                List<@Nullable Object> list = new ArrayList<>();
                while (p.nextToken() != JsonToken.END_ARRAY) {
                    list.add(value(p));
                }
                yield list;
            }
            case VALUE_STRING -> p.getText();
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> p.getDecimalValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            default -> throw new IOException("unexpected " + t);
        };
    }

    /** Writes what {@link #parseJson} gives, keys of objects sorted. */
    static String writeJson(@Nullable Object v) {
        StringWriter out = new StringWriter();
        try (JsonGenerator g = JSON.createGenerator(out)) {
            write(g, v);
        } catch (IOException e) {
            throw new IllegalStateException("a string writer failed", e);
        }
        return out.toString();
    }

    private static void write(JsonGenerator g, @Nullable Object v) throws IOException {
        switch (v) {
            case null -> g.writeNull();
            case Map<?, ?> m -> {
                g.writeStartObject();
                Map<String, Object> sorted = new java.util.TreeMap<>();
                m.forEach((k, x) -> sorted.put(String.valueOf(k), x));
                for (Map.Entry<String, Object> e : sorted.entrySet()) {
                    g.writeFieldName(e.getKey());
                    write(g, e.getValue());
                }
                g.writeEndObject();
            }
            case List<?> l -> {
                g.writeStartArray();
                for (Object x : l) {
                    write(g, x);
                }
                g.writeEndArray();
            }
            case Boolean b -> g.writeBoolean(b);
            case BigDecimal d -> g.writeNumber(plain(d));
            default -> g.writeString(v.toString());
        }
    }
}
