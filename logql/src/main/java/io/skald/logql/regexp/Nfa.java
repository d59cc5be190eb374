/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.regexp;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** An expression as states that consume bytes of UTF-8, and those that consume nothing. Immutable once it is made. */
final class Nfa {
    /** More states than this are not built: what a step may cost is bounded by it. */
    private static final int MAX_STATES = 4000;

    static final byte BYTES = 0;
    static final byte SPLIT = 1;
    static final byte BEGIN = 2;
    static final byte END = 3;
    static final byte MATCH = 4;

    private record Key(int low, int high, int next) {}

    byte[] kinds = new byte[64];

    /** The first and the last byte that a state consumes. */
    int[] lows = new int[64];

    int[] highs = new int[64];

    /** Where it leads; a split leads to both. */
    int[] nexts = new int[64];

    int[] others = new int[64];
    private int size;
    private final Map<Key, Integer> known = new HashMap<>();
    final int start;

    Nfa(Syntax syntax) throws SyntaxParser.Unsupported {
        int match = add(MATCH, 0, 0, -1, -1);
        start = compile(syntax, match);
    }

    int size() {
        return size;
    }

    private int add(byte kind, int low, int high, int next, int other) throws SyntaxParser.Unsupported {
        if (size == MAX_STATES) {
            throw new SyntaxParser.Unsupported("size");
        }
        if (size == kinds.length) {
            int n = 2 * size;
            kinds = Arrays.copyOf(kinds, n);
            lows = Arrays.copyOf(lows, n);
            highs = Arrays.copyOf(highs, n);
            nexts = Arrays.copyOf(nexts, n);
            others = Arrays.copyOf(others, n);
        }
        kinds[size] = kind;
        lows[size] = low;
        highs[size] = high;
        nexts[size] = next;
        others[size] = other;
        return size++;
    }

    private int bytes(int low, int high, int next) throws SyntaxParser.Unsupported {
        Key key = new Key(low, high, next);
        Integer there = known.get(key);
        if (there != null) {
            return there;
        }
        int made = add(BYTES, low, high, next, -1);
        known.put(key, made);
        return made;
    }

    private int split(int a, int b) throws SyntaxParser.Unsupported {
        return add(SPLIT, 0, 0, a, b);
    }

    private int compile(Syntax s, int next) throws SyntaxParser.Unsupported {
        return switch (s) {
            case Syntax.One one -> one(one.set(), next);
            case Syntax.Begin b -> add(BEGIN, 0, 0, next, -1);
            case Syntax.End e -> add(END, 0, 0, next, -1);
            case Syntax.Sequence q -> {
                int at = next;
                for (Syntax part : q.parts().reversed()) {
                    at = compile(part, at);
                }
                yield at;
            }
            case Syntax.Choice c -> {
                int at = compile(c.arms().getLast(), next);
                for (int i = c.arms().size() - 2; i >= 0; i--) {
                    at = split(compile(c.arms().get(i), next), at);
                }
                yield at;
            }
            case Syntax.Repeat r -> repeat(r, next);
        };
    }

    private int repeat(Syntax.Repeat r, int next) throws SyntaxParser.Unsupported {
        int at = next;
        if (r.max() < 0) {
            int loop = split(-1, next);
            // in two steps: the arrays may be others afterwards
            int body = compile(r.inner(), loop);
            nexts[loop] = body;
            at = loop;
        } else {
            for (int i = r.min(); i < r.max(); i++) {
                at = split(compile(r.inner(), at), next);
            }
        }
        for (int i = 0; i < r.min(); i++) {
            at = compile(r.inner(), at);
        }
        return at;
    }

    /** A set without characters leads nowhere. */
    private int one(CodePoints set, int next) throws SyntaxParser.Unsupported {
        List<Integer> arms = new ArrayList<>();
        for (CodePoints.Range r : set.ranges()) {
            utf8(r.first(), r.last(), next, arms);
        }
        int at = arms.isEmpty() ? bytes(1, 0, next) : arms.getLast();
        for (int i = arms.size() - 2; i >= 0; i--) {
            at = split(arms.get(i), at);
        }
        return at;
    }

    /** Adds the beginnings of sequences of byte ranges that are the encodings of a range of characters. */
    private void utf8(int low, int high, int next, List<Integer> to) throws SyntaxParser.Unsupported {
        if (low > high) {
            return;
        }
        for (int limit : new int[] {0x7f, 0x7ff, 0xd7ff, 0xdfff, 0xffff}) {
            if (low <= limit && high > limit) {
                utf8(low, limit, next, to);
                utf8(limit + 1, high, next, to);
                return;
            }
        }
        if (low >= 0xd800 && high <= 0xdfff) {
            return; // no characters
        }
        if (high < 0x80) {
            to.add(bytes(low, high, next));
            return;
        }
        for (int i = 1; i <= 3; i++) {
            int mask = (1 << 6 * i) - 1;
            if ((low & ~mask) != (high & ~mask)) {
                if ((low & mask) != 0) {
                    utf8(low, low | mask, next, to);
                    utf8((low | mask) + 1, high, next, to);
                    return;
                }
                if ((high & mask) != mask) {
                    utf8(low, (high & ~mask) - 1, next, to);
                    utf8(high & ~mask, high, next, to);
                    return;
                }
            }
        }
        int length = low < 0x800 ? 2 : low < 0x10000 ? 3 : 4;
        int at = next;
        for (int i = 0; i < length; i++) {
            at = bytes(encoded(low, i, length), encoded(high, i, length), at);
        }
        to.add(at);
    }

    /** A byte of a character of several, counted from the last. */
    private static int encoded(int c, int fromLast, int length) {
        int bits = c >> 6 * fromLast;
        if (fromLast < length - 1) {
            return 0x80 | bits & 0x3f;
        }
        return length == 2 ? 0xc0 | bits : length == 3 ? 0xe0 | bits : 0xf0 | bits;
    }
}
