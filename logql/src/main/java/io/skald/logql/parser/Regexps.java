/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.skald.core.model.Regexp;

/** Compiles regular expressions of untrusted queries; refuses those whose compilation would take too much memory or stack. */
final class Regexps {
    /** Deepest nesting of groups. */
    static final int MAX_NESTING = 500;

    /** Largest number in a counted repetition, multiplied along their nesting. */
    static final int MAX_REPEAT = 1000;

    /** Most instructions of a program, estimated. */
    static final int MAX_SIZE = 200_000;

    /** What a class of Unicode characters counts for: it is a table of hundreds of ranges. */
    private static final int UNICODE_CLASS_SIZE = 200;

    private final String regexp;
    /** Per open group: instructions in it so far, and the largest product of repetitions. */
    private final long[] sizes = new long[MAX_NESTING + 1];

    private final int[] repeats = new int[MAX_NESTING + 1];
    private int depth;

    private Regexps(String regexp) {
        this.regexp = regexp;
    }

    /** @throws PatternSyntaxException if it is not one, or too large */
    static Pattern compile(String regexp) {
        new Regexps(regexp).checkSize();
        return Regexp.compile(regexp);
    }

    /** Follows groups and counted repetitions only; what else is wrong is for the compiler to say. */
    private void checkSize() {
        repeats[0] = 1;
        int i = 0;
        while (i < regexp.length()) {
            char c = regexp.charAt(i);
            int start = i;
            i = atomEnd(i);
            if (c == '(') {
                open();
                continue;
            }
            long size = c == '[' ? classSize(start, i) : isUnicodeClass(start) ? UNICODE_CLASS_SIZE : i - start;
            int repeat = 1;
            if (c == ')' && depth > 0) {
                size = sizes[depth] + 2;
                repeat = repeats[depth];
                depth--;
            }
            for (int end = repeatEnd(i); end > i; end = repeatEnd(i)) {
                int count = count(i + 1, end - 1);
                size *= count;
                repeat *= count;
                if (repeat > MAX_REPEAT) {
                    throw new PatternSyntaxException("invalid repeat count", regexp.substring(i, end));
                }
                i = end;
            }
            add(size, repeat);
        }
    }

    private void open() {
        if (++depth > MAX_NESTING) {
            throw new PatternSyntaxException("expression nests too deeply", regexp);
        }
        sizes[depth] = 0;
        repeats[depth] = 1;
    }

    private void add(long size, int repeat) {
        sizes[depth] += size;
        repeats[depth] = Math.max(repeats[depth], repeat);
        if (sizes[depth] > MAX_SIZE) {
            throw new PatternSyntaxException("expression too large", regexp);
        }
    }

    private boolean isUnicodeClass(int at) {
        return regexp.startsWith("\\p", at) || regexp.startsWith("\\P", at);
    }

    private int classSize(int from, int to) {
        int size = 1;
        for (int i = from; i < to; i++) {
            size += isUnicodeClass(i) ? UNICODE_CLASS_SIZE : 0;
        }
        return size;
    }

    /** The end of an escape, a character class, a quotation or a single character. */
    private int atomEnd(int i) {
        char c = regexp.charAt(i);
        if (c == '\\') {
            if (regexp.startsWith("\\Q", i)) {
                int end = regexp.indexOf("\\E", i + 2);
                return end < 0 ? regexp.length() : end + 2;
            }
            return Math.min(i + 2, regexp.length());
        }
        return c == '[' ? classEnd(i) : i + 1;
    }

    private int classEnd(int open) {
        int i = open + 1;
        if (regexp.startsWith("^", i)) {
            i++;
        }
        if (regexp.startsWith("]", i)) {
            i++;
        }
        while (i < regexp.length() && regexp.charAt(i) != ']') {
            int posix = posixClassEnd(i);
            i = posix > 0 ? posix : regexp.charAt(i) == '\\' ? i + 2 : i + 1;
        }
        return Math.min(i + 1, regexp.length());
    }

    /** The end of {@code [:alpha:]} at a place, or -1. */
    private int posixClassEnd(int at) {
        if (!regexp.startsWith("[:", at)) {
            return -1;
        }
        int i = at + 2;
        while (i < regexp.length() && (Character.isLetter(regexp.charAt(i)) || regexp.charAt(i) == '^')) {
            i++;
        }
        return regexp.startsWith(":]", i) ? i + 2 : -1;
    }

    /** The end of {@code {n}}, {@code {n,}} or {@code {n,m}} at a place, or that place. */
    private int repeatEnd(int at) {
        if (at >= regexp.length() || regexp.charAt(at) != '{') {
            return at;
        }
        int i = at + 1;
        while (i < regexp.length() && isRepeatCharacter(regexp.charAt(i))) {
            i++;
        }
        boolean closed = i > at + 1 && i < regexp.length() && regexp.charAt(i) == '}' && regexp.charAt(at + 1) != ',';
        return closed ? i + 1 : at;
    }

    private static boolean isRepeatCharacter(char c) {
        return c >= '0' && c <= '9' || c == ',';
    }

    /** The largest number in the braces, at most one more than is allowed, at least 1. */
    private int count(int from, int to) {
        int largest = 1;
        int number = 0;
        for (int i = from; i < to; i++) {
            char c = regexp.charAt(i);
            number = c == ',' ? 0 : Math.min(number * 10 + c - '0', MAX_REPEAT + 1);
            largest = Math.max(largest, number);
        }
        return largest;
    }
}
