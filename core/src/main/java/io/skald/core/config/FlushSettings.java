/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import java.time.Duration;

/** When the write-ahead log is turned into segments. Whichever bound is met first starts a flush. */
public record FlushSettings(
        @Setting(value = "Flush when the log holds this much.", bytes = true, min = "1MB", max = "64GB")
        long maxWalBytes,

        @Setting(value = "Flush when the oldest entry of the log is this old.", min = "1s", max = "1d")
        Duration maxAge,

        @Setting(
                "Whether a flush mines the patterns of lines, which takes a fifth more of its time. If not, compaction does it, and until then the patterns endpoint reads lines.")
        boolean minePatterns) {
    public static final FlushSettings DEFAULTS = new FlushSettings(512L << 20, Duration.ofMinutes(15), false);
}
