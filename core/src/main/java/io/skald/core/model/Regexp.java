/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.model;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;

/**
 * Compiles regular expressions in RE2's syntax. All of Skald compiles them here: re2j 1.8 compiles a case-insensitive expression that names
 * one of the Cyrillic letters U+1C80 to U+1C88, alone or in a range, for ever, because their upper-case forms do not lead back to them.
 */
public final class Regexp {
    private static final int FIRST = 0x1c80;
    private static final int LAST = 0x1c88;

    /** Ranges that hold all letters with two cases are not looked at letter by letter. */
    private static final int FIRST_WITH_CASE = 'A';

    private static final int LAST_WITH_CASE = 0x1044f;

    /** A token that is no character. */
    private static final int OTHER = -1;

    private final String text;
    private int at;

    private Regexp(String text) {
        this.text = text;
    }

    /**
     * Compiles.
     *
     * @throws PatternSyntaxException if it is not a regular expression, or one that ignores case and names U+1C80 to U+1C88
     */
    public static Pattern compile(String regexp) {
        if (ignoresCase(regexp) && new Regexp(regexp).namesEndless()) {
            throw new PatternSyntaxException("U+1C80 to U+1C88 are not supported where case is ignored", regexp);
        }
        return Pattern.compile(regexp);
    }

    /** What is wrong with an expression, as Go's regexp writes it. */
    public static String message(PatternSyntaxException e) {
        String part = e.getPattern();
        return "error parsing regexp: " + e.getDescription() + ": `" + (part == null ? "" : part) + "`";
    }

    private static boolean ignoresCase(String regexp) {
        for (int i = regexp.indexOf("(?"); i >= 0; i = regexp.indexOf("(?", i + 2)) {
            for (int j = i + 2; j < regexp.length() && Character.isLetter(regexp.charAt(j)); j++) {
                if (regexp.charAt(j) == 'i') {
                    return true;
                }
            }
        }
        return false;
    }

    /** Takes all that looks like a range for one, in a class or not: what is refused too much is as rare as what must be. */
    private boolean namesEndless() {
        int beforeLast = OTHER;
        int last = OTHER;
        boolean dash = false;
        while (at < text.length()) {
            int from = at;
            int c = next();
            if (holdsEndless(c, c) || dash && beforeLast != OTHER && c != OTHER && holdsEndless(beforeLast, c)) {
                return true;
            }
            beforeLast = last;
            last = c;
            dash = text.startsWith("-", from);
        }
        return false;
    }

    private static boolean holdsEndless(int from, int to) {
        return from <= LAST && to >= FIRST && !(from <= FIRST_WITH_CASE && to >= LAST_WITH_CASE);
    }

    /** The next character, escaped or not, or {@link #OTHER}. */
    private int next() {
        int c = text.codePointAt(at);
        at += Character.charCount(c);
        if (c != '\\' || at == text.length()) {
            return c;
        }
        c = text.codePointAt(at);
        at += Character.charCount(c);
        if (c == 'x') {
            return hexadecimal();
        }
        if (c >= '0' && c <= '7') {
            return octal(c - '0');
        }
        if ("afnrtv".indexOf(c) >= 0) {
            return '\t'; // some control character
        }
        return c < 0x80 && Character.isLetterOrDigit(c) ? OTHER : c;
    }

    /** Two digits, or any number of them in braces; what is neither is read on as it stands, as it may be quoted. */
    private int hexadecimal() {
        boolean braces = text.startsWith("{", at);
        int from = braces ? at + 1 : at;
        int to = braces ? text.indexOf('}', from) : at + 2;
        if (to < from || to > text.length() || to - from > 8) {
            return OTHER;
        }
        try {
            int c = Integer.parseInt(text, from, to, 16);
            at = braces ? to + 1 : to;
            return c;
        } catch (NumberFormatException e) {
            return OTHER;
        }
    }

    private int octal(int first) {
        int value = first;
        for (int n = 1; n < 3 && at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '7'; n++) {
            value = value * 8 + text.charAt(at++) - '0';
        }
        return value;
    }
}
