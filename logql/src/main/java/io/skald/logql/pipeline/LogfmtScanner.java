/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

/** Reads key-value pairs of a logfmt line one after the other. Confined to one thread. */
final class LogfmtScanner {
    byte[] b = new byte[0];
    private int from;
    private int at;
    private int end;

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
        while (at < end && isSpace(b[at])) {
            at++;
        }
        if (at >= end) {
            return Result.END;
        }
        keyFrom = at;
        while (at < end && !isSpace(b[at]) && b[at] != '=' && b[at] != '"') {
            at++;
        }
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
        valueFrom = at;
        while (at < end && !isSpace(b[at])) {
            if (b[at] == '=' || b[at] == '"') {
                return unexpected();
            }
            at++;
        }
        valueTo = at;
        return Result.PAIR;
    }

    private Result quoted() {
        valueFrom = at + 1;
        for (int i = at + 1; i < end; i++) {
            byte c = b[i];
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
