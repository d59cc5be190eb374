/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.metric;

/**
 * The windows (t − offset − range, t − offset] of all steps, cut into <em>panes</em>: stretches of time that every window holds either
 * wholly or not at all. A sample is added to its pane once, however many windows overlap it; a window is a run of panes. Immutable.
 */
public final class Windows {
    /** The pane of a moment that no window holds. */
    public static final int NONE = -1;

    private final Steps steps;
    private final long rangeNanos;
    private final long offsetNanos;
    private final int[] first;
    private final int[] last;

    /**
     * @param rangeNanos length of a window, ≥ 0
     * @param offsetNanos how far back the windows lie; may be negative
     */
    public Windows(Steps steps, long rangeNanos, long offsetNanos) {
        this.steps = steps;
        this.rangeNanos = rangeNanos;
        this.offsetNanos = offsetNanos;
        first = new int[steps.count()];
        last = new int[steps.count()];
        for (int k = 0; k < first.length; k++) {
            long end = Steps.saturatedSubtract(steps.time(k), offsetNanos);
            last[k] = place(end);
            first[k] = rangeNanos == 0
                    ? last[k] + 1
                    : place(Steps.saturatedAdd(Steps.saturatedSubtract(end, rangeNanos), 1));
        }
    }

    public Steps steps() {
        return steps;
    }

    /** How many numbers panes have: they are smaller than this. */
    public int paneCount() {
        return 2 * steps.count() + 1;
    }

    /** The pane that holds a moment, or {@link #NONE}. Panes grow with time. */
    public int pane(long timestampNanos) {
        long shifted = Steps.saturatedAdd(timestampNanos, offsetNanos);
        int ended = steps.before(shifted);
        int begun = steps.before(Steps.saturatedAdd(shifted, rangeNanos));
        return ended < begun ? ended + begun : NONE;
    }

    /** A moment after the given one, such that all moments from there on and before it are in one pane; the latest that is easily told. */
    public long sameUntil(long timestampNanos) {
        long shifted = Steps.saturatedAdd(timestampNanos, offsetNanos);
        long ends = steps.until(shifted);
        long begins = Steps.saturatedSubtract(steps.until(Steps.saturatedAdd(shifted, rangeNanos)), rangeNanos);
        return Math.max(timestampNanos + 1, Steps.saturatedSubtract(Math.min(ends, begins), offsetNanos));
    }

    /** Whether every window holds all of the moments of a range, both ends included, or none of them. */
    public boolean together(long firstNanos, long lastNanos) {
        return place(firstNanos) == place(lastNanos);
    }

    private int place(long timestampNanos) {
        long shifted = Steps.saturatedAdd(timestampNanos, offsetNanos);
        return steps.before(shifted) + steps.before(Steps.saturatedAdd(shifted, rangeNanos));
    }

    /** The first pane of a step's window. */
    int first(int step) {
        return first[step];
    }

    /** The last pane of a step's window; before {@link #first} when the window is empty. */
    int last(int step) {
        return last[step];
    }

    /** The first moment that a window holds. */
    public long startNanos() {
        return Steps.saturatedAdd(
                Steps.saturatedSubtract(Steps.saturatedSubtract(steps.startNanos(), offsetNanos), rangeNanos), 1);
    }

    /** The end of the last window, exclusive. */
    public long endNanos() {
        return Steps.saturatedAdd(Steps.saturatedSubtract(steps.time(steps.count() - 1), offsetNanos), 1);
    }
}
