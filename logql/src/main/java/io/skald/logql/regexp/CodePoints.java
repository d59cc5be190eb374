/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.regexp;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** A set of characters. Filled by one thread, not changed afterwards. */
final class CodePoints {
    static final int MAX = Character.MAX_CODE_POINT;

    /** Characters from first to last, inclusive. */
    record Range(int first, int last) {}

    private final List<Range> ranges = new ArrayList<>();

    static CodePoints of(int... firstsAndLasts) {
        CodePoints s = new CodePoints();
        for (int i = 0; i < firstsAndLasts.length; i += 2) {
            s.add(firstsAndLasts[i], firstsAndLasts[i + 1]);
        }
        return s;
    }

    void add(int first, int last) {
        ranges.add(new Range(first, last));
    }

    void addAll(CodePoints other) {
        ranges.addAll(other.ranges);
    }

    /** In order, apart from each other. */
    List<Range> ranges() {
        List<Range> sorted = new ArrayList<>(ranges);
        sorted.sort(Comparator.comparingInt(Range::first));
        List<Range> out = new ArrayList<>();
        for (Range r : sorted) {
            if (!out.isEmpty() && r.first <= out.getLast().last + 1) {
                Range before = out.removeLast();
                out.add(new Range(before.first, Math.max(before.last, r.last)));
            } else {
                out.add(r);
            }
        }
        return out;
    }

    CodePoints inverted() {
        CodePoints out = new CodePoints();
        int next = 0;
        for (Range r : ranges()) {
            if (r.first > next) {
                out.add(next, r.first - 1);
            }
            next = r.last + 1;
        }
        if (next <= MAX) {
            out.add(next, MAX);
        }
        return out;
    }

    /** Whether there are none beyond ASCII. */
    boolean ascii() {
        return ranges.stream().allMatch(r -> r.last < 0x80);
    }

    /** Of a set within ASCII, the same with all characters that are equal to one of them when case is ignored. */
    CodePoints folded() {
        CodePoints out = new CodePoints();
        for (Range r : ranges) {
            out.add(r.first, r.last);
            for (int c = r.first; c <= r.last; c++) {
                int lower = c | 0x20;
                if (lower >= 'a' && lower <= 'z' && c >= 'A') {
                    out.add(lower, lower);
                    out.add(lower - 0x20, lower - 0x20);
                    if (lower == 'k') {
                        out.add(0x212a, 0x212a); // the Kelvin sign
                    } else if (lower == 's') {
                        out.add(0x17f, 0x17f); // the long s
                    }
                }
            }
        }
        return out;
    }
}
