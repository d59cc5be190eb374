/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.scan.Requirement;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds a byte string in the line column of a block. Immutable and thread-safe. */
final class Literal {
    private final String needle;

    private Literal(String needle) {
        this.needle = needle;
    }

    /** The longest of several, or null when there is none that could rule a line out. */
    static @Nullable Literal longest(List<Requirement> requirements) {
        byte[] best = new byte[0];
        for (Requirement r : requirements) {
            if (r.anyOf().size() == 1
                    && r.anyOf().getFirst() instanceof Requirement.Text t
                    && !t.ignoreCase()
                    && t.bytes().length > best.length) {
                best = t.bytes();
            }
        }
        return best.length == 0 ? null : new Literal(new String(best, StandardCharsets.ISO_8859_1));
    }

    /** Bytes as a string of one character each: searching it is an intrinsic that no loop over the array comes near. */
    static String haystack(byte[] lines, int from, int to) {
        return new String(lines, from, to - from, StandardCharsets.ISO_8859_1);
    }

    boolean occurs(String haystack) {
        return haystack.contains(needle);
    }

    /** The rows in [lo, hi) whose line holds the literal; {@code haystack} is the bytes of these rows. */
    int[] rows(String haystack, int[] offsets, int lo, int hi) {
        int[] found = new int[16];
        int n = 0;
        int base = offsets[lo];
        int row = lo;
        int p = haystack.indexOf(needle);
        while (p >= 0) {
            row = rowAt(offsets, row, hi, base + p);
            int end = offsets[row + 1] - base;
            if (p + needle.length() <= end) {
                if (n == found.length) {
                    found = Arrays.copyOf(found, n * 2);
                }
                found[n++] = row;
                p = haystack.indexOf(needle, end);
            } else {
                // across a line end: void, and the next may begin at the very next byte
                p = haystack.indexOf(needle, p + 1);
            }
        }
        return Arrays.copyOf(found, n);
    }

    /** The last row in [lo, hi) that begins at or before a byte: the only one that holds it, as rows before it may be empty. */
    private static int rowAt(int[] offsets, int lo, int hi, int at) {
        int a = lo;
        int b = hi - 1;
        while (a < b) {
            int mid = (a + b + 1) >>> 1;
            if (offsets[mid] <= at) {
                a = mid;
            } else {
                b = mid - 1;
            }
        }
        return a;
    }
}
