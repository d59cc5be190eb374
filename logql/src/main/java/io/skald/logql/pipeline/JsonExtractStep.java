/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import java.util.Arrays;
import java.util.List;

/** {@code | json a="b.c[0]"}: the named values become labels, also objects and arrays; what is missing becomes an empty label. */
final class JsonExtractStep implements Step {
    private final List<String> labels;
    private final List<JsonPath> paths;
    private final JsonScanner scanner = new JsonScanner();

    JsonExtractStep(List<String> labels, List<JsonPath> paths) {
        this.labels = labels;
        this.paths = paths;
    }

    @Override
    public boolean apply(LineState state) {
        if (state.length() == 0) {
            return true;
        }
        JsonScanner s = scanner;
        s.reset(state.buffer(), state.offset(), state.end());
        int first = s.peek();
        if (first != '{' && first != '[' && first != '"') {
            state.fail(JsonStep.JSON_ERROR, null);
            return true;
        }
        int start = s.at;
        for (int i = 0; i < paths.size(); i++) {
            s.at = start;
            String label = labels.get(i);
            if (find(paths.get(i))) {
                String name = state.parsedName(label);
                switch (s.kind) {
                    case NULL -> state.set(name, "");
                    case STRING ->
                        state.setSlice(
                                name,
                                s.b,
                                s.valueFrom,
                                s.valueTo - s.valueFrom,
                                s.escaped ? LineState.Encoding.JSON : LineState.Encoding.PLAIN);
                    case NUMBER, BOOLEAN, OBJECT, ARRAY, NONE ->
                        state.setSlice(name, s.b, s.valueFrom, s.valueTo - s.valueFrom, LineState.Encoding.PLAIN);
                }
            } else if (state.getLabel(label) == null) {
                state.set(label, "");
            }
        }
        return true;
    }

    /** Moves the scanner over the value that the path names. */
    private boolean find(JsonPath path) {
        for (int i = 0; i < path.size(); i++) {
            if (!(path.isIndex(i) ? element(path.index(i)) : property(path.key(i)))) {
                return false;
            }
        }
        return scanner.value();
    }

    private boolean element(int index) {
        JsonScanner s = scanner;
        if (!s.eat('[') || s.peek() == ']') {
            return false;
        }
        for (int i = 0; i < index; i++) {
            if (!s.value() || !s.eat(',')) {
                return false;
            }
        }
        return true;
    }

    private boolean property(byte[] key) {
        JsonScanner s = scanner;
        if (!s.eat('{')) {
            return false;
        }
        while (s.string()) {
            boolean same = s.escaped
                    ? Arrays.equals(
                            JsonText.unescape(s.b, s.valueFrom, s.valueTo - s.valueFrom)
                                    .getBytes(java.nio.charset.StandardCharsets.UTF_8),
                            key)
                    : Arrays.equals(s.b, s.valueFrom, s.valueTo, key, 0, key.length);
            if (!s.eat(':')) {
                return false;
            }
            if (same) {
                return true;
            }
            if (!s.value() || !s.eat(',')) {
                return false;
            }
        }
        return false;
    }
}
