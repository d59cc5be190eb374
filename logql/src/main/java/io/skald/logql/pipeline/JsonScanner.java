/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Walks JSON in bytes without building anything. Tolerant as parsers of log lines are: what follows the value is not looked at. Skipping is
 * without recursion, so that depth costs nothing. Confined to one thread.
 */
final class JsonScanner {
    /** What a value is. */
    enum Kind {
        STRING,
        NUMBER,
        BOOLEAN,
        NULL,
        OBJECT,
        ARRAY,
        NONE
    }

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long ONES = 0x0101010101010101L;
    private static final long HIGHS = 0x8080808080808080L;
    private static final long QUOTES = '"' * ONES;
    private static final long BACKSLASHES = '\\' * ONES;

    static final String MALFORMED = "Value looks like object, but can't find closing '}' symbol";

    byte[] b = new byte[0];
    int at;
    int end;

    /** Of the last value: what it is, and where; for strings without the quotes. */
    Kind kind = Kind.NONE;

    int valueFrom;
    int valueTo;
    /** Whether the last string has escapes. */
    boolean escaped;

    void reset(byte[] buffer, int from, int to) {
        b = buffer;
        at = from;
        end = to;
    }

    /** The next byte that is not white space, or -1 at the end; does not consume it. */
    int peek() {
        while (at < end) {
            byte c = b[at];
            if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
                return c;
            }
            at++;
        }
        return -1;
    }

    /** Consumes a byte after white space if it is there. */
    boolean eat(int c) {
        if (peek() != c) {
            return false;
        }
        at++;
        return true;
    }

    /** Consumes a string; {@code valueFrom}, {@code valueTo} and {@code escaped} tell about it. */
    boolean string() {
        return eat('"') && text();
    }

    /** Consumes a string behind its first quote. */
    private boolean text() {
        int from = at;
        boolean esc = false;
        int i = quoteOrBackslash(b, from, end);
        while (i < end) {
            if (b[i] == '"') {
                valueFrom = from;
                valueTo = i;
                escaped = esc;
                kind = Kind.STRING;
                at = i + 1;
                return true;
            }
            esc = true;
            i = quoteOrBackslash(b, i + 2, end);
        }
        return false;
    }

    /** Where the next of both is, eight bytes at a time; {@code end} or more if there is none. */
    static int quoteOrBackslash(byte[] b, int from, int end) {
        int i = from;
        for (; i + 8 <= end; i += 8) {
            long v = (long) LONG.get(b, i);
            long q = v ^ QUOTES;
            long s = v ^ BACKSLASHES;
            // the lowest byte that is zero has its highest bit set, and no lower one has
            long hits = (q - ONES & ~q | s - ONES & ~s) & HIGHS;
            if (hits != 0) {
                return i + (Long.numberOfTrailingZeros(hits) >>> 3);
            }
        }
        while (i < end && b[i] != '"' && b[i] != '\\') {
            i++;
        }
        return i;
    }

    /** Consumes any value; objects and arrays as a whole. False if there is none, or none that ends. */
    boolean value() {
        int c = peek();
        return switch (c) {
            case '"' -> {
                at++;
                yield text();
            }
            case '{', '[' -> {
                int from = at;
                if (!skipNested()) {
                    yield false;
                }
                valueFrom = from;
                valueTo = at;
                kind = c == '{' ? Kind.OBJECT : Kind.ARRAY;
                yield true;
            }
            default -> scalar();
        };
    }

    private boolean scalar() {
        int from = at;
        int i = scalarEnd(b, from, end);
        int n = i - from;
        if (n == 0) {
            return false;
        }
        byte c = b[from];
        if (beginsNumber(c)) {
            kind = Kind.NUMBER;
        } else if (is(from, n, "true") || is(from, n, "false")) {
            kind = Kind.BOOLEAN;
        } else if (is(from, n, "null")) {
            kind = Kind.NULL;
        } else {
            return false;
        }
        valueFrom = from;
        valueTo = i;
        at = i;
        return true;
    }

    /** Whether a value that begins so is a number. */
    static boolean beginsNumber(byte c) {
        return c == '-' || c >= '0' && c <= '9';
    }

    /** Where a value that is no string, object or array ends. */
    static int scalarEnd(byte[] b, int from, int end) {
        int i = from;
        while (i < end && b[i] != ',' && b[i] != '}' && b[i] != ']' && b[i] > ' ') {
            i++;
        }
        return i;
    }

    private boolean is(int from, int n, String word) {
        if (n != word.length()) {
            return false;
        }
        for (int i = 0; i < n; i++) {
            if (b[from + i] != word.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** Skips an object or array by counting brackets outside strings. */
    private boolean skipNested() {
        byte open = b[at];
        byte close = (byte) (open == '{' ? '}' : ']');
        int depth = 0;
        int i = at;
        while (i < end) {
            byte c = b[i];
            if (c == '"') {
                i = skipString(i);
                if (i < 0) {
                    return false;
                }
                continue;
            }
            if (c == open) {
                depth++;
            } else if (c == close && --depth == 0) {
                at = i + 1;
                return true;
            }
            i++;
        }
        return false;
    }

    private int skipString(int quote) {
        int i = quoteOrBackslash(b, quote + 1, end);
        while (i < end) {
            if (b[i] == '"') {
                return i + 1;
            }
            i = quoteOrBackslash(b, i + 2, end);
        }
        return -1;
    }
}
