/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Searches bytes for a substring, optionally with ASCII letters of either case. Skips ahead by a table of the needle's bytes (Horspool).
 * Immutable.
 */
final class Needle implements LineMatcher {
    private final byte[] bytes;
    private final byte[] fold;
    private final int[] shift;

    Needle(String text) {
        this(text.getBytes(StandardCharsets.UTF_8), false);
    }

    /** @param ignoreCase whether ASCII letters match in either case; the needle is then lower-cased */
    Needle(byte[] needle, boolean ignoreCase) {
        fold = new byte[256];
        for (int i = 0; i < 256; i++) {
            fold[i] = (byte) (ignoreCase && i >= 'A' && i <= 'Z' ? i + 32 : i);
        }
        bytes = needle.clone();
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = fold[bytes[i] & 0xff];
        }
        int n = bytes.length;
        shift = new int[256];
        Arrays.fill(shift, Math.max(1, n));
        for (int i = 0; i < n - 1; i++) {
            shift[bytes[i] & 0xff] = n - 1 - i;
        }
        if (ignoreCase) {
            for (int c = 'A'; c <= 'Z'; c++) {
                shift[c] = shift[c + 32];
            }
        }
    }

    @Override
    public boolean matches(byte[] buffer, int from, int to) {
        return indexIn(buffer, from, to) >= 0;
    }

    int length() {
        return bytes.length;
    }

    byte[] bytes() {
        return bytes.clone();
    }

    /** The first place of the needle within [from, to), or -1. */
    int indexIn(byte[] b, int from, int to) {
        int n = bytes.length;
        if (n == 0) {
            return from;
        }
        if (n == 1) {
            return indexOfByte(b, from, to);
        }
        byte last = bytes[n - 1];
        int i = from + n - 1;
        while (i < to) {
            int c = b[i] & 0xff;
            if (fold[c] == last && matchesAt(b, i - n + 1)) {
                return i - n + 1;
            }
            i += shift[c];
        }
        return -1;
    }

    private int indexOfByte(byte[] b, int from, int to) {
        byte c = bytes[0];
        for (int i = from; i < to; i++) {
            if (fold[b[i] & 0xff] == c) {
                return i;
            }
        }
        return -1;
    }

    private boolean matchesAt(byte[] b, int at) {
        for (int k = bytes.length - 2; k >= 0; k--) {
            if (fold[b[at + k] & 0xff] != bytes[k]) {
                return false;
            }
        }
        return true;
    }
}
