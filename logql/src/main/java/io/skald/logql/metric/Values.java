/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.metric;

import java.util.Arrays;

/**
 * Values of a series at all steps as a plain array, in which a step without a value holds {@link #ABSENT}: a NaN with bits that no
 * computation makes. Every other NaN is a value.
 */
public final class Values {
    /** The mark of a step without a value. Compare with {@link #absent}, never with {@code ==}. */
    public static final double ABSENT = Double.longBitsToDouble(0x7ff8_5ca1_d000_0001L);

    private static final long ABSENT_BITS = Double.doubleToRawLongBits(ABSENT);

    private Values() {}

    public static boolean absent(double v) {
        return Double.doubleToRawLongBits(v) == ABSENT_BITS;
    }

    /** A row without a value. */
    public static double[] none(int steps) {
        double[] v = new double[steps];
        Arrays.fill(v, ABSENT);
        return v;
    }

    /** Whether there is a value at any step. */
    public static boolean any(double[] values) {
        for (double v : values) {
            if (!absent(v)) {
                return true;
            }
        }
        return false;
    }

    /** A long kept in a cell, as its bits. */
    static double ofBits(long bits) {
        return Double.longBitsToDouble(bits);
    }

    /** What {@link #ofBits} was given. */
    static long bits(double cell) {
        return Double.doubleToRawLongBits(cell);
    }
}
