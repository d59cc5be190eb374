/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A pattern of literals and captures, {@code <ip> - <_> [<time>]}. Immutable. */
final class LinePattern implements LineMatcher {
    /**
     * A literal or a capture.
     *
     * @param literal what must stand there, or null for a capture
     * @param name of a capture, {@code _} for one that is not kept
     */
    private record Node(@Nullable Needle literal, String name) {
        boolean named() {
            return !name.equals("_");
        }
    }

    private final List<Node> nodes;
    /** The literal that the pattern begins with, or null. */
    private final @Nullable Needle prefix;
    /** Of each capture: whether it is named, and the literal behind it, or null. */
    private final boolean[] kept;

    private final @Nullable Needle[] behind;

    private LinePattern(List<Node> nodes) {
        this.nodes = nodes;
        this.prefix = nodes.isEmpty() ? null : nodes.getFirst().literal();
        int captures = (int) nodes.stream().filter(n -> n.literal() == null).count();
        this.kept = new boolean[captures];
        this.behind = new Needle[captures];
        int c = 0;
        for (int i = 0; i < nodes.size(); i++) {
            if (nodes.get(i).literal() == null) {
                kept[c] = nodes.get(i).named();
                behind[c++] = i + 1 < nodes.size() ? nodes.get(i + 1).literal() : null;
            }
        }
    }

    /** A pattern for a parser; its captures are named. */
    static LinePattern forParser(String text) {
        if (text.isEmpty()) {
            throw new PipelineException(
                    "parse error at line 1, col 1: syntax error: unexpected $end, expecting IDENTIFIER or LITERAL");
        }
        LinePattern p = new LinePattern(parse(text));
        if (p.nodes.stream().noneMatch(n -> n.literal() == null && n.named())) {
            throw new PipelineException("at least one capture is required");
        }
        p.checkConsecutive();
        return p;
    }

    /** A pattern for a line filter; its captures have no names. */
    static LinePattern forFilter(String text) {
        LinePattern p = new LinePattern(parse(text));
        for (Node n : p.nodes) {
            if (n.literal() == null && n.named()) {
                throw new PipelineException("named captures are not allowed: found '<" + n.name() + ">'");
            }
        }
        p.checkConsecutive();
        return p;
    }

    private void checkConsecutive() {
        for (int i = 1; i < nodes.size(); i++) {
            if (nodes.get(i).literal() == null && nodes.get(i - 1).literal() == null) {
                throw new PipelineException("found consecutive capture '<"
                        + nodes.get(i - 1).name() + "><" + nodes.get(i).name() + ">': invalid expression");
            }
        }
    }

    private static List<Node> parse(String text) {
        List<Node> out = new ArrayList<>();
        StringBuilder literal = new StringBuilder();
        int i = 0;
        while (i < text.length()) {
            int end = captureEnd(text, i);
            if (end < 0) {
                literal.append(text.charAt(i++));
                continue;
            }
            addLiteral(literal, out);
            out.add(new Node(null, text.substring(i + 1, end).intern()));
            i = end + 1;
        }
        addLiteral(literal, out);
        return out;
    }

    private static void addLiteral(StringBuilder literal, List<Node> out) {
        if (literal.length() > 0) {
            out.add(new Node(new Needle(literal.toString()), "_"));
            literal.setLength(0);
        }
    }

    /** Where the capture that begins at i is closed, or -1 when none begins there. */
    private static int captureEnd(String s, int i) {
        if (s.charAt(i) != '<') {
            return -1;
        }
        int k = i + 1;
        while (k < s.length() && isNameChar(s.charAt(k), k > i + 1)) {
            k++;
        }
        return k > i + 1 && k < s.length() && s.charAt(k) == '>' ? k : -1;
    }

    private static boolean isNameChar(char c, boolean digits) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || digits && c >= '0' && c <= '9';
    }

    /** The names of the captures that are kept, in order. */
    List<String> names() {
        return nodes.stream()
                .filter(n -> n.literal() == null && n.named())
                .map(Node::name)
                .toList();
    }

    /** The literals, in order. */
    List<byte[]> literals() {
        List<byte[]> out = new ArrayList<>();
        for (Node n : nodes) {
            Needle literal = n.literal();
            if (literal != null) {
                out.add(literal.bytes());
            }
        }
        return out;
    }

    /**
     * Whether the line is of this form; captures are not empty and as short as can be. A pattern that begins with a literal may begin
     * anywhere in the line, but ends with the line.
     */
    @Override
    public boolean matches(byte[] b, int from, int to) {
        if (nodes.isEmpty()) {
            return from == to;
        }
        int at = from;
        boolean captured = false;
        for (Node n : nodes) {
            Needle literal = n.literal();
            if (literal == null) {
                captured = true;
                continue;
            }
            int i = literal.indexIn(b, at, to);
            if (i < 0 || captured && i == at) {
                return false;
            }
            at = i + literal.length();
            captured = false;
        }
        return captured == (at < to);
    }

    /**
     * Finds the captures of a parser. Where a literal is missing, the capture before it takes the rest and the later ones are not found.
     *
     * @param out gets begin and end of each kept capture
     * @param most stop after so many kept captures; at least 1
     * @return how many captures were found
     */
    int capture(byte[] b, int from, int to, int[] out, int most) {
        if (from == to) {
            return 0;
        }
        int at = from;
        Needle start = prefix;
        if (start != null) {
            if (!start.standsAt(b, from, to)) {
                return 0;
            }
            at = from + start.length();
        }
        int found = 0;
        for (int i = 0; i < kept.length; i++) {
            Needle literal = behind[i];
            int stop = literal == null ? -1 : literal.indexIn(b, at, to);
            if (kept[i]) {
                out[2 * found] = at;
                out[2 * found + 1] = stop < 0 ? to : stop;
                found++;
            }
            if (literal == null || stop < 0 || found == most) {
                return found;
            }
            at = stop + literal.length();
        }
        return found;
    }
}
