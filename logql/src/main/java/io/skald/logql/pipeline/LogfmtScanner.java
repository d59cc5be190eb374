/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

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
        while (i < to && !STOPS[line[i] & 0xff]) {
            i++;
        }
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

    private Result plain() {
        byte[] line = b;
        int to = end;
        int i = at;
        valueFrom = i;
        while (i < to && !STOPS[line[i] & 0xff]) {
            i++;
        }
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
        for (int i = at + 1; i < to; i++) {
            byte c = line[i];
            if (c == '\\') {
                escaped = true;
                i++;
            } else if (c == '"') {
                valueTo = i;
                at = i + 1;
                return Result.PAIR;
            }
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
