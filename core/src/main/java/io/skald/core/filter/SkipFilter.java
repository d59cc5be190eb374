/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.filter;

import io.skald.core.block.ByteSink;

/**
 * The skip filter of one block: a set of hashes of its keys. It may say that something is there that is not, never the other way round.
 * Immutable; the bytes are not copied and must not be changed.
 *
 * @param unit the hashes are numbers in [0, {@value #UNITS} × unit)
 * @param parameter how many lower bits of a gap are written as they are, 0 to {@value #MAX_PARAMETER}
 * @param bits the set, coded
 */
public record SkipFilter(int unit, int parameter, byte[] bits) {
    /** The range of hashes is a multiple of this, so that it can be cut into as many partitions, or into half as many and so on. */
    public static final int UNITS = 64;

    /** Largest unit: at most 2³⁰ hashes. */
    public static final int MAX_UNIT = 1 << 24;

    /** Largest {@link #parameter}. */
    public static final int MAX_PARAMETER = 24;

    /** Room to hash to, per byte of the block: 12/16 measured 2.7 % of raw for 6 % of wrong answers per key on mixed logs. */
    static final int SIXTEENTHS_PER_BYTE = 12;

    public SkipFilter {
        if (unit < 1 || unit > MAX_UNIT || parameter < 0 || parameter > MAX_PARAMETER) {
            throw new IllegalArgumentException("skip filter with unit " + unit + ", parameter " + parameter);
        }
    }

    /** Whether the block may hold a key. */
    public boolean mayContain(int key) {
        return Rice.contains(bits, 0, bits.length, parameter, position(key, (long) unit * UNITS));
    }

    /**
     * Appends the filter cut into 2^{@code partitionBits} parts, each to a sink of its own as a varint length and its bits. Part p has the
     * keys whose upper bits are p.
     *
     * @throws IllegalStateException if this is no filter
     */
    public void partition(int partitionBits, ByteSink[] out) {
        int universe = unit * UNITS;
        long[] bitmap = new long[(universe + 63) >>> 6];
        if (!Rice.decode(bits, 0, bits.length, parameter, universe, bitmap)) {
            throw new IllegalStateException("the bits of a skip filter end early");
        }
        ByteSink part = new ByteSink(bits.length);
        int step = universe >>> partitionBits;
        for (int p = 0; p < 1 << partitionBits; p++) {
            part.reset();
            Rice.encode(bitmap, p * step, (p + 1) * step, parameter, part);
            out[p].varint(part.size());
            out[p].bytes(part.array(), 0, part.size());
        }
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
