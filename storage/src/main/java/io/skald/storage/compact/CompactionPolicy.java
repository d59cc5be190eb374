/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.compact;

import io.skald.storage.segment.SegmentWriter;
import java.time.Duration;

/**
 * What to compact, and into what.
 *
 * @param targetBytes size of the segments to make; those of half of it and more are left as they are
 * @param fanIn how many segments of about one size are merged while their day still grows
 * @param dayClosedAfter how long after its end a day is taken to be complete
 * @param minAge how long nothing must have been flushed into a complete day before its segments are merged, unless {@code fanIn} of them
 *     came by flushes
 * @param density of what is written
 */
public record CompactionPolicy(
        long targetBytes, int fanIn, Duration dayClosedAfter, Duration minAge, SegmentWriter.Density density) {
    public static final CompactionPolicy DEFAULT = new CompactionPolicy(
            256L << 20, 6, Duration.ofHours(2), Duration.ofMinutes(30), new SegmentWriter.Density(256 << 10, 6));

    public CompactionPolicy {
        if (targetBytes < 1 || fanIn < 2) {
            throw new IllegalArgumentException("target of " + targetBytes + " bytes, fan-in " + fanIn);
        }
    }
}
