/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Reads key-value pairs of a logfmt line one after the other. Confined to one thread. */
final class LogfmtScanner {
    byte[] b = new byte[0];
    private int from;
    private int at;
    private int end;

    /** What ends a key or a plain value. */
    private static final boolean[] STOPS = stops();

    private static boolean[] stops() {
        boolean[] stops = new boolean[256];
        for (int c = 0; c <= ' '; c++) {
            stops[c] = true;
        }
        stops['='] = true;
        stops['"'] = true;
        return stops;
    }

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long ONES = 0x0101010101010101L;
    private static final long HIGHS = 0x8080808080808080L;
    private static final long SPACES = (' ' + 1) * ONES;
    private static final long EQUALS = '=' * ONES;
    private static final long QUOTES = '"' * ONES;

    /** Whether {@link #seek} cannot help with this line. */
    private boolean walk;

    int keyFrom;
    int keyTo;
    int valueFrom;
    int valueTo;
    /** Whether the value has escapes. */
    boolean escaped;

    private int errorAt;
    private String problem = "";

    void reset(byte[] buffer, int begin, int to) {
        b = buffer;
        from = begin;
        at = begin;
        end = to;
        walk = false;
    }

    /** What {@link #next} found. */
    enum Result {
        PAIR,
        ERROR,
        END
    }

    /** Moves to the next pair. After an error the scanner stands behind the word that is wrong. */
    Result next() {
        // in locals, which the loops keep in registers
        byte[] line = b;
        int to = end;
        int i = at;
        while (i < to && isSpace(line[i])) {
            i++;
        }
        at = i;
        if (i >= to) {
            return Result.END;
        }
        keyFrom = i;
        i = stop(line, i, to);
        at = i;
        keyTo = at;
        valueFrom = at;
        valueTo = at;
        escaped = false;
        if (at >= end || isSpace(b[at])) {
            return Result.PAIR;
        }
        if (b[at] == '"' || keyTo == keyFrom) {
            return unexpected();
        }
        at++;
        if (at >= end || isSpace(b[at])) {
            return Result.PAIR;
        }
        return b[at] == '"' ? quoted() : plain();
    }

    /** Where a key or a plain value ends. */
    private static int stop(byte[] line, int from, int to) {
        int i = from;
        for (; i + 8 <= to; i += 8) {
            long v = (long) LONG.get(line, i);
            long e = v ^ EQUALS;
            long q = v ^ QUOTES;
            // the lowest byte that stops has its highest bit set, and no lower one has
            long hits = (v - SPACES & ~v | e - ONES & ~e | q - ONES & ~q) & HIGHS;
            if (hits != 0) {
                return i + (Long.numberOfTrailingZeros(hits) >>> 3);
            }
        }
        while (i < to && !STOPS[line[i] & 0xff]) {
            i++;
        }
        return i;
    }

    /**
     * Skips pairs that are not of this key, as far as that is easily told; {@link #next} goes on from there. Errors on the way are skipped too.
     *
     * @param key ASCII, not empty, does not begin with an underscore; an underscore in it may be any byte in the line
     * @return false if no pair of this key with a value is left
     */
    boolean seek(byte[] key) {
        if (walk) {
            return true;
        }
        byte[] line = b;
        int n = key.length;
        long firsts = key[0] * ONES;
        // where a key may begin without white space before it
        int begin = at;
        int i = at;
        while (i + n + 8 <= end) {
            long v = (long) LONG.get(line, i);
            if ((v & HIGHS) != 0) {
                return walkFrom(begin);
            }
            long hits = zeros(v ^ firsts | (long) LONG.get(line, i + n) ^ EQUALS) | zeros(v ^ QUOTES);
            i += 8;
            while (hits != 0) {
                int p = i - 8 + (Long.numberOfTrailingZeros(hits) >>> 3);
                if (line[p] == '"') {
                    begin = behindQuote(p, begin);
                    i = begin;
                    break;
                }
                if ((p == begin || line[p - 1] <= ' ') && isKey(key, p)) {
                    at = p;
                    return true;
                }
                hits &= hits - 1;
            }
        }
        for (; i < end; i++) {
            byte c = line[i];
            if (c < 0) {
                return walkFrom(begin);
            }
            if (c == '"') {
                begin = behindQuote(i, begin);
                i = begin - 1;
            } else if (i + n < end && line[i + n] == '=' && (i == begin || line[i - 1] <= ' ') && isKey(key, i)) {
                at = i;
                return true;
            }
        }
        return false;
    }

    /** White space and letters beyond ASCII have rules of their own: gives up seeking in this line. */
    private boolean walkFrom(int begin) {
        walk = true;
        at = begin;
        return true;
    }

    /** The highest bit of each byte that is zero. */
    private static long zeros(long v) {
        return ~((v & ~HIGHS) + ~HIGHS | v | ~HIGHS);
    }

    private boolean isKey(byte[] key, int from) {
        for (int k = 0; k < key.length; k++) {
            if (key[k] != b[from + k] && key[k] != '_') {
                return false;
            }
        }
        return true;
    }

    /** Where {@link #next} would go on after a word with a quote in it: behind the quoted value, or at white space if the word is none. */
    private int behindQuote(int quote, int begin) {
        int equals = quote - 1;
        int w = equals - 1;
        while (w >= begin && b[w] > ' ' && b[w] != '=') {
            w--;
        }
        if (equals > begin && b[equals] == '=' && w < equals - 1 && (w < begin || b[w] != '=')) {
            int i = JsonScanner.quoteOrBackslash(b, quote + 1, end);
            while (i < end && b[i] == '\\') {
                i = JsonScanner.quoteOrBackslash(b, i + 2, end);
            }
            return Math.min(end, i + 1);
        }
        int i = quote;
        while (i < end && !isSpace(b[i])) {
            i++;
        }
        return i;
    }

    private Result plain() {
        byte[] line = b;
        int to = end;
        int i = at;
        valueFrom = i;
        i = stop(line, i, to);
        at = i;
        if (i < to && !isSpace(line[i])) {
            return unexpected();
        }
        valueTo = i;
        return Result.PAIR;
    }

    private Result quoted() {
        byte[] line = b;
        int to = end;
        valueFrom = at + 1;
        int i = JsonScanner.quoteOrBackslash(line, at + 1, to);
        while (i < to && line[i] == '\\') {
            escaped = true;
            i = JsonScanner.quoteOrBackslash(line, i + 2, to);
        }
        if (i < to) {
            valueTo = i;
            at = i + 1;
            return Result.PAIR;
        }
        at = end;
        return error("unterminated quoted value");
    }

    private Result unexpected() {
        Result r = error("unexpected '" + (char) b[at] + "'");
        while (at < end && !isSpace(b[at])) {
            at++;
        }
        return r;
    }

    private Result error(String text) {
        errorAt = at - from + 1;
        problem = text;
        return Result.ERROR;
    }

    String errorText() {
        return "logfmt syntax error at pos " + errorAt + " : " + problem;
    }

    private static boolean isSpace(byte c) {
        return c >= 0 && c <= ' ';
    }
}
