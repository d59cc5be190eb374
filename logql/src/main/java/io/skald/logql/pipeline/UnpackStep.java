/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** {@code | unpack}: takes an entry out of the JSON object it was packed into, with its labels. */
final class UnpackStep implements Step {
    private static final byte[] ENTRY = {'_', 'e', 'n', 't', 'r', 'y'};

    private final Needed needed;
    private final KeyNode root;
    private final EarlyFilters early;
    private boolean dropped;
    private final JsonScanner scanner = new JsonScanner();

    UnpackStep(Needed needed, EarlyFilters early) {
        this.needed = needed;
        this.early = early;
        // which labels are wanted says nothing about the entry itself
        this.root = KeyNode.root(needed);
    }

    @Override
    public boolean apply(LineState state) {
        if (state.length() == 0) {
            return true;
        }
        JsonScanner s = scanner;
        s.reset(state.buffer(), state.offset(), state.end());
        if (!s.eat('{')) {
            JsonStep.fail(state, needed, JsonStep.JSON_ERROR, "expecting json object(6), but it is not");
            return true;
        }
        int start = s.at;
        String problem = entry(state, false);
        if (problem != null) {
            JsonStep.fail(state, needed, JsonStep.JSON_ERROR, problem);
            return true;
        }
        if (entryFrom < 0) {
            return true;
        }
        s.at = start;
        dropped = false;
        entry(state, true);
        if (dropped) {
            return false;
        }
        if (entryEscaped) {
            state.replaceLine(JsonText.unescape(s.b, entryFrom, entryTo - entryFrom));
        } else {
            state.replaceLine(s.b, entryFrom, entryTo - entryFrom);
        }
        return true;
    }

    private int entryFrom;
    private int entryTo;
    private boolean entryEscaped;

    /** Walks the object; finds the entry, and in the second walk the labels. Null, or what is wrong. */
    private @Nullable String entry(LineState state, boolean labels) {
        JsonScanner s = scanner;
        if (!labels) {
            entryFrom = -1;
        }
        if (s.eat('}')) {
            return null;
        }
        while (true) {
            if (!s.string()) {
                return JsonScanner.MALFORMED;
            }
            int keyFrom = s.valueFrom;
            int keyTo = s.valueTo;
            boolean keyEscaped = s.escaped;
            if (!s.eat(':') || !s.value()) {
                return JsonScanner.MALFORMED;
            }
            if (s.kind == JsonScanner.Kind.STRING) {
                if (Arrays.equals(s.b, keyFrom, keyTo, ENTRY, 0, ENTRY.length)) {
                    entryFrom = s.valueFrom;
                    entryTo = s.valueTo;
                    entryEscaped = s.escaped;
                } else if (labels) {
                    label(state, root.child(s.b, keyFrom, keyTo - keyFrom, keyEscaped));
                }
            }
            if (s.eat('}')) {
                return null;
            }
            if (!s.eat(',')) {
                return JsonScanner.MALFORMED;
            }
        }
    }

    private void label(LineState state, KeyNode node) {
        JsonScanner s = scanner;
        if (node.wanted) {
            String label = node.labelFor(state);
            if (label == null) {
                return;
            }
            LineState.Encoding encoding = s.escaped ? LineState.Encoding.JSON : LineState.Encoding.PLAIN;
            if (state.extract(label, s.b, s.valueFrom, s.valueTo - s.valueFrom, encoding)) {
                dropped |= early.drops(label, state);
            }
        }
    }
}
