/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.scan;

import io.skald.core.model.StoreException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A stream as far as it is known without reading it, and the rest. An entry is in exactly one of both: a minute is counted only if it lies
 * whole where its caller wants it and no two parts of the stream that overlap in time have entries in it: only those can have equal ones.
 *
 * @param cells what is counted
 * @param rest what must be read, in order of time; parts that overlap there are merged
 */
public record Counted(List<Cells> cells, List<StreamScan> rest) {
    /** Cells [from, to) of a tally. */
    public record Cells(Tally tally, int from, int to) {}

    /** Which cells the caller can use. */
    public interface Wanted {
        /** Whether the caller takes counts of a minute as a whole. */
        boolean minute(long minute);

        /** Whether what a tally tells is all that the caller needs to know of its entries. */
        boolean tally(Tally tally);
    }

    /** Puts parts together that are to be read as one stream. */
    interface Merge {
        StreamScan of(List<StreamScan> parts);
    }

    /** A part with its tally. */
    private record Told(IndexedScan scan, Tally tally) {}

    /** A run of minutes that must be read, both inclusive. */
    private record Run(long first, long last) implements Comparable<Run> {
        @Override
        public int compareTo(Run o) {
            return Long.compare(first, o.first);
        }
    }

    /** A part that is a stream by itself; null if nothing of it can be counted. */
    public static @Nullable Counted of(IndexedScan part, Wanted wanted) throws StoreException {
        return of(List.of(part), wanted, List::getFirst);
    }

    /** Null if nothing can be counted. */
    static @Nullable Counted of(List<StreamScan> parts, Wanted wanted, Merge merge) throws StoreException {
        List<Told> told = new ArrayList<>();
        List<Run> runs = new ArrayList<>();
        for (StreamScan p : parts) {
            Tally t = p instanceof IndexedScan i ? i.tally() : null;
            if (t != null && wanted.tally(t)) {
                told.add(new Told((IndexedScan) p, t));
            } else {
                runs.add(new Run(Tally.minuteOf(p.minNanos()), Tally.minuteOf(p.maxNanos())));
            }
        }
        if (told.isEmpty()) {
            return null;
        }
        long[] shared = shared(told);
        runs = joined(runs);
        List<Cells> cells = new ArrayList<>();
        List<Run> dirty = new ArrayList<>(runs);
        for (Told t : told) {
            take(t.tally, shared, runs, wanted, cells, dirty);
        }
        List<StreamScan> rest = new ArrayList<>();
        for (Run r : joined(dirty)) {
            List<StreamScan> in = in(parts, r);
            if (!in.isEmpty()) {
                rest.add(in.size() == 1 ? in.getFirst() : merge.of(in));
            }
        }
        return new Counted(cells, rest);
    }

    /** Minutes in which parts overlap. */
    private static List<Run> overlaps(List<Told> told) {
        List<Told> byMin = new ArrayList<>(told);
        byMin.sort(Comparator.comparingLong(t -> t.scan.minNanos()));
        List<Run> runs = new ArrayList<>();
        long max = byMin.getFirst().scan.maxNanos();
        for (Told t : byMin.subList(1, byMin.size())) {
            long min = t.scan.minNanos();
            if (min <= max) {
                runs.add(new Run(Tally.minuteOf(min), Tally.minuteOf(Math.min(max, t.scan.maxNanos()))));
            }
            max = Math.max(max, t.scan.maxNanos());
        }
        return joined(runs);
    }

    /** The minutes that more than one tally has and in which parts overlap, sorted. */
    private static long[] shared(List<Told> told) {
        List<Run> overlaps = overlaps(told);
        if (overlaps.isEmpty()) {
            return new long[0];
        }
        int n = 0;
        for (Told t : told) {
            n += t.tally.size();
        }
        long[] all = new long[n];
        n = 0;
        for (Told t : told) {
            long last = 0;
            for (int i = 0; i < t.tally.size(); i++) {
                long m = t.tally.minute(i);
                if (i == 0 || m != last) {
                    all[n++] = m;
                }
                last = m;
            }
        }
        Arrays.sort(all, 0, n);
        long[] shared = new long[n];
        int kept = 0;
        int o = 0;
        for (int i = 1; i < n; i++) {
            long m = all[i];
            while (o < overlaps.size() && overlaps.get(o).last < m) {
                o++;
            }
            boolean overlap = o < overlaps.size() && overlaps.get(o).first <= m;
            if (overlap && m == all[i - 1] && (kept == 0 || shared[kept - 1] != m)) {
                shared[kept++] = m;
            }
        }
        return Arrays.copyOf(shared, kept);
    }

    private static void take(
            Tally t, long[] shared, List<Run> opaque, Wanted wanted, List<Cells> cells, List<Run> dirty) {
        int begin = 0;
        int i = 0;
        int s = 0;
        int o = 0;
        while (i < t.size()) {
            long m = t.minute(i);
            int next = i + 1;
            while (next < t.size() && t.minute(next) == m) {
                next++;
            }
            while (s < shared.length && shared[s] < m) {
                s++;
            }
            while (o < opaque.size() && opaque.get(o).last < m) {
                o++;
            }
            boolean clean = !(s < shared.length && shared[s] == m)
                    && !(o < opaque.size() && opaque.get(o).first <= m)
                    && wanted.minute(m);
            if (!clean) {
                if (begin < i) {
                    cells.add(new Cells(t, begin, i));
                }
                begin = next;
                dirty.add(new Run(m, m));
            }
            i = next;
        }
        if (begin < i) {
            cells.add(new Cells(t, begin, i));
        }
    }

    /** Sorted, those that touch or overlap put together. */
    private static List<Run> joined(List<Run> runs) {
        List<Run> sorted = new ArrayList<>(runs);
        sorted.sort(null);
        List<Run> out = new ArrayList<>();
        for (Run r : sorted) {
            if (!out.isEmpty() && r.first <= out.getLast().last + 1) {
                Run l = out.removeLast();
                out.add(new Run(l.first, Math.max(l.last, r.last)));
            } else {
                out.add(r);
            }
        }
        return out;
    }

    /** What parts have in a run. A part that cannot be cut lies in one run as a whole. */
    private static List<StreamScan> in(List<StreamScan> parts, Run r) {
        long start = saturatedNanos(r.first) + 1;
        long end = saturatedNanos(r.last + 1);
        end = end == Long.MAX_VALUE ? end : end + 1;
        List<StreamScan> in = new ArrayList<>();
        for (StreamScan p : parts) {
            if (p.minNanos() >= end || p.maxNanos() < start) {
                continue;
            }
            if (p instanceof IndexedScan x) {
                IndexedScan cut = x.between(start, end);
                if (cut.minNanos() <= cut.maxNanos()) {
                    in.add(cut);
                }
            } else {
                in.add(p);
            }
        }
        return in;
    }

    private static long saturatedNanos(long minute) {
        return minute > Long.MAX_VALUE / Tally.MINUTE_NANOS ? Long.MAX_VALUE : minute * Tally.MINUTE_NANOS;
    }
}
