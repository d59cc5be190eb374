/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import io.skald.core.model.Labels;
import io.skald.logql.engine.QueryResult.Line;
import io.skald.logql.pipeline.LineFields;
import io.skald.logql.pipeline.ValueType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a sample of lines has for fields: structured metadata, what the query parsed, and what the lines hold as JSON or logfmt. Streams
 * are looked at in the order of their labels, the lines of each in theirs. Confined to one thread.
 */
final class DetectedFields {
    /** One field: its values, and the type of the last that was seen. */
    static final class Field {
        private final Set<String> values = new LinkedHashSet<>();
        private final Set<String> parsers = new LinkedHashSet<>();
        private ValueType type = ValueType.STRING;
        private List<String> jsonPath = List.of();

        int cardinality() {
            return values.size();
        }

        /** Those that found it; none for structured metadata. */
        Collection<String> parsers() {
            return parsers;
        }

        ValueType type() {
            return type;
        }

        /** The keys that lead to it in a JSON line; empty without. */
        List<String> jsonPath() {
            return jsonPath;
        }
    }

    private final Map<Labels, LineFields> lineFields = new TreeMap<>();

    private DetectedFields() {}

    /** Takes the fields of one line. */
    private interface Sink {
        /** @param parsed what the line was read as, or null for structured metadata */
        void field(String name, String value, LineFields.@Nullable Parsed parsed);
    }

    /**
     * The fields of lines by name.
     *
     * @param limit most fields; those found later are left out
     */
    static Map<String, Field> of(List<Line> lines, int limit) {
        Map<String, Field> fields = new LinkedHashMap<>();
        new DetectedFields().visit(lines, (name, value, parsed) -> {
            Field f = fields.get(name);
            if (f == null) {
                if (fields.size() >= limit) {
                    return;
                }
                f = new Field();
                fields.put(name, f);
            }
            f.values.add(value);
            f.type = ValueType.of(value);
            if (parsed != null) {
                f.parsers.add(parsed.form().name().toLowerCase(Locale.ROOT));
                List<String> path = parsed.paths().get(name);
                if (path != null) {
                    f.jsonPath = path;
                }
            }
        });
        return fields;
    }

    /** The values of one field, each once; at most so many. */
    static Collection<String> values(List<Line> lines, String name, int limit) {
        Set<String> values = new LinkedHashSet<>();
        new DetectedFields().visit(lines, (found, value, parsed) -> {
            if (found.equals(name) && values.size() < limit) {
                values.add(value);
            }
        });
        return values;
    }

    private void visit(List<Line> lines, Sink sink) {
        Map<Labels, List<Line>> streams = new TreeMap<>();
        for (Line l : lines) {
            streams.computeIfAbsent(l.stream(), s -> new ArrayList<>()).add(l);
        }
        streams.forEach((labels, ofStream) -> {
            for (Line l : ofStream) {
                visit(l, sink);
            }
        });
    }

    private void visit(Line line, Sink sink) {
        Labels metadata = line.metadata();
        for (int i = 0; i < metadata.size(); i++) {
            sink.field(metadata.name(i), metadata.value(i), null);
        }
        LineFields.Parsed parsed = lineFields
                .computeIfAbsent(line.stream(), LineFields::new)
                .parse(line.line().getBytes(StandardCharsets.UTF_8));
        Labels before = line.parsed();
        for (int i = 0; i < before.size(); i++) {
            // errors of the query's parsers are no fields
            if (!before.name(i).startsWith("__error") && !before.name(i).equals("__preserve_error__")) {
                sink.field(before.name(i), before.value(i), parsed);
            }
        }
        Labels fields = parsed.fields();
        for (int i = 0; i < fields.size(); i++) {
            sink.field(fields.name(i), fields.value(i), parsed);
        }
    }
}
