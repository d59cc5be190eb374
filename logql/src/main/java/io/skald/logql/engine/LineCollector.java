/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the first lines of many readers up to a limit, of lines with the same key only the first. Thread-safe: guarded by {@code this}; the
 * bound is read without the lock.
 */
final class LineCollector {
    private final int limit;

    /** The worst line that is kept comes first. */
    private final PriorityQueue<Candidate> kept = new PriorityQueue<>(Collections.reverseOrder());

    /** The one candidate of each key that is kept. */
    private final Map<List<String>, Candidate> byKey = new HashMap<>();

    private volatile long bound = Long.MAX_VALUE;

    LineCollector(int limit) {
        this.limit = limit;
    }

    /**
     * A line that may be part of the answer.
     *
     * @param order the line's time, as a number that grows in the direction of reading
     * @param ordinal of the stream, which decides between equal times
     * @param sequence place within the stream
     * @param key what only one line may have; null for no such condition
     */
    record Candidate(
            long order,
            int ordinal,
            long sequence,
            QueryResult.Line line,
            @Nullable List<String> key) implements Comparable<Candidate> {
        @Override
        public int compareTo(Candidate o) {
            int c = Long.compare(order, o.order);
            if (c == 0) {
                c = Integer.compare(ordinal, o.ordinal);
            }
            return c != 0 ? c : Long.compare(sequence, o.sequence);
        }
    }

    /** Whether there are enough lines that come strictly before this order. */
    boolean beyond(long order) {
        return order > bound;
    }

    synchronized void add(List<Candidate> candidates) {
        for (Candidate c : candidates) {
            List<String> key = c.key();
            if (key != null && !isFirst(c, key)) {
                continue;
            }
            if (kept.size() < limit) {
                keep(c, key);
            } else {
                Candidate worst = kept.peek();
                if (worst == null || c.compareTo(worst) >= 0) {
                    continue;
                }
                kept.poll();
                if (worst.key() != null) {
                    byKey.remove(worst.key());
                }
                keep(c, key);
            }
        }
        Candidate worst = kept.peek();
        if (kept.size() >= limit && worst != null) {
            bound = worst.order();
        }
    }

    private void keep(Candidate c, @Nullable List<String> key) {
        kept.add(c);
        if (key != null) {
            byKey.put(key, c);
        }
    }

    /** Whether a candidate comes before the one kept with its key, which is given up then. */
    private boolean isFirst(Candidate c, List<String> key) {
        Candidate known = byKey.get(key);
        if (known == null) {
            return true;
        }
        if (c.compareTo(known) >= 0) {
            return false;
        }
        kept.remove(known);
        byKey.remove(key);
        return true;
    }

    /** The lines in the direction of reading. */
    synchronized List<QueryResult.Line> lines() {
        Candidate[] sorted = kept.toArray(new Candidate[0]);
        Arrays.sort(sorted);
        return Arrays.stream(sorted).map(Candidate::line).toList();
    }
}
