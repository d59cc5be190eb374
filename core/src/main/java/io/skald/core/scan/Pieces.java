/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.scan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;

/** Cuts a stream of several parts into stretches of time that can be read apart. */
final class Pieces {
    /** Where parts overlap, a block that a cut goes through is read twice: so pieces are of so many blocks of each. */
    private static final int BLOCKS_OF_EACH = 8;

    private Pieces() {}

    /** Stretches in order of time; together they give what the parts give, but for what skip filters rule out. */
    static List<StreamScan> of(List<StreamScan> parts, Counted.Merge merge) {
        long[] cuts = cuts(parts);
        List<StreamScan> pieces = new ArrayList<>(cuts.length + 1);
        Active active = new Active(parts);
        for (int i = 0; i <= cuts.length; i++) {
            long start = i == 0 ? Long.MIN_VALUE : cuts[i - 1];
            long end = i == cuts.length ? Long.MAX_VALUE : cuts[i];
            active.advance(start, end);
            List<StreamScan> in = new ArrayList<>(1);
            for (int p : active.parts) {
                StreamScan part = parts.get(p);
                if (i == cuts.length || part.minNanos() < end) {
                    StreamScan cut = cuts.length > 0 && part instanceof IndexedScan x ? x.between(start, end) : part;
                    if (cut.minNanos() <= cut.maxNanos() && !(cut instanceof IndexedScan x && !x.mayHoldAny())) {
                        in.add(cut);
                    }
                }
            }
            if (!in.isEmpty()) {
                pieces.add(in.size() == 1 ? in.getFirst() : merge.of(in));
            }
        }
        return pieces;
    }

    /** The parts that a stretch of time may touch, while stretches come in order. */
    private static final class Active {
        private final List<StreamScan> all;
        private final Integer[] byMin;
        private int next;
        /** Numbers of parts, ascending, as their order decides between entries of one time. */
        private final TreeSet<Integer> parts = new TreeSet<>();

        Active(List<StreamScan> all) {
            this.all = all;
            byMin = new Integer[all.size()];
            Arrays.setAll(byMin, i -> i);
            Arrays.sort(byMin, Comparator.comparingLong(i -> all.get(i).minNanos()));
        }

        void advance(long start, long end) {
            parts.removeIf(p -> all.get(p).maxNanos() < start);
            while (next < byMin.length && (all.get(byMin[next]).minNanos() < end || end == Long.MAX_VALUE)) {
                parts.add(byMin[next++]);
            }
        }
    }

    private static long[] cuts(List<StreamScan> parts) {
        int n = 0;
        List<long[]> each = new ArrayList<>(parts.size());
        for (StreamScan p : parts) {
            long[] c = p instanceof IndexedScan i ? i.cuts() : new long[0];
            each.add(c);
            n += c.length + 2;
        }
        long[] all = new long[n];
        n = 0;
        for (int i = 0; i < each.size(); i++) {
            for (long c : each.get(i)) {
                all[n++] = c;
            }
            // and between parts that do not overlap
            all[n++] = parts.get(i).minNanos();
            all[n++] = Math.max(parts.get(i).maxNanos(), parts.get(i).maxNanos() + 1);
        }
        Arrays.sort(all, 0, n);
        return thinned(parts, all, n);
    }

    /** Leaves out cuts through parts that cannot be cut, and most of those where parts overlap. */
    private static long[] thinned(List<StreamScan> parts, long[] all, int n) {
        long first = Long.MAX_VALUE;
        for (StreamScan p : parts) {
            first = Math.min(first, p.minNanos());
        }
        Active active = new Active(parts);
        long[] kept = new long[n];
        int size = 0;
        int skipped = 0;
        for (int i = 0; i < n; i++) {
            long c = all[i];
            if (c <= first || i > 0 && all[i - 1] == c) {
                continue;
            }
            active.advance(c, c);
            boolean allowed = true;
            for (int p : active.parts) {
                allowed &= parts.get(p) instanceof IndexedScan;
            }
            int through = active.parts.size();
            skipped++;
            if (allowed && (through <= 1 || skipped >= BLOCKS_OF_EACH * through)) {
                kept[size++] = c;
                skipped = 0;
            }
        }
        // a cut behind the last entry makes an empty piece, which is left out when it is made
        return Arrays.copyOf(kept, size);
    }
}
