/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import java.time.Duration;

/**
 * How many lines and bytes a chunk has per minute and level: cells in order of minute, then level. A minute m holds the times in
 * (m, m + 1] minutes since 1970, half-open on the side on which LogQL's ranges are. Immutable.
 */
public final class MinuteCounters {
    /** Nanoseconds of a minute. */
    public static final long MINUTE_NANOS = Duration.ofMinutes(1).toNanos();

    private final String[] levels;
    private final long[] minutes;
    private final int[] levelNumbers;
    private final long[] lines;
    private final long[] bytes;

    MinuteCounters(String[] levels, long[] minutes, int[] levelNumbers, long[] lines, long[] bytes) {
        this.levels = levels;
        this.minutes = minutes;
        this.levelNumbers = levelNumbers;
        this.lines = lines;
        this.bytes = bytes;
    }

    /** The minute that a time belongs to: the one that ends at it or after it. */
    public static long minuteOf(long timestampNanos) {
        return Math.floorDiv(timestampNanos, MINUTE_NANOS) - (Math.floorMod(timestampNanos, MINUTE_NANOS) == 0 ? 1 : 0);
    }

    /** How many cells there are. */
    public int size() {
        return minutes.length;
    }

    /** The minute of a cell: its times are in (minute, minute + 1] × {@link #MINUTE_NANOS}. */
    public long minute(int cell) {
        return minutes[cell];
    }

    /** Whether all times of a cell's minute lie in [startNanos, endNanos). */
    public boolean within(int cell, long startNanos, long endNanos) {
        long before = minutes[cell] * MINUTE_NANOS;
        return before + 1 >= startNanos && before + MINUTE_NANOS < endNanos;
    }

    /** The {@code detected_level} of a cell's lines, empty for lines without one. */
    public String level(int cell) {
        return levels[levelNumbers[cell]];
    }

    /** Lines of a cell, at least 1. */
    public long lines(int cell) {
        return lines[cell];
    }

    /** Bytes of the lines of a cell. */
    public long bytes(int cell) {
        return bytes[cell];
    }
}
