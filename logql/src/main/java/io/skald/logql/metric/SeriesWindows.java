/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.metric;

/** The samples of one series, reduced to what its windows need. Confined to one thread. */
public interface SeriesWindows {
    /**
     * Adds a sample. Those of one stream come in order of time; streams may come in any order.
     *
     * @param pane as {@link Windows#pane} says, not {@link Windows#NONE}
     * @param ordinal of the stream; decides between samples of several streams at one time
     */
    void add(int pane, long timestampNanos, int ordinal, double value);

    /**
     * Adds many samples of one pane of which only their number and sum are known; for functions that need no more.
     *
     * @param count at least 1
     */
    void addMany(int pane, long count, double sum);

    /** Takes over the samples of another of the same kind, which must not be used afterwards. */
    void merge(SeriesWindows other);

    /** Writes the value of each step, {@link Values#ABSENT} where the window is empty. */
    void finish(double[] values);
}
