/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.regexp;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * States that stand for sets of those of an {@link Nfa}, with steps from one to the next, each found when it is first needed. Has room for
 * so many; who finds it full goes on with a new one. Thread-safe: the table of steps is read without the lock that it is written under. A
 * reader sees a step or that there is none yet, both of which are right, and what it leads to is in the same table.
 */
final class Dfa {
    /** A step that is not known yet. */
    private static final int UNKNOWN = -1;

    /** What {@link #run} gives where nothing can match any more. */
    private static final int DEAD = -2;

    /** What {@link #step} gives when there is no room. */
    private static final int FULL = -3;

    /** The place of the state in which all is said. */
    private static final int MATCHED = 0;

    private static final int TABLE_SIZE = 1 << 17;

    /** States kept at most; each also has a set of its own. */
    private static final int MAX_STATES = 4096;

    /** Members of all sets together at most. */
    private static final int MAX_MEMBERS = 1 << 19;

    private record Members(int[] states) {
        @Override
        public boolean equals(@Nullable Object o) {
            return o instanceof Members m && Arrays.equals(states, m.states);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(states);
        }
    }

    private final Nfa nfa;
    private final byte[] classes = new byte[256];
    private final int width;
    private final int[] representatives;
    private final int[] table;

    /** Guarded by this, as all below. */
    private final List<int[]> sets = new ArrayList<>();

    private final Map<Members, Integer> places = new HashMap<>();
    private final int[] marks;
    private final int[] stack;
    private final int[] collected;
    private int members;
    private int mark;
    private int collectedSize;
    private boolean matched;

    /** The state before the first byte. */
    private final int start;

    private final boolean matchesEmpty;

    Dfa(Nfa nfa) {
        this.nfa = nfa;
        this.marks = new int[nfa.size()];
        this.stack = new int[2 * nfa.size() + 2];
        this.collected = new int[nfa.size()];
        boolean[] cuts = new boolean[257];
        for (int i = 0; i < nfa.size(); i++) {
            if (nfa.kinds[i] == Nfa.BYTES && nfa.lows[i] <= nfa.highs[i]) {
                cuts[nfa.lows[i]] = true;
                cuts[nfa.highs[i] + 1] = true;
            }
        }
        int[] firsts = new int[256];
        int n = 0;
        for (int b = 0; b < 256; b++) {
            if (b == 0 || cuts[b]) {
                firsts[n++] = b;
            }
            classes[b] = (byte) (n - 1);
        }
        width = n;
        representatives = Arrays.copyOf(firsts, n);
        table = new int[Math.max(TABLE_SIZE, 8 * width)];
        Arrays.fill(table, UNKNOWN);
        sets.add(new int[0]); // the place of MATCHED
        begin();
        close(nfa.start, true, true);
        matchesEmpty = matched;
        begin();
        close(nfa.start, true, false);
        start = place();
    }

    /** Whether a line matches; null if there was no room for a state, and another automaton should be asked. */
    @Nullable
    Boolean matches(byte[] b, int from, int to) {
        if (from == to) {
            return matchesEmpty;
        }
        int s = run(start, b, from, to);
        return s == FULL ? null : s == MATCHED || s > 0 && endsWell(s);
    }

    /** Goes on from a state to the end of a line, or to where the answer is known. */
    private int run(int state, byte[] b, int from, int to) {
        int s = state;
        if (s <= 0) {
            return s;
        }
        int[] t = table;
        byte[] c = classes;
        for (int i = from; i < to; i++) {
            int k = c[b[i] & 0xff] & 0xff;
            int next = t[s + k];
            if (next <= 0) {
                if (next == UNKNOWN) {
                    next = step(s, k);
                }
                if (next <= 0) {
                    return next;
                }
            }
            s = next;
        }
        return s;
    }

    private synchronized int step(int s, int k) {
        int known = table[s + k];
        if (known != UNKNOWN) {
            return known;
        }
        int b = representatives[k];
        begin();
        for (int n : sets.get(s / width)) {
            if (nfa.kinds[n] == Nfa.BYTES && nfa.lows[n] <= b && b <= nfa.highs[n]) {
                close(nfa.nexts[n], false, false);
            }
        }
        // a match may begin at any byte
        close(nfa.start, false, false);
        int next = place();
        if (next != FULL) {
            table[s + k] = next;
        }
        return next;
    }

    private void begin() {
        mark++;
        collectedSize = 0;
        matched = false;
    }

    /** Collects what can be reached from a state without consuming anything. */
    private void close(int from, boolean atBegin, boolean atEnd) {
        int top = 0;
        stack[top++] = from;
        while (top > 0) {
            int n = stack[--top];
            if (n < 0 || marks[n] == mark) {
                continue;
            }
            marks[n] = mark;
            switch (nfa.kinds[n]) {
                case Nfa.MATCH -> matched = true;
                case Nfa.SPLIT -> {
                    stack[top++] = nfa.others[n];
                    stack[top++] = nfa.nexts[n];
                }
                case Nfa.BEGIN -> {
                    if (atBegin) {
                        stack[top++] = nfa.nexts[n];
                    }
                }
                case Nfa.END -> {
                    collected[collectedSize++] = n;
                    if (atEnd) {
                        stack[top++] = nfa.nexts[n];
                    }
                }
                default -> collected[collectedSize++] = n;
            }
        }
    }

    /** Where the state of what was collected is. */
    private int place() {
        if (matched) {
            return MATCHED;
        }
        if (collectedSize == 0) {
            return DEAD;
        }
        int[] set = Arrays.copyOf(collected, collectedSize);
        Arrays.sort(set);
        Members key = new Members(set);
        Integer known = places.get(key);
        if (known != null) {
            return known;
        }
        int place = sets.size() * width;
        members += set.length;
        if (place + width > table.length || sets.size() >= MAX_STATES || members > MAX_MEMBERS) {
            return FULL;
        }
        sets.add(set);
        places.put(key, place);
        return place;
    }

    /** Whether a line matches that ends in a state. */
    private synchronized boolean endsWell(int s) {
        int[] set = sets.get(s / width);
        boolean any = false;
        begin();
        for (int n : set) {
            if (nfa.kinds[n] == Nfa.END) {
                any = true;
                close(n, false, true);
            }
        }
        return any && matched;
    }
}
