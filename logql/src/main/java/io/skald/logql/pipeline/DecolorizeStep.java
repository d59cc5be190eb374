/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

/** {@code | decolorize}: removes the escape sequences that colour a terminal. */
final class DecolorizeStep implements Step {
    @Override
    public boolean apply(LineState state) {
        byte[] b = state.buffer();
        int from = state.offset();
        int end = state.end();
        int escape = next(b, from, end);
        if (escape == end) {
            return true;
        }
        byte[] out = new byte[end - from];
        int n = 0;
        int at = from;
        while (at < end) {
            int stop = next(b, at, end);
            System.arraycopy(b, at, out, n, stop - at);
            n += stop - at;
            at = stop == end ? end : sequenceEnd(b, stop, end);
        }
        state.replaceLine(out, 0, n);
        return true;
    }

    /** The next colour sequence, or the end. */
    private static int next(byte[] b, int from, int end) {
        for (int i = from; i < end; i++) {
            if (b[i] == 0x1b && sequenceEnd(b, i, end) > i) {
                return i;
            }
        }
        return end;
    }

    /** Behind the sequence {@code ESC [ … m} at i, or i when there is none. */
    private static int sequenceEnd(byte[] b, int i, int end) {
        if (i + 1 >= end || b[i + 1] != '[') {
            return i;
        }
        int k = i + 2;
        while (k < end && (b[k] >= '0' && b[k] <= '9' || b[k] == ';')) {
            k++;
        }
        return k < end && b[k] == 'm' ? k + 1 : i;
    }
}
