/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.regexp;

import org.jspecify.annotations.Nullable;

/**
 * Whether bytes of UTF-8 have a match of a regular expression anywhere. Takes time in proportion to their number, and bounded memory: when
 * there are too many states they are forgotten and found anew. Thread-safe.
 */
public final class ByteRegexp {
    /** Lines that may find an automaton full, one after the other, before another way is better. */
    private static final int MAX_FAILURES = 16;

    private final Nfa nfa;
    private volatile Dfa dfa;
    private volatile int failures;

    private ByteRegexp(Nfa nfa) {
        this.nfa = nfa;
        this.dfa = new Dfa(nfa);
    }

    /**
     * Makes one.
     *
     * @param regexp in RE2's syntax, known to be right
     * @return null if it has something that is not done here
     */
    public static @Nullable ByteRegexp of(String regexp) {
        try {
            return new ByteRegexp(new Nfa(SyntaxParser.parse(regexp)));
        } catch (SyntaxParser.Unsupported e) {
            return null;
        }
    }

    /** What was found out of bytes. */
    public enum Answer {
        MATCH,
        NO_MATCH,
        /** It takes too many states: ask something else. */
        UNKNOWN
    }

    /** Whether there is a match in [from, to), which must be UTF-8. */
    public Answer find(byte[] b, int from, int to) {
        if (failures > MAX_FAILURES) {
            return Answer.UNKNOWN;
        }
        Dfa d = dfa;
        Boolean found = d.matches(b, from, to);
        if (found == null) {
            replace(d);
            return Answer.UNKNOWN;
        }
        return found ? Answer.MATCH : Answer.NO_MATCH;
    }

    private synchronized void replace(Dfa full) {
        if (dfa.equals(full)) {
            dfa = new Dfa(nfa);
            failures++;
        }
    }
}
