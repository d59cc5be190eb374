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
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    /** A gap that does not fit into a byte. */
    private static final int LARGE = 255;

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

    /**
     * Appends the gaps between the members of a bitmap: a byte each, or 255 and four bytes.
     *
     * @param words how many words of the bitmap count
     */
    static void gaps(long[] bitmap, int words, ByteSink out) {
        int previous = -1;
        for (int i = 0; i < words; i++) {
            long w = bitmap[i];
            out.ensure(64 * (1 + Integer.BYTES));
            byte[] to = out.array();
            int at = out.size();
            int begin = at;
            while (w != 0) {
                int x = (i << 6) + Long.numberOfTrailingZeros(w);
                w &= w - 1;
                int gap = x - previous - 1;
                previous = x;
                if (gap < LARGE) {
                    to[at++] = (byte) gap;
                } else {
                    to[at++] = (byte) LARGE;
                    INT.set(to, at, gap);
                    at += Integer.BYTES;
                }
            }
            out.skip(at - begin);
        }
    }

    /**
     * Appends the gaps of a set over [0, universe) that takes exactly these bytes. Returns how many members it has, -1 if it is none.
     */
    static int decode(byte[] b, int offset, int end, int k, int universe, ByteSink out) {
        long at = (long) offset << 3;
        long limit = (long) end << 3;
        long x = -1;
        long skipped = 0;
        int members = 0;
        while (at < limit) {
            long w = peek(b, at, end);
            int ones = Long.numberOfTrailingZeros(~w);
            if (ones >= 32) {
                skipped += 32L << k;
                at += 32;
                if (x + skipped > universe) {
                    return -1;
                }
                continue;
            }
            long gap = skipped + ((long) ones << k) + ((w >>> (ones + 1)) & ((1L << k) - 1));
            skipped = 0;
            at += ones + 1 + k;
            x += 1 + gap;
            if (x >= universe) {
                return x == universe && at <= limit && limit - at < 8 ? members : -1;
            }
            members++;
            if (gap < LARGE) {
                out.u8((int) gap);
            } else {
                out.u8(LARGE);
                out.u32((int) gap);
            }
        }
        return -1;
    }

    /** How many bits a set in one part takes that has these gaps. */
    static long bits(byte[] gaps, int members, int k, int universe) {
        long bits = (long) (members + 1) * (k + 1);
        int at = 0;
        long x = -1;
        for (int i = 0; i < members; i++) {
            int gap = gaps[at++] & 0xff;
            if (gap == LARGE) {
                gap = (int) INT.get(gaps, at);
                at += Integer.BYTES;
            }
            bits += gap >>> k;
            x += 1 + gap;
        }
        return bits + ((universe - x - 1) >>> k);
    }

    /** Appends a set over [0, universe) in 2^{@code partitionBits} parts, each to a sink of its own as a varint length and its bits. */
    static void partition(byte[] gaps, int members, int k, int universe, int partitionBits, ByteSink[] out) {
        int step = universe >>> partitionBits;
        // enough for a part that has all members, and 8 for the last write
        Bits bits = new Bits(new byte[Math.toIntExact(((members + 2L) * (k + 1) + ((long) universe >>> k)) / 8 + 16)]);
        int part = 0;
        int previous = -1;
        int x = -1;
        int at = 0;
        for (int i = 0; i < members; i++) {
            int gap = gaps[at++] & 0xff;
            if (gap == LARGE) {
                gap = (int) INT.get(gaps, at);
                at += Integer.BYTES;
            }
            x += 1 + gap;
            while (x >= (part + 1) * step) {
                bits.gap((part + 1) * step - previous - 1, k);
                bits.finish(out[part++]);
                previous = part * step - 1;
            }
            bits.gap(x - previous - 1, k);
            previous = x;
        }
        while (part < 1 << partitionBits) {
            bits.gap((part + 1) * step - previous - 1, k);
            bits.finish(out[part++]);
            previous = part * step - 1;
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

    /** Writes one part after the other. */
    private static final class Bits {
        private final byte[] bytes;
        private int at;
        private long pending;
        private int count;

        Bits(byte[] bytes) {
            this.bytes = bytes;
        }

        void gap(int gap, int k) {
            int ones = gap >>> k;
            while (ones >= 16) {
                put(0xffff, 16);
                ones -= 16;
            }
            put((1L << ones) - 1 | (gap & ((1L << k) - 1)) << (ones + 1), ones + 1 + k);
        }

        /** At most 41 bits, to fewer than 8 that are pending. */
        private void put(long bits, int n) {
            long p = pending | bits << count;
            int c = count + n;
            LONG.set(bytes, at, p);
            at += c >>> 3;
            pending = p >>> (c & ~7);
            count = c & 7;
        }

        /** Appends what was written, and begins anew. */
        void finish(ByteSink out) {
            int n = at + (count + 7 >>> 3);
            out.varint(n);
            out.bytes(bytes, 0, n);
            at = 0;
            pending = 0;
            count = 0;
        }
    }
}
