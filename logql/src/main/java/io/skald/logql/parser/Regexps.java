/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;

/** Compiles regular expressions of untrusted queries; refuses those whose compilation would take too much memory or stack. */
final class Regexps {
    /** Deepest nesting of groups. */
    static final int MAX_NESTING = 500;

    /** Most copies of a sub-expression that counted repetitions, multiplied along their nesting, may make. */
    static final int MAX_REPEAT = 1000;

    private Regexps() {}

    /** @throws PatternSyntaxException if it is not one, or too large */
    static Pattern compile(String regexp) {
        checkNesting(regexp);
        return Pattern.compile(regexp);
    }

    /** The text for the user. */
    static String message(PatternSyntaxException e) {
        String pattern = e.getPattern();
        return "error parsing regexp: " + e.getDescription() + ": `" + (pattern == null ? "" : pattern) + "`";
    }

    /** Follows groups and counted repetitions only; what else is wrong is for the compiler to say. */
    private static void checkNesting(String regexp) {
        int[] copies = new int[MAX_NESTING + 2];
        int depth = 0;
        int i = 0;
        while (i < regexp.length()) {
            int end = atomEnd(regexp, i);
            char c = regexp.charAt(i);
            int inner = 1;
            if (c == '(') {
                if (++depth > MAX_NESTING) {
                    throw new PatternSyntaxException("expression nests too deeply", regexp);
                }
                copies[depth] = 1;
                i = end;
                continue;
            }
            if (c == ')' && depth > 0) {
                inner = copies[depth--];
            }
            i = end;
            int repeatEnd = repeatEnd(regexp, i);
            while (repeatEnd > i) {
                inner *= count(regexp.substring(i + 1, repeatEnd - 1));
                if (inner > MAX_REPEAT) {
                    throw new PatternSyntaxException("invalid repeat count", regexp.substring(i, repeatEnd));
                }
                i = repeatEnd;
                repeatEnd = repeatEnd(regexp, i);
            }
            copies[depth] = Math.max(Math.max(copies[depth], 1), inner);
        }
    }

    /** The end of an escape, a character class, a quotation or a single character. */
    private static int atomEnd(String s, int i) {
        char c = s.charAt(i);
        if (c == '\\') {
            if (s.startsWith("\\Q", i)) {
                int end = s.indexOf("\\E", i + 2);
                return end < 0 ? s.length() : end + 2;
            }
            return Math.min(i + 2, s.length());
        }
        if (c == '[') {
            return classEnd(s, i);
        }
        return i + 1;
    }

    private static int classEnd(String s, int open) {
        int i = open + 1;
        if (s.startsWith("^", i)) {
            i++;
        }
        if (s.startsWith("]", i)) {
            i++;
        }
        while (i < s.length() && s.charAt(i) != ']') {
            int posix = s.startsWith("[:", i) ? s.indexOf(":]", i + 2) : -1;
            i = posix > 0 ? posix + 2 : s.charAt(i) == '\\' ? i + 2 : i + 1;
        }
        return Math.min(i + 1, s.length());
    }

    /** The end of {@code {n}}, {@code {n,}} or {@code {n,m}} at a place, or that place. */
    private static int repeatEnd(String s, int at) {
        if (at >= s.length() || s.charAt(at) != '{') {
            return at;
        }
        int i = at + 1;
        while (i < s.length() && (s.charAt(i) >= '0' && s.charAt(i) <= '9' || s.charAt(i) == ',')) {
            i++;
        }
        boolean closed = i > at + 1 && i < s.length() && s.charAt(i) == '}' && s.charAt(at + 1) != ',';
        return closed ? i + 1 : at;
    }

    /** The largest number in the braces, at most one more than is allowed, at least 1. */
    private static int count(String numbers) {
        int largest = 1;
        int number = 0;
        for (int i = 0; i < numbers.length(); i++) {
            char c = numbers.charAt(i);
            number = c == ',' ? 0 : Math.min(number * 10 + c - '0', MAX_REPEAT + 1);
            largest = Math.max(largest, number);
        }
        return largest;
    }
}
