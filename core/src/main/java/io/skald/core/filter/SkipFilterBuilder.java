/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.filter;

import io.skald.core.block.ByteSink;
import java.util.Arrays;

/**
 * Builds the skip filter of one block after the other: {@link #begin}, the block's lines and metadata values, {@link #finish}. Confined to
 * one thread.
 */
public final class SkipFilterBuilder {
    private final Grams grams = new Grams();
    private long[] bitmap = new long[1 << 12];
    private final ByteSink bits = new ByteSink(16 << 10);
    private int unit;
    private long universe;

    /**
     * Begins a filter.
     *
     * @param rawBytes bytes of the lines and of the metadata values that will be added, which fixes the room to hash to
     */
    public void begin(long rawBytes) {
        // the same room for all blocks of one size, however many keys they have, costs least for a given number of
        // false answers
        unit = Math.clamp(
                rawBytes * SkipFilter.SIXTEENTHS_PER_BYTE / 16 / SkipFilter.UNITS + 1, 1, SkipFilter.MAX_UNIT);
        universe = (long) unit * SkipFilter.UNITS;
        int words = (int) ((universe + 63) >>> 6);
        if (bitmap.length < words) {
            bitmap = new long[words];
        } else {
            Arrays.fill(bitmap, 0, words, 0);
        }
    }

    /** Adds a line. */
    public void line(byte[] b, int offset, int length) {
        if (length >= Grams.SPAN) {
            grams.reset();
            grams.add(b, offset, length);
            int[] keys = grams.keys();
            int n = grams.count();
            long u = universe;
            long[] map = bitmap;
            for (int i = 0; i < n; i++) {
                int x = (int) (((keys[i] & 0xffffffffL) * u) >>> 32);
                map[x >>> 6] |= 1L << x;
            }
        }
    }

    /** Adds a value of a metadata key. */
    public void metadata(String name, String value) {
        int x = SkipFilter.position(Grams.metadata(name, value), universe);
        bitmap[x >>> 6] |= 1L << x;
    }

    /** The filter of what was added since {@link #begin}. */
    public SkipFilter finish() {
        int words = (int) ((universe + 63) >>> 6);
        long members = 0;
        for (int i = 0; i < words; i++) {
            members += Long.bitCount(bitmap[i]);
        }
        int k = Rice.parameter(universe, members);
        bits.reset();
        Rice.encode(bitmap, 0, (int) universe, k, bits);
        return new SkipFilter(unit, k, bits.toByteArray());
    }
}
