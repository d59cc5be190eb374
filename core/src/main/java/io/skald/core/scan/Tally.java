/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.scan;

import java.time.Duration;

/**
 * Lines and bytes of a part of a stream per minute and level: cells in order of minute. A minute m holds the times in (m, m + 1] minutes
 * since 1970, half-open on the side on which LogQL's ranges are. Every entry of the part is in one cell. Immutable.
 */
public interface Tally {
    /** Nanoseconds of a minute. */
    long MINUTE_NANOS = Duration.ofMinutes(1).toNanos();

    /** How many cells there are. */
    int size();

    /** The minute of a cell: its times are in (minute, minute + 1] × {@link #MINUTE_NANOS}. */
    long minute(int cell);

    /** The {@code detected_level} of a cell's lines, empty for lines without one. */
    String level(int cell);

    /** Lines of a cell, at least 1. */
    long lines(int cell);

    /** Bytes of the lines of a cell. */
    long bytes(int cell);

    /** Whether entries may have structured metadata of this name that cells do not tell. False for the level, unless there were too many. */
    boolean mayHold(String metadataName);

    /** Whether entries may have any structured metadata that cells do not tell. */
    boolean mayHoldAny();

    /** The minute that a time belongs to: the one that ends at it or after it. */
    static long minuteOf(long timestampNanos) {
        return Math.floorDiv(timestampNanos, MINUTE_NANOS) - (Math.floorMod(timestampNanos, MINUTE_NANOS) == 0 ? 1 : 0);
    }
}
