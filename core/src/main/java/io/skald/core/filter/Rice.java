/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.filter;

import io.skald.core.block.ByteSink;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Sets of numbers as bits: the gaps between members in ascending order, each as its upper part in unary (ones, then a zero) and its k lower
 * bits, lowest first, ended by the gap to the end of the range.
 */
final class Rice {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final double LOG_GOLDEN = Math.log((Math.sqrt(5) - 1) / 2);

    private Rice() {}

    /** The k that makes a set shortest whose members are drawn at random. */
    static int parameter(long universe, long members) {
        if (members == 0 || members >= universe) {
            return 0;
        }
        double gap = (double) universe / members;
        return Math.max(0, 1 + (int) Math.floor(Math.log(LOG_GOLDEN / Math.log1p(-1 / gap)) / Math.log(2)));
    }

    /** Appends the members of a bitmap within [from, to). */
    static void encode(long[] bitmap, int from, int to, int k, ByteSink out) {
        Bits bits = new Bits(out);
        int previous = from - 1;
        int word = from >>> 6;
        int end = (to + 63) >>> 6;
        long w = word < end ? bitmap[word] & (-1L << from) : 0;
        while (word < end) {
            while (w != 0) {
                int x = (word << 6) + Long.numberOfTrailingZeros(w);
                w &= w - 1;
                if (x >= to) {
                    break;
                }
                bits.gap(x - previous - 1, k);
                previous = x;
            }
            w = ++word < end ? bitmap[word] : 0;
        }
        bits.gap(to - previous - 1, k);
        bits.finish();
    }

    /** Sets the members of [0, universe) in a bitmap. Returns false if the bits end before the set does. */
    static boolean decode(byte[] b, int offset, int end, int k, int universe, long[] bitmap) {
        long at = (long) offset << 3;
        long limit = (long) end << 3;
        long x = -1;
        while (true) {
            long w = peek(b, at, end);
            int ones = Long.numberOfTrailingZeros(~w);
            if (ones >= 32) {
                x += 32L << k;
                at += 32;
                if (at > limit || x > universe) {
                    return false;
                }
                continue;
            }
            x += 1 + ((long) ones << k) + ((w >>> (ones + 1)) & ((1L << k) - 1));
            at += ones + 1 + k;
            if (at > limit || x > universe) {
                return false;
            }
            if (x == universe) {
                return true;
            }
            bitmap[(int) (x >>> 6)] |= 1L << x;
        }
    }

    /** Whether a number is a member of a set over [0, …); true as well if the bits end before that can be said. */
    static boolean contains(byte[] b, int offset, int end, int k, long number) {
        long at = (long) offset << 3;
        long limit = (long) end << 3;
        long x = -1;
        while (x < number) {
            long w = peek(b, at, end);
            int ones = Long.numberOfTrailingZeros(~w);
            if (ones >= 32) {
                x += 32L << k;
                at += 32;
            } else {
                x += 1 + ((long) ones << k) + ((w >>> (ones + 1)) & ((1L << k) - 1));
                at += ones + 1 + k;
                if (x == number) {
                    return true;
                }
            }
            if (at > limit) {
                return true;
            }
        }
        return false;
    }

    /** At least 57 bits from a position on; zeros behind the end. */
    private static long peek(byte[] b, long at, int end) {
        int i = (int) (at >>> 3);
        if (i + 8 <= end) {
            return (long) LONG.get(b, i) >>> (at & 7);
        }
        long w = 0;
        for (int j = i; j < end; j++) {
            w |= (b[j] & 0xffL) << (8 * (j - i));
        }
        return w >>> (at & 7);
    }

    private static final class Bits {
        private final ByteSink out;
        private long pending;
        private int count;

        Bits(ByteSink out) {
            this.out = out;
        }

        void gap(int gap, int k) {
            int ones = gap >>> k;
            while (ones >= 16) {
                put(0xffff, 16);
                ones -= 16;
            }
            put((1L << ones) - 1, ones + 1);
            put(gap & ((1L << k) - 1), k);
        }

        private void put(long bits, int n) {
            pending |= bits << count;
            count += n;
            if (count >= 32) {
                out.u32((int) pending);
                pending >>>= 32;
                count -= 32;
            }
        }

        void finish() {
            while (count > 0) {
                out.u8((int) pending & 0xff);
                pending >>>= 8;
                count -= 8;
            }
        }
    }
}
