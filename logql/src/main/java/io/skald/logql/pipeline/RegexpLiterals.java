/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import io.skald.core.scan.Requirement;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What can be said about an unanchored regular expression without running it. Knows only the simple cases and says nothing about the rest.
 *
 * @param alternatives when not null, the expression matches exactly the lines that contain one of these
 * @param required strings that every match contains
 * @param clauses lists of strings, of each of which every match contains one
 * @param ignoreCase whether all of them are meant with ASCII letters of either case
 */
record RegexpLiterals(
        @Nullable List<String> alternatives, List<String> required, List<List<String>> clauses, boolean ignoreCase) {
    /** Flags that change what literals mean. */
    private static final Pattern OTHER_FLAGS = Pattern.compile("\\(\\?[a-zA-Z-]*[iU-]");

    private static final RegexpLiterals NOTHING = new RegexpLiterals(null, List.of(), List.of(), false);

    static RegexpLiterals of(String regexp) {
        String s = regexp;
        boolean ignoreCase = false;
        if (s.startsWith("(?i)")) {
            ignoreCase = true;
            s = s.substring(4);
        } else if (s.startsWith("(?s)")) {
            s = s.substring(4);
        }
        if (s.contains("\\Q") || OTHER_FLAGS.matcher(s).find()) {
            return NOTHING;
        }
        List<String> alternatives = alternatives(s);
        List<List<String>> clauses = alternatives != null ? List.of(alternatives) : RegexpClauses.of(s);
        List<String> required =
                clauses.stream().filter(c -> c.size() == 1).map(List::getFirst).toList();
        if (ignoreCase) {
            if (alternatives != null && !alternatives.stream().allMatch(RegexpLiterals::foldsWithinAscii)) {
                alternatives = null;
            }
            required =
                    required.stream().filter(RegexpLiterals::foldsWithinAscii).toList();
        }
        return new RegexpLiterals(alternatives, required, clauses, ignoreCase);
    }

    /** ASCII without k and s, which are equal to letters beyond ASCII when case is ignored. */
    private static boolean foldsWithinAscii(String s) {
        return s.chars().allMatch(c -> c < 128 && (c | 0x20) != 'k' && (c | 0x20) != 's');
    }

    /** The alternatives when the expression is nothing but literals between bars, else null. */
    private static @Nullable List<String> alternatives(String regexp) {
        String s = regexp;
        while (s.startsWith(".*")) {
            s = s.substring(s.startsWith(".*?") ? 3 : 2);
        }
        while (s.endsWith(".*") && !s.endsWith("\\.*")) {
            s = s.substring(0, s.length() - 2);
        }
        if (s.startsWith("(") && s.endsWith(")")) {
            int open = s.startsWith("(?:") ? 3 : 1;
            String inner = s.substring(open, s.length() - 1);
            if (inner.indexOf('(') < 0 && inner.indexOf(')') < 0 && !inner.endsWith("\\") && !inner.startsWith("?")) {
                s = inner;
            }
        }
        List<String> out = new ArrayList<>();
        StringBuilder literal = new StringBuilder();
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            if (c == '|') {
                out.add(literal.toString());
                literal.setLength(0);
            } else if (c == '\\') {
                if (i + 1 == s.length() || !isPunctuation(s.charAt(i + 1))) {
                    return null;
                }
                literal.append(s.charAt(++i));
            } else if (".*+?()[]{}^$".indexOf(c) >= 0) {
                return null;
            } else {
                literal.append(c);
            }
        }
        out.add(literal.toString());
        return out;
    }

    static boolean isPunctuation(char c) {
        return c > ' ' && c < 127 && !Character.isLetterOrDigit(c);
    }

    static void dropLast(StringBuilder run) {
        if (run.length() > 0) {
            run.setLength(run.offsetByCodePoints(run.length(), -1));
        }
    }

    static int skipGroup(String s, int open) {
        int depth = 0;
        int i = open;
        while (i < s.length()) {
            char c = s.charAt(i);
            if (c == '\\') {
                i += 2;
                continue;
            }
            if (c == '[') {
                i = skipClass(s, i);
                if (i < 0) {
                    return -1;
                }
                continue;
            }
            if (c == '(') {
                depth++;
            } else if (c == ')' && --depth == 0) {
                return i + 1;
            }
            i++;
        }
        return -1;
    }

    static int skipClass(String s, int open) {
        int i = open + 1;
        if (i < s.length() && s.charAt(i) == '^') {
            i++;
        }
        if (i < s.length() && s.charAt(i) == ']') {
            i++;
        }
        while (i < s.length()) {
            char c = s.charAt(i);
            if (c == '\\') {
                i += 2;
            } else if (c == '[' && i + 1 < s.length() && s.charAt(i + 1) == ':') {
                int close = s.indexOf(":]", i);
                i = close < 0 ? i + 1 : close + 2;
            } else if (c == ']') {
                return i + 1;
            } else {
                i++;
            }
        }
        return -1;
    }

    static int skipRepeat(String s, int open) {
        int close = s.indexOf('}', open);
        return close < 0 ? s.length() : close + 1;
    }

    /** What every line contains that matches. */
    List<Requirement> requirements() {
        List<Requirement> out = new ArrayList<>();
        for (List<String> clause : clauses) {
            if (clause.size() == 1) {
                pieces(clause.getFirst()).forEach(p -> out.add(Requirement.of(p)));
            } else {
                List<List<Requirement>> arms = new ArrayList<>();
                for (String alternative : clause) {
                    arms.add(pieces(alternative).stream().map(Requirement::of).toList());
                }
                out.addAll(Requirements.anyOf(arms));
            }
        }
        return out;
    }

    /** Bytes that are not UTF-8 are matched as if they were U+FFFD, so that one of the expression's need not be in the line. */
    private List<Requirement.Text> pieces(String literal) {
        List<Requirement.Text> out = new ArrayList<>();
        for (String piece : literal.split("\ufffd")) {
            if (!piece.isEmpty()) {
                out.add(new Requirement.Text(utf8(piece), ignoreCase));
            }
        }
        return out;
    }

    /** The longest of the required strings, or null. */
    @Nullable
    String longest() {
        String best = null;
        for (String r : required) {
            if (best == null || r.length() > best.length()) {
                best = r;
            }
        }
        return best;
    }

    static byte[] utf8(String s) {
        return s.getBytes(StandardCharsets.UTF_8);
    }
}
