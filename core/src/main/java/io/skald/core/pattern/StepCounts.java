/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.pattern;

import java.util.Arrays;

/** How many lines fell into each step, in order of steps; steps without lines take no room. Confined to one thread. */
final class StepCounts {
    private long[] steps = new long[4];
    private long[] counts = new long[4];
    private int size;
    private long total;

    /** Counts one line; steps come in any order, quickest in ascending order. */
    void add(long step) {
        add(step, 1);
    }

    void add(long step, long n) {
        total += n;
        int i = size - 1;
        while (i >= 0 && steps[i] > step) {
            i--;
        }
        if (i >= 0 && steps[i] == step) {
            counts[i] += n;
            return;
        }
        if (size == steps.length) {
            steps = Arrays.copyOf(steps, 2 * size);
            counts = Arrays.copyOf(counts, 2 * size);
        }
        System.arraycopy(steps, i + 1, steps, i + 2, size - i - 1);
        System.arraycopy(counts, i + 1, counts, i + 2, size - i - 1);
        steps[i + 1] = step;
        counts[i + 1] = n;
        size++;
    }

    void add(StepCounts other) {
        long[] mergedSteps = new long[size + other.size];
        long[] mergedCounts = new long[size + other.size];
        int n = 0;
        int i = 0;
        int j = 0;
        while (i < size || j < other.size) {
            boolean mine = j == other.size || i < size && steps[i] <= other.steps[j];
            boolean theirs = i == size || j < other.size && other.steps[j] <= steps[i];
            mergedSteps[n] = mine ? steps[i] : other.steps[j];
            mergedCounts[n++] = (mine ? counts[i++] : 0) + (theirs ? other.counts[j++] : 0);
        }
        steps = mergedSteps;
        counts = mergedCounts;
        size = n;
        total += other.total;
    }

    long total() {
        return total;
    }

    int size() {
        return size;
    }

    long step(int i) {
        return steps[i];
    }

    long count(int i) {
        return counts[i];
    }

    /** The steps that have lines, ascending. */
    long[] steps() {
        return Arrays.copyOf(steps, size);
    }

    /** The lines of each of {@link #steps}. */
    long[] counts() {
        return Arrays.copyOf(counts, size);
    }
}
