/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What every match of a regular expression contains, groups and alternatives included: a list of clauses, of each of which at least one
 * string is in the match. Says nothing where it does not know the syntax.
 */
final class RegexpClauses {
    private static final int MAX_DEPTH = 20;

    private RegexpClauses() {}

    /** @param s an expression without flags and quotes */
    static List<List<String>> of(String s) {
        List<List<String>> clauses = alternation(s, 0);
        return clauses == null ? List.of() : clauses;
    }

    /** Null if the expression is not understood. */
    private static @Nullable List<List<String>> alternation(String s, int depth) {
        List<String> arms = depth > MAX_DEPTH ? null : split(s);
        if (arms == null) {
            return null;
        }
        List<String> union = new ArrayList<>();
        for (String arm : arms) {
            List<List<String>> clauses = concatenation(arm, depth);
            if (clauses == null || arms.size() == 1) {
                return clauses;
            }
            List<String> best = best(clauses);
            if (best == null) {
                return List.of();
            }
            union.addAll(best);
        }
        return List.of(union);
    }

    /** The clause whose shortest string is longest, or null. */
    private static @Nullable List<String> best(List<List<String>> clauses) {
        List<String> best = null;
        int weight = 0;
        for (List<String> c : clauses) {
            int w = c.stream().mapToInt(String::length).min().orElse(0);
            if (w > weight) {
                best = c;
                weight = w;
            }
        }
        return best;
    }

    /** The alternatives at the top; null where brackets do not fit. */
    private static @Nullable List<String> split(String s) {
        List<String> arms = new ArrayList<>();
        int begin = 0;
        int i = 0;
        while (i < s.length()) {
            switch (s.charAt(i)) {
                case '\\' -> i += 2;
                case '(' -> i = RegexpLiterals.skipGroup(s, i);
                case '[' -> i = RegexpLiterals.skipClass(s, i);
                case ')' -> i = -1;
                case '|' -> {
                    arms.add(s.substring(begin, i));
                    begin = ++i;
                }
                default -> i++;
            }
            if (i < 0) {
                return null;
            }
        }
        arms.add(s.substring(begin));
        return arms;
    }

    private static @Nullable List<List<String>> concatenation(String s, int depth) {
        List<List<String>> out = new ArrayList<>();
        StringBuilder run = new StringBuilder();
        int i = 0;
        while (i < s.length()) {
            char c = s.charAt(i);
            switch (c) {
                case '(' -> {
                    flush(run, out);
                    int end = RegexpLiterals.skipGroup(s, i);
                    List<List<String>> inner = group(s.substring(i + 1, end - 1), depth);
                    // of one that is not understood nothing is said; it changes nothing of what is around it
                    if (inner != null && (end == s.length() || "*?{".indexOf(s.charAt(end)) < 0)) {
                        out.addAll(inner);
                    }
                    i = end;
                }
                case '[' -> {
                    flush(run, out);
                    i = RegexpLiterals.skipClass(s, i);
                }
                case '*', '?', '{' -> {
                    // the character before may be absent
                    RegexpLiterals.dropLast(run);
                    flush(run, out);
                    i = c == '{' ? RegexpLiterals.skipRepeat(s, i) : i + 1;
                }
                case '+', '.', '^', '$' -> {
                    flush(run, out);
                    i++;
                }
                case '\\' -> {
                    if (i + 1 == s.length() || !escape(s.charAt(i + 1), run, out)) {
                        return null;
                    }
                    i += 2;
                }
                default -> {
                    int cp = s.codePointAt(i);
                    run.appendCodePoint(cp);
                    i += Character.charCount(cp);
                }
            }
        }
        flush(run, out);
        return out;
    }

    /** Returns false for an escape that is not known here. */
    private static boolean escape(char e, StringBuilder run, List<List<String>> out) {
        if (RegexpLiterals.isPunctuation(e)) {
            run.append(e);
        } else if (e == 'n' || e == 't') {
            run.append(e == 'n' ? '\n' : '\t');
        } else if ("dDsSwWbBAz".indexOf(e) >= 0) {
            flush(run, out);
        } else {
            return false;
        }
        return true;
    }

    private static @Nullable List<List<String>> group(String inner, int depth) {
        if (!inner.startsWith("?")) {
            return alternation(inner, depth + 1);
        }
        int name = inner.startsWith("?P<") || inner.startsWith("?<") ? inner.indexOf('>') : -1;
        if (inner.startsWith("?:")) {
            return alternation(inner.substring(2), depth + 1);
        }
        // anything else is a change of flags
        return name < 0 ? null : alternation(inner.substring(name + 1), depth + 1);
    }

    private static void flush(StringBuilder run, List<List<String>> out) {
        if (run.length() > 0) {
            out.add(List.of(run.toString()));
            run.setLength(0);
        }
    }
}
