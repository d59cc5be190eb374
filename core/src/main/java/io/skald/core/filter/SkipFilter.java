/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.filter;

import io.skald.core.block.ByteSink;
import io.skald.core.block.ByteSource;
import io.skald.core.model.StoreException.CorruptData;
import java.util.Arrays;

/**
 * The skip filter of one block: a set of hashes of its keys. It may say that something is there that is not, never the other way round.
 * Until it is cut into partitions it is kept as gaps between the hashes, a byte each unless they are large: coding them as bits, only to do it
 * once more for the partitions, would take longer than finding them. Immutable.
 */
public final class SkipFilter {
    /** The range of hashes is a multiple of this, so that it can be cut into as many partitions, or into half as many and so on. */
    public static final int UNITS = 64;

    /** What the rules are by which keys are found and hashed. A filter that was built by others must not be used. */
    public static final int RULES = 1;

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

    private final int unit;
    private final int parameter;
    private final int members;
    private final int codedLength;
    private final byte[] gaps;

    /**
     * @param members how many hashes there are
     * @param codedLength bytes that they take as bits
     * @param gaps as {@link Rice#gaps} wrote them
     */
    SkipFilter(int unit, int parameter, int members, int codedLength, byte[] gaps) {
        if (unit < 1 || unit > MAX_UNIT || parameter < 0 || parameter > MAX_PARAMETER) {
            throw new IllegalArgumentException("skip filter with unit " + unit + ", parameter " + parameter);
        }
        this.unit = unit;
        this.parameter = parameter;
        this.members = members;
        this.codedLength = codedLength;
        this.gaps = gaps;
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
        Rice.partition(gaps, members, parameter, unit * UNITS, partitionBits, out);
    }

    /** Appends the filter in one part: unit and parameter, a varint length, its bits. */
    public void encode(ByteSink out) {
        out.varint(unit);
        out.u8(parameter);
        partition(0, new ByteSink[] {out});
    }

    /** Reads what {@link #encode} wrote. */
    public static SkipFilter decode(ByteSource in) throws CorruptData {
        int unit = in.count("filter unit", MAX_UNIT);
        int parameter = in.u8();
        byte[] bits = in.bytes("filter", in.remaining());
        int length = bits.length;
        ByteSink gaps = new ByteSink(length * 2);
        int members = unit == 0 || parameter > MAX_PARAMETER
                ? -1
                : Rice.decode(bits, 0, length, parameter, unit * UNITS, gaps);
        if (members < 0) {
            throw in.corrupt("filter with unit " + unit + ", parameter " + parameter + " of " + length + " bytes");
        }
        return new SkipFilter(unit, parameter, members, length, gaps.toByteArray());
    }

    /** Whether another filter says the same of every key. */
    public boolean same(SkipFilter other) {
        return unit == other.unit && members == other.members && Arrays.equals(gaps, other.gaps);
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
