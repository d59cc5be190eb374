/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.filter;

import io.skald.core.block.ByteSink;
import io.skald.core.block.ByteSource;
import io.skald.core.model.StoreException.CorruptData;
import java.util.Arrays;

/**
 * The skip filter of one block: a set of hashes of its keys. It may say that something is there that is not, never the other way round.
 * It is kept coded in {@value #UNITS} parts, which is what a large segment wants, and takes no more than copying then. Immutable.
 */
public final class SkipFilter {
    /** The range of hashes is a multiple of this, so that it can be cut into as many partitions, or into half as many and so on. */
    public static final int UNITS = 64;

    /** What the rules are by which keys are found and hashed, of a filter in one part. A filter that was built by others must not be used. */
    public static final int RULES = 1;

    /** The same rules, of a filter in {@value #UNITS} parts. */
    public static final int RULES_IN_PARTS = 2;

    /** Largest unit: at most 2³⁰ hashes. */
    public static final int MAX_UNIT = 1 << 24;

    /** Largest {@link #parameter}. */
    public static final int MAX_PARAMETER = 24;

    /**
     * Room to hash to, per byte of the block: measured on mixed logs, 24/16 takes 3.2 % of raw for 2.6 % of wrong answers per key. A text of 12 bytes has
     * one key, and what is read in vain for it takes most of its time: with 12/16, that is twice as much for 2.7 % of raw.
     */
    static final int SIXTEENTHS_PER_BYTE = 24;

    /** The same for what is kept for long: 2.9 % of raw for 3.9 % of wrong answers. */
    static final int DENSE_SIXTEENTHS_PER_BYTE = 16;

    /** Two to the power of this are {@link #UNITS}. */
    static final int UNIT_BITS = 6;

    private final int unit;
    private final int parameter;
    private final int codedLength;
    private final byte[] parts;
    private final int[] ends;

    /**
     * @param codedLength bytes that it takes in one part
     * @param parts {@value #UNITS} parts as {@link Rice} writes them
     * @param ends where they end
     */
    SkipFilter(int unit, int parameter, int codedLength, byte[] parts, int[] ends) {
        if (unit < 1 || unit > MAX_UNIT || parameter < 0 || parameter > MAX_PARAMETER) {
            throw new IllegalArgumentException("skip filter with unit " + unit + ", parameter " + parameter);
        }
        this.unit = unit;
        this.parameter = parameter;
        this.codedLength = codedLength;
        this.parts = parts;
        this.ends = ends;
    }

    /** The hashes are numbers in [0, {@value #UNITS} × unit). */
    public int unit() {
        return unit;
    }

    /** How many lower bits of a gap are written as they are, 0 to {@value #MAX_PARAMETER}. */
    public int parameter() {
        return parameter;
    }

    /** Bytes that the filter takes in a segment, in one part. */
    public int codedLength() {
        return codedLength;
    }

    /**
     * Appends the filter cut into 2^{@code partitionBits} parts, each to a sink of its own as a varint length and its bits. Part p has the
     * keys whose upper bits are p.
     */
    public void partition(int partitionBits, ByteSink[] out) {
        if (partitionBits == UNIT_BITS) {
            put(parts, ends, UNITS, out);
            return;
        }
        ByteSink coded = new ByteSink(parts.length);
        int[] to = new int[1 << partitionBits];
        Rice.join(parts, ends, parameter, unit, coded, to);
        put(coded.array(), to, to.length, out);
    }

    private static void put(byte[] bits, int[] ends, int n, ByteSink[] out) {
        int from = 0;
        for (int p = 0; p < n; p++) {
            out[p].varint(ends[p] - from);
            out[p].bytes(bits, from, ends[p] - from);
            from = ends[p];
        }
    }

    /** The hashes of a part; returns how many. */
    private int part(int p, int[] hashes) {
        return Rice.part(parts, p == 0 ? 0 : ends[p - 1], parameter, p * unit, unit, hashes);
    }

    /** Reads a filter in one part, as agents sent it once. */
    public static SkipFilter decode(ByteSource in) throws CorruptData {
        int unit = in.count("filter unit", MAX_UNIT);
        int parameter = in.u8();
        byte[] bits = in.bytes("filter", in.remaining());
        int length = bits.length;
        ByteSink parts = new ByteSink(length + 4 * UNITS);
        int[] ends = new int[UNITS];
        if (unit == 0
                || parameter > MAX_PARAMETER
                || !Rice.split(bits, 0, length, parameter, unit * UNITS, UNIT_BITS, parts, ends)) {
            throw in.corrupt("filter with unit " + unit + ", parameter " + parameter + " of " + length + " bytes");
        }
        return new SkipFilter(unit, parameter, length, parts.toByteArray(), ends);
    }

    /**
     * Reads a filter as {@link #appendTo} writes it. Its bits are taken as they are: whoever made them answers for them. Parts that are
     * none give wrong answers, and may do no other harm.
     */
    public static SkipFilter decodeParts(ByteSource in) throws CorruptData {
        int unit = in.count("filter unit", MAX_UNIT);
        int parameter = in.u8();
        if (unit == 0 || parameter > MAX_PARAMETER) {
            throw in.corrupt("filter with unit " + unit + ", parameter " + parameter);
        }
        int[] ends = new int[UNITS];
        int end = 0;
        for (int p = 0; p < UNITS; p++) {
            end += in.count("part of a filter", in.remaining() - end);
            ends[p] = end;
        }
        return new SkipFilter(unit, parameter, end, in.raw(end), ends);
    }

    /** Whether another filter says the same of every key. */
    public boolean same(SkipFilter other) {
        return unit == other.unit
                && (parameter == other.parameter
                        ? Arrays.equals(parts, other.parts) && Arrays.equals(ends, other.ends)
                        : sameHashes(other));
    }

    private boolean sameHashes(SkipFilter other) {
        int[] ours = new int[unit];
        int[] theirs = new int[unit];
        for (int p = 0; p < UNITS; p++) {
            if (!Arrays.equals(ours, 0, part(p, ours), theirs, 0, other.part(p, theirs))) {
                return false;
            }
        }
        return true;
    }

    /** Appends it as {@link #decodeParts} reads it: unit and parameter, the length of each of {@value #UNITS} parts, their bits. */
    public void appendTo(ByteSink out) {
        out.varint(unit);
        out.u8(parameter);
        int from = 0;
        for (int end : ends) {
            out.varint(end - from);
            from = end;
        }
        out.bytes(parts, 0, parts.length);
    }

    /** Which of 2^{@code partitionBits} parts a key belongs to. */
    public static int partitionOf(int key, int partitionBits) {
        return (int) ((key & 0xffffffffL) >>> (32 - partitionBits));
    }

    /**
     * Whether the block whose filter was cut may hold a key of a part.
     *
     * @param offset where the bits of this block begin in the part
     * @param end where they end
     */
    public static boolean mayContain(
            int key, int unit, int parameter, int partitionBits, byte[] part, int offset, int end) {
        long universe = (long) unit * UNITS;
        long first = partitionOf(key, partitionBits) * (universe >>> partitionBits);
        return Rice.contains(part, offset, end, parameter, position(key, universe) - first);
    }

    static int position(int key, long universe) {
        return (int) (((key & 0xffffffffL) * universe) >>> 32);
    }
}
