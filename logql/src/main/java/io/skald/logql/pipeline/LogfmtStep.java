/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import io.skald.core.model.Labels;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code | logfmt}: every pair that is wanted becomes a label. */
final class LogfmtStep implements Step {
    static final String LOGFMT_ERROR = "LogfmtParserErr";

    private final Needed needed;
    private final boolean strict;
    private final boolean keepEmpty;
    private final EarlyFilters early;
    private final KeyNode root;
    private boolean dropped;
    /** The bytes that keys which are needed may begin with: most keys need not be looked up. */
    private final boolean[] firsts;
    /** The only key that may give a label which is needed, if there is but one and it can be sought; or null. */
    private final byte @Nullable [] only;
    /** How many labels can be found at most. */
    private final int most;

    private final LogfmtScanner scanner = new LogfmtScanner();

    LogfmtStep(Needed needed, Labels stream, boolean strict, boolean keepEmpty, EarlyFilters early) {
        this.needed = needed;
        this.strict = strict;
        this.keepEmpty = keepEmpty;
        this.early = early;
        this.root = KeyNode.root(needed);
        this.firsts = needed.firsts();
        List<String> useful = useful(needed, stream);
        this.most = needed.names() == null
                ? Integer.MAX_VALUE
                : strict ? needed.names().size() : useful.size();
        // an error on the way counts when strict, and a key without a value when empty ones are kept
        this.only = !strict && !keepEmpty && useful.size() == 1 ? seekable(useful.getFirst()) : null;
    }

    /** The names of which a key gives a label that is needed; all others are hidden by labels of the stream. None if all are needed. */
    private static List<String> useful(Needed needed, Labels stream) {
        List<String> useful = new ArrayList<>();
        for (String n : needed.names() == null ? Set.<String>of() : needed.names()) {
            if (!stream.has(n) || needed.contains(n + LineState.EXTRACTED)) {
                useful.add(n);
            }
        }
        return useful;
    }

    private static byte @Nullable [] seekable(String name) {
        boolean plain = !name.isEmpty()
                && name.charAt(0) != '_'
                && LabelNames.part(name, true).equals(name);
        return plain ? name.getBytes(StandardCharsets.US_ASCII) : null;
    }

    @Override
    public boolean apply(LineState state) {
        if (needed.none() || state.length() == 0) {
            return true;
        }
        LogfmtScanner s = scanner;
        s.reset(state.buffer(), state.offset(), state.end());
        int missing = most;
        dropped = false;
        while (missing > 0) {
            if (only != null && !s.seek(only)) {
                return true;
            }
            switch (s.next()) {
                case END -> {
                    return true;
                }
                case ERROR -> {
                    if (strict) {
                        JsonStep.fail(state, needed, LOGFMT_ERROR, s.errorText());
                        return true;
                    }
                }
                case PAIR -> {
                    if ((keepEmpty || s.valueTo > s.valueFrom) && take(state)) {
                        missing--;
                        if (dropped) {
                            return false;
                        }
                    }
                }
            }
        }
        return true;
    }

    private boolean take(LineState state) {
        LogfmtScanner s = scanner;
        if (!firsts[s.b[s.keyFrom] & 0xff]) {
            return false;
        }
        KeyNode node = root.child(s.b, s.keyFrom, s.keyTo - s.keyFrom, false);
        if (!node.wanted) {
            return false;
        }
        String label = node.labelFor(state);
        if (label == null) {
            return false;
        }
        boolean taken = state.extract(
                label,
                s.b,
                s.valueFrom,
                s.valueTo - s.valueFrom,
                s.escaped ? LineState.Encoding.JSON : LineState.Encoding.PLAIN);
        dropped = taken && early.drops(label, state);
        return taken;
    }
}
