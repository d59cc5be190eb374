/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.pattern;

import java.util.Arrays;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * Patterns by their text, to find the one of a line in a single pass over it: literal text is compared, and where a pattern has a gap a word
 * is skipped, without cutting the line into words or hashing them. A radix tree of bytes with gaps as edges; where text and gap are both
 * possible the text goes first. Confined to one thread.
 */
final class PatternTree {
    /** Places of one line where the tree may turn back before it gives up. */
    private static final int MAX_RETURNS = 64;

    private static final byte[] NO_TEXT = new byte[0];

    private Node root = new Node(NO_TEXT, 0, 0);
    private int returns;
    private int live;
    private int dead;

    /** Text, and what may follow it. */
    static final class Node {
        private final byte[] text;
        private int from;
        private final int to;

        /** The first eight bytes of the text, or as many as it has, and which bytes of these count. */
        private long head;

        private long mask;

        /** The only child; null if there is none or there are several. */
        private @Nullable Node only;

        /** By their first byte, if there are several; the length is a power of two, a byte's lower bits are its place in it. */
        private @Nullable Node @Nullable [] children;

        private @Nullable Node gap;
        private @Nullable Cluster cluster;

        private Node(byte[] text, int from, int to) {
            this.text = text;
            this.to = to;
            begin(from);
        }

        private void begin(int at) {
            from = at;
            int n = Math.min(to - at, Long.BYTES);
            long h = 0;
            for (int i = 0; i < n; i++) {
                h |= (text[at + i] & 0xffL) << 8 * i;
            }
            head = h;
            mask = n == Long.BYTES ? -1 : (1L << 8 * n) - 1;
        }

        /** The child that begins with a byte, if it is not {@link #only} one that begins with another. */
        private @Nullable Node child(byte b) {
            @Nullable Node[] all = children;
            return all == null ? only : all[b & all.length - 1];
        }

        private void put(byte b, Node child) {
            @Nullable Node[] all = children;
            if (all == null) {
                Node first = only;
                if (first == null || first.text[first.from] == b) {
                    only = child;
                    return;
                }
                all = new @Nullable Node[2];
                all[first.text[first.from] & 1] = first;
                only = null;
            }
            Node there = all[b & all.length - 1];
            while (there != null && there.text[there.from] != b) {
                @Nullable Node[] wider = new @Nullable Node[2 * all.length];
                for (Node n : all) {
                    if (n != null) {
                        wider[n.text[n.from] & wider.length - 1] = n;
                    }
                }
                all = wider;
                there = all[b & all.length - 1];
            }
            all[b & all.length - 1] = child;
            children = all;
        }

        /** Whether the text stands at a place of a line. */
        private boolean stands(byte[] b, int at, int end) {
            int length = to - from;
            if (length > end - at) {
                return false;
            }
            if (at > b.length - Long.BYTES) {
                return Arrays.equals(text, from, to, b, at, at + length);
            }
            return (((long) Words.LONGS.get(b, at) ^ head) & mask) == 0
                    && (length <= Long.BYTES
                            || Arrays.equals(text, from + Long.BYTES, to, b, at + Long.BYTES, at + length));
        }

        /** The node behind this one and a text. Keeps the array. */
        Node text(byte[] t, int begin, int end) {
            Node n = this;
            int at = begin;
            while (at < end) {
                Node c = n.child(t[at]);
                if (c == null || c.text[c.from] != t[at]) {
                    c = new Node(t, at, end);
                    n.put(t[at], c);
                    return c;
                }
                int length = c.to - c.from;
                int common = Arrays.mismatch(c.text, c.from, c.to, t, at, end);
                if (common >= 0 && common < length) {
                    Node upper = new Node(c.text, c.from, c.from + common);
                    n.put(t[at], upper);
                    c.begin(c.from + common);
                    upper.put(c.text[c.from], c);
                    c = upper;
                    length = common;
                }
                at += length;
                n = c;
            }
            return n;
        }

        /** The node behind this one and a gap. */
        Node gap() {
            Node g = gap;
            if (g == null) {
                g = new Node(NO_TEXT, 0, 0);
                gap = g;
            }
            return g;
        }
    }

    Node root() {
        return root;
    }

    /** Adds a pattern, or puts it where it belongs after it changed. */
    void put(Cluster c) {
        remove(c);
        Node at = c.addTo(this);
        if (at != null && at.cluster == null) {
            at.cluster = c;
            c.place = at;
            live++;
        }
    }

    void remove(Cluster c) {
        Node at = c.place;
        if (at != null) {
            at.cluster = null;
            c.place = null;
            live--;
            dead++;
        }
    }

    /** Whether so much was removed that the tree should be built anew. */
    boolean sparse() {
        return dead > 64 + 2 * live;
    }

    void rebuild(Collection<Cluster> all) {
        root = new Node(NO_TEXT, 0, 0);
        live = 0;
        dead = 0;
        for (Cluster c : all) {
            c.place = null;
        }
        for (Cluster c : all) {
            put(c);
        }
    }

    /** A pattern that a line matches; null if none was found. */
    @Nullable
    Cluster find(byte[] b, int from, int to) {
        returns = MAX_RETURNS;
        return find(root, b, from, to);
    }

    private @Nullable Cluster find(Node start, byte[] b, int from, int to) {
        Node n = start;
        int i = from;
        while (true) {
            if (i == to) {
                return n.cluster;
            }
            Node c = n.child(b[i]);
            Node g = n.gap;
            if (c != null && c.stands(b, i, to)) {
                if (g == null) {
                    i += c.to - c.from;
                    n = c;
                    continue;
                }
                Cluster found = find(c, b, i + c.to - c.from, to);
                if (found != null || --returns < 0) {
                    return found;
                }
            }
            if (g == null) {
                return null;
            }
            i = Words.skip(b, i, to);
            if (i < 0) {
                return null;
            }
            n = g;
        }
    }
}
