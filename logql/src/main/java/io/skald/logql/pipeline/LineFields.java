/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import io.skald.core.model.Labels;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The fields of lines of one stream, whatever their form: those of {@code | json} if the line is JSON, those of {@code | logfmt} otherwise.
 * Confined to one thread.
 */
public final class LineFields {
    /** Deeper objects are not looked into. */
    private static final int MAX_DEPTH = 128;

    private final LineState state;
    private final JsonStep json = new JsonStep(Needed.ALL, EarlyFilters.NONE);
    private final LogfmtStep logfmt;
    private final JsonScanner scanner = new JsonScanner();

    /** A form that lines have. */
    public enum Form {
        JSON,
        LOGFMT
    }

    /**
     * What a line holds.
     *
     * @param fields names as the parsers give them, so with a suffix where the stream has the label already
     * @param paths for JSON the keys that lead to each field; empty for logfmt
     */
    public record Parsed(Form form, Labels fields, Map<String, List<String>> paths) {}

    public LineFields(Labels streamLabels) {
        this.state = new LineState(streamLabels);
        this.logfmt = new LogfmtStep(Needed.ALL, streamLabels, false, false, EarlyFilters.NONE);
    }

    /** Reads a line of UTF-8. */
    public Parsed parse(byte[] line) {
        state.begin(0, line, 0, line.length, Labels.EMPTY);
        if (json.apply(state) && !state.hasError()) {
            return new Parsed(Form.JSON, state.parsedLabels(), paths(line));
        }
        state.begin(0, line, 0, line.length, Labels.EMPTY);
        logfmt.apply(state);
        return new Parsed(Form.LOGFMT, state.parsedLabels(), Map.of());
    }

    private Map<String, List<String>> paths(byte[] line) {
        Map<String, List<String>> out = new HashMap<>();
        scanner.reset(line, 0, line.length);
        if (scanner.eat('{')) {
            object("", List.of(), 0, out);
        }
        return out;
    }

    /** Walks an object that {@link JsonStep} has walked without complaint. False when it does not end. */
    private boolean object(String prefix, List<String> path, int depth, Map<String, List<String>> out) {
        JsonScanner s = scanner;
        if (s.eat('}')) {
            return true;
        }
        while (s.string()) {
            String key = s.escaped
                    ? JsonText.unescape(s.b, s.valueFrom, s.valueTo - s.valueFrom)
                    : new String(s.b, s.valueFrom, s.valueTo - s.valueFrom, StandardCharsets.UTF_8);
            String name = prefix.isEmpty() ? LabelNames.part(key, true) : prefix + '_' + LabelNames.part(key, false);
            List<String> here = new ArrayList<>(path);
            here.add(key);
            if (!s.eat(':')) {
                return false;
            }
            if (s.peek() == '{' && depth < MAX_DEPTH) {
                s.at++;
                if (!object(name, here, depth + 1, out)) {
                    return false;
                }
            } else if (!s.value()) {
                return false;
            } else if (isField(s.kind)) {
                // the first of a name wins, as in the parser
                out.putIfAbsent(state.parsedName(name), List.copyOf(here));
            }
            if (s.eat('}')) {
                return true;
            }
            if (!s.eat(',')) {
                return false;
            }
        }
        return false;
    }

    private static boolean isField(JsonScanner.Kind kind) {
        return switch (kind) {
            case STRING, NUMBER, BOOLEAN -> true;
            case NULL, OBJECT, ARRAY, NONE -> false;
        };
    }
}
