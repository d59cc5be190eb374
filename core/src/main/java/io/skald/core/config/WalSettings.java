/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import java.time.Duration;

/** The write-ahead log of the ingester. */
public record WalSettings(
        @Setting(
                "When a push is acknowledged: `always` after an fsync (one fsync serves all pushes that wait), `interval` after the write, "
                        + "with an fsync every `sync_interval`: a power cut may then lose that much of what was acknowledged.")
        WalSync sync,

        @Setting(value = "Time between two fsyncs with `sync: interval`.", min = "10ms", max = "1m")
        Duration syncInterval,

        @Setting(value = "Size of one file of the log.", bytes = true, min = "1MB", max = "1GB")
        long segmentSize,

        @Setting(
                value =
                        "Disk space that the log leaves free. When less is left, pushes are answered 503 until a flush has made room.",
                bytes = true)
        long diskReserve) {
    public static final WalSettings DEFAULTS =
            new WalSettings(WalSync.ALWAYS, Duration.ofMillis(100), 64L << 20, 1L << 30);
}
