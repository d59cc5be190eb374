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
    private int[] members = new int[1 << 12];
    private final ByteSink coded = new ByteSink(16 << 10);
    private final int sixteenthsPerByte;
    private int unit;
    private long universe;

    /** Builds filters of the usual room. */
    public SkipFilterBuilder() {
        this(SkipFilter.SIXTEENTHS_PER_BYTE);
    }

    private SkipFilterBuilder(int sixteenthsPerByte) {
        this.sixteenthsPerByte = sixteenthsPerByte;
    }

    /** Builds filters with less room, for what is kept for long. */
    public static SkipFilterBuilder dense() {
        return new SkipFilterBuilder(SkipFilter.DENSE_SIXTEENTHS_PER_BYTE);
    }

    /**
     * Begins a filter.
     *
     * @param rawBytes bytes of the lines and of the metadata values that will be added, which fixes the room to hash to
     */
    public void begin(long rawBytes) {
        // the same room for all blocks of one size, however many keys they have, costs least for a given number of
        // false answers
        beginUnit(Math.clamp(rawBytes * sixteenthsPerByte / 16 / SkipFilter.UNITS + 1, 1, SkipFilter.MAX_UNIT));
    }

    /** Begins a filter with the room of another one. */
    public void beginUnit(int likeUnit) {
        unit = likeUnit;
        universe = (long) unit * SkipFilter.UNITS;
        int words = (int) ((universe + 63) >>> 6);
        if (bitmap.length < words) {
            bitmap = new long[words];
        } else {
            Arrays.fill(bitmap, 0, words, 0);
        }
    }

    /** Adds lines that stand one after the other. */
    public void lines(byte[] b, int offset, int[] lengths, int rows) {
        grams.begin(b, offset, lengths, rows);
        while (grams.next()) {
            mark(grams.keys(), grams.count(), universe, bitmap);
        }
    }

    private static void mark(int[] keys, int n, long universe, long[] map) {
        for (int i = 0; i < n; i++) {
            int x = SkipFilter.position(keys[i], universe);
            map[x >>> 6] |= 1L << x;
        }
    }

    /** Adds a value of a metadata key. */
    public void metadata(String name, String value) {
        int x = SkipFilter.position(Grams.metadata(name, value), universe);
        bitmap[x >>> 6] |= 1L << x;
    }

    /** The filter of what was added since {@link #begin}. */
    public SkipFilter finish() {
        int n = gather();
        int k = Rice.parameter(universe, n);
        int[] ends = new int[SkipFilter.UNITS];
        coded.reset();
        long bits = Rice.encode(members, n, k, (int) universe, SkipFilter.UNIT_BITS, coded, ends);
        return new SkipFilter(unit, k, Math.toIntExact((bits + 7) >>> 3), coded.toByteArray(), ends);
    }

    /** Fills {@link #members}; returns how many there are. */
    private int gather() {
        int n = Rice.count(bitmap, unit);
        if (members.length < n + Rice.SPARE) {
            members = new int[n + (n >>> 1) + Rice.SPARE];
        }
        return Rice.members(bitmap, unit, members);
    }
}
