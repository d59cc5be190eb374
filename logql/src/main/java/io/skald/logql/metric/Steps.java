/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.metric;

/**
 * The moments at which a metric query is evaluated: {@code count} of them from {@code startNanos} on, {@code stepNanos} apart.
 *
 * @param stepNanos positive; meaningless when there is only one
 * @param count at least 1
 */
public record Steps(long startNanos, long stepNanos, int count) {
    public Steps {
        if (stepNanos <= 0 || count < 1) {
            throw new IllegalArgumentException("step " + stepNanos + ", count " + count);
        }
    }

    /** A single moment. */
    public static Steps instant(long timestampNanos) {
        return new Steps(timestampNanos, 1, 1);
    }

    /**
     * Multiples of the step that cover a range: the start is rounded down and the end up.
     *
     * @throws ArithmeticException if they are more than an int can count
     */
    public static Steps covering(long startNanos, long endNanos, long stepNanos) {
        long first = Math.floorDiv(startNanos, stepNanos);
        long last = Math.ceilDiv(endNanos, stepNanos);
        return new Steps(first * stepNanos, stepNanos, Math.toIntExact(Math.max(0, last - first) + 1));
    }

    /** The moment of a step. */
    public long time(int step) {
        return startNanos + step * stepNanos;
    }

    /** How many of the steps come before a moment. */
    int before(long timestampNanos) {
        long n = Math.ceilDiv(saturatedSubtract(timestampNanos, startNanos), stepNanos);
        return (int) Math.min(count, Math.max(0, n));
    }

    /** Until when, exclusive, {@link #before} gives what it gives at a moment. */
    long until(long timestampNanos) {
        int n = before(timestampNanos);
        return n == count ? Long.MAX_VALUE : saturatedAdd(time(n), 1);
    }

    /** The sum, or the end of the number range that it would pass. */
    public static long saturatedAdd(long a, long b) {
        long sum = a + b;
        return ((a ^ sum) & (b ^ sum)) < 0 ? (a < 0 ? Long.MIN_VALUE : Long.MAX_VALUE) : sum;
    }

    /** The difference, or the end of the number range that it would pass. */
    public static long saturatedSubtract(long a, long b) {
        long difference = a - b;
        return ((a ^ b) & (a ^ difference)) < 0 ? (a < 0 ? Long.MIN_VALUE : Long.MAX_VALUE) : difference;
    }
}
