/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.tail;

import io.skald.agent.collect.Collector;
import io.skald.agent.pipeline.TraceRules;
import io.skald.core.model.Labels;

/**
 * Cuts bytes into entries that are slices of them, and puts the lines of a stack trace into one: they stand side by side in a plain file, so that
 * nothing is copied. Confined to the tail thread; one for each file.
 */
final class PlainLines {
    private static final long WAIT_NANOS = 150_000_000;
    private static final long OPEN_WAIT_NANOS = 1_000_000_000;
    private static final int MAX_LINES = 1024;
    private static final int MAX_BYTES = 200 * 1024;

    private final boolean traces;
    private final TraceRules rules = new TraceRules();
    private int lines;

    PlainLines(boolean traces) {
        this.traces = traces;
    }

    /** Lines that the last {@link #consume} used. */
    int lines() {
        return lines;
    }

    /** How long the last entry of a file waits for more of it. */
    long waitNanos() {
        return !traces ? 0 : rules.open() ? OPEN_WAIT_NANOS : WAIT_NANOS;
    }

    void reset() {
        rules.reset();
    }

    /**
     * Adds entries, until the batch is full.
     *
     * @param closes whether the last line ends its entry, as nothing more is written
     * @return where the first line begins that was not used
     */
    int consume(
            byte[] b,
            int start,
            int n,
            boolean closes,
            Collector to,
            Collector.Stream stream,
            long now,
            Labels metadata) {
        lines = 0;
        return traces
                ? joined(b, start, n, closes, to, stream, now, metadata)
                : single(b, start, n, to, stream, now, metadata);
    }

    private int single(byte[] b, int start, int n, Collector to, Collector.Stream stream, long now, Labels metadata) {
        int from = start;
        while (from < n && !to.isFull()) {
            int end = Lines.indexOf(b, from, n);
            if (end < 0) {
                break;
            }
            to.add(stream, now, b, from, Lines.withoutCarriageReturn(b, from, end) - from, metadata);
            from = end + 1;
            lines++;
        }
        return from;
    }

    private int joined(
            byte[] b,
            int start,
            int n,
            boolean closes,
            Collector to,
            Collector.Stream stream,
            long now,
            Labels metadata) {
        int from = start; // of the entry
        int end = -1; // of the entry, -1 while there is none
        int count = 0;
        int blanks = 0; // lines behind the entry that may belong to it
        int at = start;
        while (at < n && !to.isFull()) {
            int feed = Lines.indexOf(b, at, n);
            if (feed < 0) {
                break;
            }
            int lineEnd = Lines.withoutCarriageReturn(b, at, feed);
            if (end < 0 || count >= MAX_LINES || end - from > MAX_BYTES) {
                add(b, from, end, count, blanks, to, stream, now, metadata);
                rules.first(b, at, lineEnd);
                from = at;
                end = lineEnd;
                count = 1;
                blanks = 0;
            } else {
                switch (rules.next(b, at, lineEnd, b, from, end)) {
                    case MAYBE -> blanks++;
                    case CONTINUES -> {
                        end = lineEnd;
                        count += blanks + 1;
                        blanks = 0;
                    }
                    case BEGINS -> {
                        add(b, from, end, count, blanks, to, stream, now, metadata);
                        from = at;
                        end = lineEnd;
                        count = 1;
                        blanks = 0;
                    }
                }
            }
            at = feed + 1;
        }
        if (end >= 0 && (closes || to.isFull() && from == start)) {
            add(b, from, end, count, blanks, to, stream, now, metadata);
            rules.reset();
            return at;
        }
        return end >= 0 ? from : at;
    }

    private void add(
            byte[] b,
            int from,
            int end,
            int count,
            int blanks,
            Collector to,
            Collector.Stream stream,
            long now,
            Labels metadata) {
        if (end < 0) {
            return;
        }
        to.add(stream, now, b, from, end - from, metadata);
        for (int i = 0; i < blanks; i++) {
            to.add(stream, now, b, end, 0, metadata);
        }
        lines += count + blanks;
    }
}
