/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import org.jspecify.annotations.Nullable;

/** {@code | json}: every property that is wanted becomes a label; arrays and nulls do not. */
final class JsonStep implements Step {
    static final String JSON_ERROR = "JSONParserErr";

    /** Deeper objects are not looked into. */
    private static final int MAX_DEPTH = 128;

    private final Needed needed;
    private final KeyNode root;
    private final JsonScanner scanner = new JsonScanner();
    private final EarlyFilters early;
    private int missing;
    private boolean dropped;

    JsonStep(Needed needed, EarlyFilters early) {
        this.needed = needed;
        this.early = early;
        this.root = KeyNode.root(needed);
    }

    @Override
    public boolean apply(LineState state) {
        if (needed.none() || state.length() == 0) {
            return true;
        }
        scanner.reset(state.buffer(), state.offset(), state.end());
        missing = needed.names() == null ? Integer.MAX_VALUE : needed.names().size();
        dropped = false;
        String problem = scanner.eat('{') ? object(state, root, 0) : JsonScanner.MALFORMED;
        if (dropped) {
            return false;
        }
        if (problem != null && missing > 0) {
            fail(state, needed, JSON_ERROR, problem);
        }
        return true;
    }

    static void fail(LineState state, Needed needed, String error, @Nullable String details) {
        state.fail(error, details);
        if (needed.preservesErrors()) {
            state.set(LineState.PRESERVE_ERROR, "true");
        }
    }

    /** Reads an object after its brace; null, or what is wrong with it. */
    private @Nullable String object(LineState state, KeyNode node, int depth) {
        JsonScanner s = scanner;
        if (s.eat('}')) {
            return null;
        }
        KeyNode child = null;
        while (true) {
            child = node.readJsonKey(s, skipUnwanted(node, child));
            if (child == null) {
                return JsonScanner.MALFORMED;
            }
            String problem = value(state, child, depth);
            if (problem != null || missing == 0 || dropped) {
                return problem;
            }
            int c = s.peek();
            if (c != ',') {
                s.at++;
                return c == '}' ? null : JsonScanner.MALFORMED;
            }
            s.at++;
        }
    }

    /**
     * Goes over keys that come as they did in the line before and whose values nobody wants: strings without escapes and numbers. Stops before
     * whatever is not so.
     *
     * @param before the key before them, or null
     * @return the last key now, {@code before} if there is none
     */
    private @Nullable KeyNode skipUnwanted(KeyNode node, @Nullable KeyNode before) {
        // in locals, which the loops keep in registers
        byte[] b = scanner.b;
        int end = scanner.end;
        int at = scanner.at;
        KeyNode last = before;
        while (true) {
            KeyNode likely = node.likely(last);
            if (likely == null || likely.wanted) {
                break;
            }
            int i = likely.behindJsonKey(b, at, end);
            if (i >= end) {
                break;
            }
            if (b[i] == '"') {
                i = JsonScanner.quoteOrBackslash(b, i + 1, end);
                if (i >= end || b[i] != '"') {
                    break;
                }
                i++;
            } else if (JsonScanner.beginsNumber(b[i])) {
                i = JsonScanner.scalarEnd(b, i, end);
            } else {
                break;
            }
            if (i >= end || b[i] != ',') {
                break;
            }
            at = i + 1;
            last = likely;
        }
        scanner.at = at;
        return last;
    }

    private @Nullable String value(LineState state, KeyNode child, int depth) {
        JsonScanner s = scanner;
        if (s.peek() == '{' && child.wantedBelow && depth < MAX_DEPTH) {
            s.at++;
            return object(state, child, depth + 1);
        }
        if (!s.value()) {
            return JsonScanner.MALFORMED;
        }
        if (child.wanted) {
            switch (s.kind) {
                case STRING -> extract(state, child, s.escaped ? LineState.Encoding.JSON : LineState.Encoding.PLAIN);
                case NUMBER, BOOLEAN -> extract(state, child, LineState.Encoding.PLAIN);
                case NULL, OBJECT, ARRAY, NONE -> {}
            }
        }
        return null;
    }

    private void extract(LineState state, KeyNode node, LineState.Encoding encoding) {
        String label = node.labelFor(state);
        if (label == null) {
            return;
        }
        JsonScanner s = scanner;
        if (state.extract(label, s.b, s.valueFrom, s.valueTo - s.valueFrom, encoding)) {
            missing--;
            dropped |= early.drops(label, state);
        }
    }
}
