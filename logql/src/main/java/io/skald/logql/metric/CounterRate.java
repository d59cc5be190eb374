/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.metric;

/**
 * How fast a counter grows per second; a fall is a reset, after which it counts from zero. A window with one sample gives 0.
 *
 * <p>The increase between first and last sample is divided by the length of the window. Clients expect the numbers that Loki gives, and it
 * extends the increase by a millionth of the window (which it takes for nanoseconds where it means milliseconds), as far as the counter
 * stays above zero.
 */
record CounterRate(long rangeNanos) implements KeptWindows.Function {
    private static final double NANOS = 1e9;

    @Override
    public void apply(long[] timestampNanos, double[] samples, int[] from, int[] to, double[] values) {
        // resets[i]: what all falls up to sample i amount to
        double[] resets = new double[samples.length];
        for (int i = 1; i < samples.length; i++) {
            resets[i] = resets[i - 1] + (samples[i] < samples[i - 1] ? samples[i - 1] : 0);
        }
        for (int k = 0; k < values.length; k++) {
            int first = from[k];
            int last = to[k] - 1;
            if (last > first) {
                values[k] = rate(
                        samples[last] - samples[first] + (resets[last] - resets[first]),
                        samples[first],
                        timestampNanos[last] - timestampNanos[first],
                        last - first);
            } else if (last == first) {
                values[k] = 0;
            }
        }
    }

    private double rate(double increase, double first, long coveredNanos, int intervals) {
        if (coveredNanos == 0) {
            return 0;
        }
        double covered = coveredNanos / NANOS;
        double between = covered / intervals;
        long rangeMillis = rangeNanos / 1_000_000;
        double toStart = rangeMillis / NANOS;
        if (increase > 0 && first >= 0) {
            toStart = Math.min(toStart, covered * (first / increase));
        }
        double extended = covered + (toStart < between * 1.1 ? toStart : between / 2);
        return increase * (extended / covered) / (rangeNanos / NANOS);
    }
}
