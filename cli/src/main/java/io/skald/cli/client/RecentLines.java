/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.client;

import io.skald.cli.client.Answer.Line;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The lines that were printed last, so that asking for them again does not print them again. Equal lines are one, as in the answer to a query.
 * It forgets what is a minute older than the newest line, and the oldest when there are too many. Not thread-safe.
 */
final class RecentLines {
    /** How late a line may come to be found by asking again from {@link #completeFrom}. */
    private static final long OVERLAP_NANOS = 60_000_000_000L;

    private static final int MAX_LINES = 20_000;

    private final TreeMap<Long, Set<Line>> byTime = new TreeMap<>();
    private int count;
    private long completeFrom;

    /** @param startNanos no line before it is asked for */
    RecentLines(long startNanos) {
        this.completeFrom = startNanos;
    }

    /** The time from which on every line is remembered: to ask again from here misses none and repeats none. */
    long completeFrom() {
        return completeFrom;
    }

    /**
     * Takes a line.
     *
     * @param nowNanos lines in the future do not make those of the present old
     * @return whether it is new, as far as is remembered
     */
    boolean add(Line line, long nowNanos) {
        if (line.timestampNanos() < completeFrom) {
            return true;
        }
        if (!byTime.computeIfAbsent(line.timestampNanos(), t -> new HashSet<>()).add(line)) {
            return false;
        }
        count++;
        long old = Math.min(byTime.lastKey(), nowNanos) - OVERLAP_NANOS;
        while (count > MAX_LINES && byTime.size() > 1 || byTime.firstKey() < old) {
            Map.Entry<Long, Set<Line>> first = byTime.pollFirstEntry();
            count -= first.getValue().size();
            completeFrom = first.getKey() + 1;
        }
        return true;
    }
}
