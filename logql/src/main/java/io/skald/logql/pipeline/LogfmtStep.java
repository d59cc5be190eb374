/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

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

    private final LogfmtScanner scanner = new LogfmtScanner();

    LogfmtStep(Needed needed, boolean strict, boolean keepEmpty, EarlyFilters early) {
        this.needed = needed;
        this.strict = strict;
        this.keepEmpty = keepEmpty;
        this.early = early;
        this.root = KeyNode.root(needed);
        this.firsts = needed.firsts();
    }

    @Override
    public boolean apply(LineState state) {
        if (needed.none() || state.length() == 0) {
            return true;
        }
        LogfmtScanner s = scanner;
        s.reset(state.buffer(), state.offset(), state.end());
        int missing =
                needed.names() == null ? Integer.MAX_VALUE : needed.names().size();
        dropped = false;
        while (missing > 0) {
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
        if (needed.names() != null && !needed.names().contains(label)) {
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
