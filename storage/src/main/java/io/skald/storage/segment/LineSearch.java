/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.block.UndatedText;
import io.skald.core.scan.Requirement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the lines of a block that may fulfil a requirement: those that hold one of some byte strings. All lines are searched at once, as one
 * text; only then the lines are found that the hits lie in. Immutable and thread-safe.
 */
final class LineSearch {
    /** Each string is a search of its own. */
    private static final int MOST_TERMS = 8;

    /** Bytes that the nearest cache holds. */
    private static final int PART = 16 << 10;

    private final List<ByteNeedle> needles;
    /** What to look for in lines without their dates; empty if some string may lie in a date. */
    private final List<ByteNeedle> undated;

    private LineSearch(List<ByteNeedle> needles, List<ByteNeedle> undated) {
        this.needles = needles;
        this.undated = undated;
    }

    /** For the requirement of which the shortest string is the longest, or null when none could rule a line out. */
    static @Nullable LineSearch of(List<Requirement> requirements) {
        int best = 0;
        LineSearch found = null;
        for (Requirement r : requirements) {
            List<ByteNeedle> needles = new ArrayList<>();
            List<ByteNeedle> undated = new ArrayList<>();
            int shortest = Integer.MAX_VALUE;
            for (Requirement.Term t : r.anyOf()) {
                byte[] b = t instanceof Requirement.Text x ? needle(x) : new byte[0];
                shortest = Math.min(shortest, b.length);
                if (b.length > 0) {
                    boolean ignoreCase = t instanceof Requirement.Text x && x.ignoreCase();
                    needles.add(new ByteNeedle(b, ignoreCase));
                    byte[] core = UndatedText.core(b, ignoreCase);
                    if (core.length > 0) {
                        undated.add(new ByteNeedle(core, ignoreCase));
                    }
                }
            }
            if (shortest > best && needles.size() <= MOST_TERMS) {
                best = shortest;
                found = new LineSearch(needles, undated.size() == needles.size() ? undated : List.of());
            }
        }
        return found;
    }

    /** The longest part of a text whose letters, where case is ignored, fold within ASCII. */
    private static byte[] needle(Requirement.Text text) {
        byte[] b = text.bytes();
        if (!text.ignoreCase()) {
            return b;
        }
        int from = 0;
        int to = 0;
        int begin = 0;
        for (int i = 0; i <= b.length; i++) {
            // the Kelvin sign and the long s fold to letters of ASCII, and what is beyond it to whatever it likes
            boolean end = i == b.length || b[i] < 0 || (b[i] | 0x20) == 'k' || (b[i] | 0x20) == 's';
            if (end) {
                if (i - begin > to - from) {
                    from = begin;
                    to = i;
                }
                begin = i + 1;
            }
        }
        return Arrays.copyOfRange(b, from, to);
    }

    /** Whether lines can be ruled out before their dates are put back. */
    boolean searchesUndated() {
        return !undated.isEmpty();
    }

    /** Whether any line may be wanted, told from lines without their dates. */
    boolean occursUndated(byte[] lines, int from, int to) {
        // all strings in one part after the other, which then is near
        int part = undated.size() == 1 ? to - from : PART;
        for (int i = from; i < to; i += part) {
            for (ByteNeedle n : undated) {
                if (n.indexIn(lines, i, Math.min(to, i + part + n.length() - 1)) >= 0) {
                    return true;
                }
            }
        }
        return false;
    }

    /** The rows in [lo, hi) that hold one of the strings, ascending. */
    int[] rows(byte[] lines, int[] offsets, int lo, int hi) {
        int[] found = rows(needles.getFirst(), lines, offsets, lo, hi);
        for (int i = 1; i < needles.size(); i++) {
            found = union(found, rows(needles.get(i), lines, offsets, lo, hi));
        }
        return found;
    }

    private static int[] rows(ByteNeedle needle, byte[] lines, int[] offsets, int lo, int hi) {
        int[] found = new int[16];
        int n = 0;
        int row = lo;
        int p = needle.indexIn(lines, offsets[lo], offsets[hi]);
        while (p >= 0) {
            row = rowAt(offsets, row, hi, p);
            int end = offsets[row + 1];
            if (p + needle.length() <= end) {
                if (n == found.length) {
                    found = Arrays.copyOf(found, n * 2);
                }
                found[n++] = row;
                p = needle.indexIn(lines, end, offsets[hi]);
            } else {
                // across a line end: void, and the next may begin at the very next byte
                p = needle.indexIn(lines, p + 1, offsets[hi]);
            }
        }
        return Arrays.copyOf(found, n);
    }

    private static int[] union(int[] a, int[] b) {
        int[] all = new int[a.length + b.length];
        int n = 0;
        int i = 0;
        int j = 0;
        while (i < a.length || j < b.length) {
            int next = j == b.length || i < a.length && a[i] <= b[j] ? a[i] : b[j];
            i += i < a.length && a[i] == next ? 1 : 0;
            j += j < b.length && b[j] == next ? 1 : 0;
            all[n++] = next;
        }
        return Arrays.copyOf(all, n);
    }

    /** The last row in [lo, hi) that begins at or before a byte: the only one that holds it, as rows before it may be empty. */
    private static int rowAt(int[] offsets, int lo, int hi, int at) {
        // hits are often close together
        int step = 1;
        int a = lo;
        int b = hi - 1;
        while (a + step < b && offsets[a + step] <= at) {
            a += step;
            step *= 2;
        }
        b = Math.min(b, a + step);
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
