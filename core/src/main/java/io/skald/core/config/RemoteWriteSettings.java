/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import java.time.Duration;

/** Where the results of recording rules are sent. */
public record RemoteWriteSettings(
        @Setting("Prometheus' remote-write endpoint; empty for none.")
        String url,

        @Setting("How it is spoken to") ClientSettings client,

        @Setting(value = "How long a request may take.", min = "100ms")
        Duration remoteTimeout,

        @Setting(
                value = "Most that waits on disk when the endpoint does not take it; beyond it the oldest is dropped.",
                bytes = true,
                min = "1MB")
        long maxQueueSize,

        @Setting(value = "What is older is dropped, as the endpoint would refuse it.", min = "1m")
        Duration maxAge) {
    public static final RemoteWriteSettings DEFAULTS = new RemoteWriteSettings(
            "", ClientSettings.DEFAULTS, Duration.ofSeconds(30), 256L << 20, Duration.ofHours(4));
}
