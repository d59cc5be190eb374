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

    /** What {@link #members} needs more room for. */
    static final int SPARE = 3;

    private Rice() {}

    /** How many members a bitmap has. */
    static int count(long[] bitmap, int words) {
        int members = 0;
        for (int i = 0; i < words; i++) {
            members += Long.bitCount(bitmap[i]);
        }
        return members;
    }

    /** The k that makes a set shortest whose members are drawn at random. */
    static int parameter(long universe, long members) {
        if (members == 0 || members >= universe) {
            return 0;
        }
        double gap = (double) universe / members;
        return Math.max(0, 1 + (int) Math.floor(Math.log(LOG_GOLDEN / Math.log1p(-1 / gap)) / Math.log(2)));
    }

    /**
     * The members of a bitmap in ascending order. More are written than there are, so that few branches depend on how many a word has.
     *
     * @param out room for all and {@link #SPARE} more
     * @return how many
     */
    static int members(long[] bitmap, int words, int[] out) {
        int n = 0;
        for (int i = 0; i < words; i++) {
            long w = bitmap[i];
            int begin = i << 6;
            int next = n + Long.bitCount(w);
            out[n] = begin + Long.numberOfTrailingZeros(w);
            w &= w - 1;
            out[n + 1] = begin + Long.numberOfTrailingZeros(w);
            w &= w - 1;
            out[n + 2] = begin + Long.numberOfTrailingZeros(w);
            w &= w - 1;
            for (int j = n + 3; j < next; j++) {
                out[j] = begin + Long.numberOfTrailingZeros(w);
                w &= w - 1;
            }
            n = next;
        }
        return n;
    }

    /** How many bits a set takes in one part. */
    static long bits(int[] members, int n, int k, int universe) {
        long bits = (n + 1L) * (k + 1);
        int previous = -1;
        for (int i = 0; i < n; i++) {
            bits += members[i] - previous - 1 >>> k;
            previous = members[i];
        }
        return bits + (universe - previous - 1 >>> k);
    }

    /**
     * Appends a set in 2^{@code partitionBits} parts, the bits of one after those of the other, each in bytes of its own.
     *
     * @param members in ascending order, less than {@code universe}
     * @param universe the parts cover as much each
     * @param ends takes where each part ends in {@code out}
     * @return how many bits the set takes in one part
     */
    static long encode(int[] members, int n, int k, int universe, int partitionBits, ByteSink out, int[] ends) {
        long inOne = bits(members, n, k, universe);
        // a gap that is cut takes no more in unary, but ends twice, and each part ends with a byte
        out.ensure(Math.toIntExact((inOne + ((k + 9L) << partitionBits) >>> 3) + 16));
        byte[] b = out.array();
        int step = universe >>> partitionBits;
        int i = 0;
        int at = out.size();
        for (int part = 0; part < 1 << partitionBits; part++) {
            int end = (part + 1) * step;
            int to = i;
            while (to < n && members[to] < end) {
                to++;
            }
            at = encode(members, i, to, end - step, end, k, b, at);
            ends[part] = at;
            i = to;
        }
        out.skip(at - out.size());
        return inOne;
    }

    /** Writes a part with some of the members; returns where it ends. */
    private static int encode(int[] members, int from, int to, int begin, int end, int k, byte[] b, int offset) {
        int at = offset;
        long pending = 0;
        int count = 0;
        int previous = begin - 1;
        for (int i = from; i <= to; i++) {
            int x = i < to ? members[i] : end;
            int gap = x - previous - 1;
            previous = x;
            int ones = gap >>> k;
            // at most 41 bits at once, to fewer than 8 that are pending
            for (; ones >= 16; ones -= 16) {
                pending |= 0xffffL << count;
                LONG.set(b, at, pending);
                pending >>>= 16;
                at += 2;
            }
            pending |= ((1L << ones) - 1 | (gap & (1L << k) - 1) << ones + 1) << count;
            count += ones + 1 + k;
            LONG.set(b, at, pending);
            at += count >>> 3;
            pending >>>= count & ~7;
            count &= 7;
        }
        return at + (count + 7 >>> 3);
    }

    /**
     * Appends a set over [0, universe) that takes exactly these bytes as {@link #encode} does. False if it is none; what was appended means nothing then.
     */
    static boolean split(
            byte[] b, int offset, int end, int k, int universe, int partitionBits, ByteSink out, int[] ends) {
        int step = universe >>> partitionBits;
        Bits bits = new Bits(out);
        int room = room(k, step);
        bits.ensure(room);
        long at = (long) offset << 3;
        long limit = (long) end << 3;
        long x = -1;
        long skipped = 0;
        int part = 0;
        int previous = -1;
        int border = step;
        int left = 64;
        while (at < limit) {
            long w = peek(b, at, end);
            int ones = Long.numberOfTrailingZeros(~w);
            if (ones >= 32) {
                skipped += 32L << k;
                at += 32;
                if (x + skipped > universe) {
                    return false;
                }
                continue;
            }
            x += 1 + skipped + ((long) ones << k) + ((w >>> (ones + 1)) & ((1L << k) - 1));
            skipped = 0;
            at += ones + 1 + k;
            if (x >= border) {
                if (x > universe) {
                    return false;
                }
                while (x >= border) {
                    bits.gap(border - previous - 1, k);
                    ends[part++] = bits.finish();
                    bits.ensure(room);
                    left = 64;
                    previous = border - 1;
                    if (part == 1 << partitionBits) {
                        return at <= limit && limit - at < 8;
                    }
                    border += step;
                }
            }
            if (--left == 0) {
                bits.ensure(room);
                left = 64;
            }
            bits.gap((int) x - previous - 1, k);
            previous = (int) x;
        }
        return false;
    }

    /**
     * Appends a set in fewer parts, each of as many of those that there are.
     *
     * @param ends where the parts end
     * @param unit what each of them covers
     * @param to takes where the joined ones end in {@code out}
     */
    static void join(byte[] parts, int[] ends, int k, int unit, ByteSink out, int[] to) {
        int each = ends.length / to.length;
        Bits bits = new Bits(out);
        int room = room(k, unit * each);
        int[] members = new int[unit];
        int previous = -1;
        for (int p = 0; p < ends.length; p++) {
            int border = (p + 1) * unit;
            int n = part(parts, p == 0 ? 0 : ends[p - 1], k, border - unit, unit, members);
            for (int i = 0; i < n; i++) {
                bits.ensure(room);
                bits.gap(members[i] - previous - 1, k);
                previous = members[i];
            }
            if ((p + 1) % each == 0) {
                bits.ensure(room);
                bits.gap(border - previous - 1, k);
                to[p / each] = bits.finish();
                previous = border - 1;
            }
        }
    }

    /** Bytes that 64 gaps and the end of a part can take: all that is written in unary is no more than the part covers. */
    private static int room(int k, int step) {
        return (66 * (k + 1) + (step >>> k) >>> 3) + 16;
    }

    /**
     * The members of a part that {@link #encode} or {@link #split} wrote.
     *
     * @param begin where what the part covers begins
     * @param step how much it covers: {@code out} has room for as many
     * @return how many there are
     */
    static int part(byte[] b, int offset, int k, int begin, int step, int[] out) {
        int n = 0;
        long at = (long) offset << 3;
        long x = begin - 1L;
        while (true) {
            long w = peek(b, at, b.length);
            int ones = Long.numberOfTrailingZeros(~w);
            if (ones >= 32) {
                x += 32L << k;
                at += 32;
                continue;
            }
            x += 1 + ((long) ones << k) + ((w >>> (ones + 1)) & ((1L << k) - 1));
            at += ones + 1 + k;
            if (x >= begin + step) {
                return n;
            }
            out[n++] = (int) x;
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
        private final ByteSink out;
        private byte[] bytes;
        private int at;
        private long pending;
        private int count;

        Bits(ByteSink out) {
            this.out = out;
            this.bytes = out.array();
            this.at = out.size();
        }

        void ensure(int most) {
            if (bytes.length - at < most) {
                out.skip(at - out.size());
                out.ensure(most);
                bytes = out.array();
            }
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

        /** Ends the part, and begins the next one; returns where it ends. */
        int finish() {
            at += count + 7 >>> 3;
            out.skip(at - out.size());
            pending = 0;
            count = 0;
            return at;
        }
    }
}
