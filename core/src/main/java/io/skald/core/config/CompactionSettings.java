/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import java.time.Duration;

/** How segments are rewritten: merged, packed densely, rid of deleted entries. */
public record CompactionSettings(
        @Setting("Whether this process compacts, applies deletes and ends retention by itself.")
        boolean enabled,

        @Setting(value = "How often it looks for work.", min = "1s", max = "1d")
        Duration interval,

        @Setting(
                value =
                        "How long nothing must have been flushed into a day that is over before its segments are merged; six flushes are merged sooner.",
                max = "1d")
        Duration minAge,

        @Setting(value = "Size of the segments to make.", bytes = true, min = "1MB", max = "16GB")
        long targetSize,

        @Setting(
                value = "Lines of a block before compression: larger is denser, smaller reads less for one line.",
                bytes = true,
                min = "64KB",
                max = "16MB")
        int blockSize,

        @Setting(value = "Level of Zstandard.", min = "1", max = "19")
        int zstdLevel,

        @Setting(value = "Most lines that are rewritten, bytes per second; 0 is no limit.", bytes = true)
        long maxRate,

        @Setting(
                value = "How long replaced segments stay for queries that began before; longer than any query.",
                max = "7d")
        Duration deleteDelay,

        @Setting(
                value =
                        "How long other processes over the same index wait for a sign of life of the one that looks after a tenant before one of them takes over. Nothing goes wrong if it is too short, but work is done twice.",
                min = "1s",
                max = "1h")
        Duration lease) {
    public static final CompactionSettings DEFAULTS = new CompactionSettings(
            true,
            Duration.ofMinutes(1),
            Duration.ofMinutes(30),
            256L << 20,
            256 << 10,
            6,
            64L << 20,
            Duration.ofHours(1),
            Duration.ofMinutes(3));
}
