/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.source;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Parts of a range of time, each widened to whole buckets as far as the range goes. Filled by one thread, then read by several.
 */
final class TimeIntervals {
    /** Times in [start, end). */
    record Interval(long start, long end) {}

    private final long startNanos;
    private final long endNanos;
    private final long bucketNanos;
    private final List<Interval> added = new ArrayList<>();
    private List<Interval> joined = List.of();

    /** @param endNanos exclusive */
    TimeIntervals(long startNanos, long endNanos, long bucketNanos) {
        this.startNanos = startNanos;
        this.endNanos = endNanos;
        this.bucketNanos = bucketNanos;
    }

    /** Adds the buckets of times in [first, last]. */
    void add(long first, long last) {
        long from = Math.max(startNanos, first - Math.floorMod(first, bucketNanos));
        // the last bucket of all time has no end that fits
        long rest = bucketNanos - Math.floorMod(last, bucketNanos);
        long to = last > Long.MAX_VALUE - rest ? endNanos : Math.min(endNanos, last + rest);
        if (from < to) {
            added.add(new Interval(from, to));
        }
    }

    /** Puts together what touches; must be called before anything is asked. */
    void join() {
        added.sort(Comparator.comparingLong(Interval::start));
        List<Interval> out = new ArrayList<>();
        for (Interval i : added) {
            if (!out.isEmpty() && i.start <= out.getLast().end) {
                Interval before = out.removeLast();
                out.add(new Interval(before.start, Math.max(before.end, i.end)));
            } else {
                out.add(i);
            }
        }
        joined = out;
    }

    List<Interval> list() {
        return joined;
    }

    /** Whether any time in [from, to) is in one of them. */
    boolean meet(long from, long to) {
        int low = 0;
        int high = joined.size();
        while (low < high) {
            int mid = (low + high) >>> 1;
            if (joined.get(mid).end <= from) {
                low = mid + 1;
            } else {
                high = mid;
            }
        }
        return low < joined.size() && joined.get(low).start < to;
    }

    /** What is in [from, to) and in none of them. */
    List<Interval> gaps(long from, long to) {
        List<Interval> out = new ArrayList<>();
        long at = from;
        for (Interval i : joined) {
            if (i.end <= at) {
                continue;
            }
            if (i.start >= to) {
                break;
            }
            if (i.start > at) {
                out.add(new Interval(at, i.start));
            }
            at = i.end;
        }
        if (at < to) {
            out.add(new Interval(at, to));
        }
        return out;
    }
}
