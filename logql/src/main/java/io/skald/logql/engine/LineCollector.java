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
    private final long maxBytes;

    /** The worst line that is kept comes first. */
    private final PriorityQueue<Candidate> kept = new PriorityQueue<>(Collections.reverseOrder());

    /** The one candidate of each key that is kept. */
    private final Map<List<String>, Candidate> byKey = new HashMap<>();

    private volatile long bound = Long.MAX_VALUE;

    private long bytes;

    /** Whether lines may have been left out. */
    private boolean full;

    LineCollector(int limit) {
        this(limit, Long.MAX_VALUE);
    }

    /** @param maxBytes characters of lines kept at most, but for a first line that is longer */
    LineCollector(int limit, long maxBytes) {
        this.limit = limit;
        this.maxBytes = maxBytes;
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
            Candidate known = key == null ? null : byKey.get(key);
            if (known != null) {
                if (c.compareTo(known) >= 0) {
                    continue;
                }
                kept.remove(known);
                drop(known);
            }
            Candidate worst = kept.peek();
            if (known == null && full && (worst == null || c.compareTo(worst) >= 0)) {
                continue;
            }
            keep(c, key);
            while (kept.size() > limit || bytes > maxBytes && kept.size() > 1) {
                drop(kept.poll());
                full = true;
            }
            full |= kept.size() == limit;
        }
        Candidate worst = kept.peek();
        if (full && worst != null) {
            bound = worst.order();
        }
    }

    /** Whether there may be lines that were not kept. */
    synchronized boolean isFull() {
        return full;
    }

    private void drop(@Nullable Candidate c) {
        if (c != null) {
            bytes -= c.line().line().length();
            if (c.key() != null) {
                byKey.remove(c.key());
            }
        }
    }

    private void keep(Candidate c, @Nullable List<String> key) {
        kept.add(c);
        bytes += c.line().line().length();
        if (key != null) {
            byKey.put(key, c);
        }
    }

    /** The lines in the direction of reading. */
    List<QueryResult.Line> lines() {
        return sorted().stream().map(Candidate::line).toList();
    }

    synchronized List<Candidate> sorted() {
        Candidate[] sorted = kept.toArray(new Candidate[0]);
        Arrays.sort(sorted);
        return List.of(sorted);
    }
}
