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
import org.jspecify.annotations.Nullable;

/** What stages extract: text, numbers, booleans, and JSON as it is written. */
final class Values {
    private static final JsonFactory JSON = new JsonFactory();

    private Values() {}

    /** A value as text; null if there is none. */
    static @Nullable String text(@Nullable Object v) {
        return switch (v) {
            case null -> null;
            case String s -> s;
            case BigDecimal d -> d.stripTrailingZeros().toPlainString();
            case Double d ->
                d == Math.rint(d) && Math.abs(d) < 1e15 ? Long.toString(d.longValue()) : Double.toString(d);
            default -> v.toString();
        };
    }

    /** A value as a number; null if it is none. */
    static @Nullable Double number(@Nullable Object v) {
        if (v instanceof Number n) {
            return n.doubleValue();
        }
        if (v instanceof Boolean b) {
            return b ? 1.0 : 0.0;
        }
        String s = text(v);
        if (s == null) {
            return null;
        }
        try {
            return Double.valueOf(s.strip());
        } catch (NumberFormatException e) {
            return null;
        }
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
            case BigDecimal d -> g.writeNumber(d.stripTrailingZeros().toPlainString());
            default -> g.writeString(v.toString());
        }
    }
}
