/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.block;

import io.skald.core.model.StoreException.CorruptData;

/** The times of a block as differences, or differences of differences, divided by what all have in common. */
final class TimeColumn {
    private TimeColumn() {}

    static void encode(long[] times, int rows, ByteSink out) {
        long deltaDivisor = 0;
        long secondDivisor = 0;
        long previous = 0;
        for (int i = 1; i < rows; i++) {
            long d = times[i] - times[i - 1];
            deltaDivisor = gcd(deltaDivisor, d);
            secondDivisor = gcd(secondDivisor, d - previous);
            previous = d;
        }
        deltaDivisor = deltaDivisor == 0 ? 1 : deltaDivisor;
        secondDivisor = secondDivisor == 0 ? 1 : secondDivisor;
        int deltaShift = Long.numberOfTrailingZeros(deltaDivisor);
        int secondShift = Long.numberOfTrailingZeros(secondDivisor);
        long deltaInverse = inverse(deltaDivisor >> deltaShift);
        long secondInverse = inverse(secondDivisor >> secondShift);
        long deltaSize = 0;
        long secondSize = 0;
        previous = 0;
        for (int i = 1; i < rows; i++) {
            long d = times[i] - times[i - 1];
            deltaSize += zigzagLength((d >> deltaShift) * deltaInverse);
            secondSize += zigzagLength((d - previous >> secondShift) * secondInverse);
            previous = d;
        }
        boolean second = secondSize < deltaSize;
        long divisor = second ? secondDivisor : deltaDivisor;
        int shift = second ? secondShift : deltaShift;
        long inverse = second ? secondInverse : deltaInverse;
        out.u8(second ? BlockFormat.TIMES_DELTA_OF_DELTA : BlockFormat.TIMES_DELTA);
        out.varint(divisor);
        out.i64(times[0]);
        previous = 0;
        for (int i = 1; i < rows; i++) {
            long d = times[i] - times[i - 1];
            out.zigzag(((second ? d - previous : d) >> shift) * inverse);
            previous = d;
        }
    }

    static void decode(ByteSource in, long[] times, int rows) throws CorruptData {
        int mode = in.u8();
        if (mode != BlockFormat.TIMES_DELTA && mode != BlockFormat.TIMES_DELTA_OF_DELTA) {
            throw in.corrupt("unknown encoding " + mode + " of times");
        }
        long divisor = in.varint();
        times[0] = in.i64();
        in.varints(times, 1, rows - 1);
        long t = times[0];
        if (mode == BlockFormat.TIMES_DELTA) {
            for (int i = 1; i < rows; i++) {
                t += ByteSource.unzigzag(times[i]) * divisor;
                times[i] = t;
            }
        } else {
            long d = 0;
            for (int i = 1; i < rows; i++) {
                d += ByteSource.unzigzag(times[i]) * divisor;
                t += d;
                times[i] = t;
            }
        }
        in.expectEnd();
    }

    private static int zigzagLength(long v) {
        return ByteSink.varintLength((v << 1) ^ (v >> 63));
    }

    /** What an odd number has to be multiplied with to give 1, modulo 2⁶⁴: so a multiple of it is divided without dividing, which takes ten times as long. */
    private static long inverse(long odd) {
        // right in the lowest three bits, and in twice as many each time
        long x = odd;
        for (int bits = 3; bits < 64; bits *= 2) {
            x *= 2 - odd * x;
        }
        return x;
    }

    /** Greatest common divisor, positive, or 0 if both are; of |Long.MIN_VALUE| it takes 1, as that has no positive form. */
    private static long gcd(long a, long b) {
        if (a == 1) {
            return 1;
        }
        if (b == Long.MIN_VALUE) {
            return 1;
        }
        if (a != 0 && b % a == 0) {
            return a;
        }
        long x = a;
        long y = Math.abs(b);
        while (y != 0) {
            long r = x % y;
            x = y;
            y = r;
        }
        return x;
    }
}
