/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.scan.EntryIdentity;
import io.skald.core.scan.Tally;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How many lines and bytes a chunk has per minute and level: cells in order of minute, then level. A minute m holds the times in
 * (m, m + 1] minutes since 1970, half-open on the side on which LogQL's ranges are. Immutable.
 */
public final class MinuteCounters implements Tally {
    private final String[] levels;
    /** How many cells there are; the arrays may be longer. */
    private final int size;

    private final long[] minutes;
    private final int[] levelNumbers;
    private final long[] lines;
    private final long[] bytes;
    /** Names of metadata that entries have beside the level; null if the segment does not say. */
    private final @Nullable Set<String> others;

    MinuteCounters(
            String[] levels,
            int size,
            long[] minutes,
            int[] levelNumbers,
            long[] lines,
            long[] bytes,
            @Nullable Set<String> others) {
        this.others = others;
        this.levels = levels;
        this.size = size;
        this.minutes = minutes;
        this.levelNumbers = levelNumbers;
        this.lines = lines;
        this.bytes = bytes;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public long minute(int cell) {
        return minutes[cell];
    }

    /** Whether all times of a cell's minute lie in [startNanos, endNanos). */
    public boolean within(int cell, long startNanos, long endNanos) {
        long before = minutes[cell] * MINUTE_NANOS;
        return before + 1 >= startNanos && before + MINUTE_NANOS < endNanos;
    }

    /** The first cell whose minute has times at or after one, or {@link #size}. */
    int firstCell(long startNanos) {
        int lo = 0;
        int hi = size;
        while (lo < hi) {
            int mid = (lo + hi) >>> 1;
            if ((minutes[mid] + 1) * MINUTE_NANOS < startNanos) {
                lo = mid + 1;
            } else {
                hi = mid;
            }
        }
        return lo;
    }

    @Override
    public String level(int cell) {
        return levels[levelNumbers[cell]];
    }

    @Override
    public long lines(int cell) {
        return lines[cell];
    }

    @Override
    public long bytes(int cell) {
        return bytes[cell];
    }

    /** Whether some lines may be counted without their level, as there were too many different ones. */
    private boolean tooManyLevels() {
        return levels.length >= SegmentFormat.MAX_LEVELS;
    }

    @Override
    public boolean mayHold(String metadataName) {
        return metadataName.equals(EntryIdentity.DETECTED_LEVEL)
                ? tooManyLevels()
                : others == null || others.contains(metadataName);
    }

    @Override
    public boolean mayHoldAny() {
        return tooManyLevels() || others == null || !others.isEmpty();
    }
}
