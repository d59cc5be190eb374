/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import java.time.Duration;

/** What the ingester takes at once. */
public record IngesterSettings(
        @Setting(
                value =
                        "Most bytes of pushes being worked on, as sent and decompressed, over all tenants. Beyond it a push is answered 503, "
                                + "and 429 when more than half is taken and its tenant has its share, with `Retry-After`, at once.",
                bytes = true,
                min = "1MB")
        long maxInFlightBytes,

        @Setting(
                value = "Largest push, decompressed. A larger one is answered 413.",
                bytes = true,
                min = "64KB",
                max = "1GB")
        long maxPushSize,

        @Setting(
                "What this ingester's name begins with, among those that share an index; empty for the host's name. The rest is drawn once "
                        + "for each data directory, and kept in it.")
        String id,

        @Setting(
                "Where queriers reach this ingester, as `HOST:PORT`; empty for the address of `http.listen`, or of this host where that is "
                        + "every address.")
        String advertise,

        @Setting(
                value =
                        "How long an ingester that was told to stop goes on answering the queries that it is answering, when all that it holds is stored.",
                max = "10m")
        Duration drainTimeout) {
    public static final IngesterSettings DEFAULTS =
            new IngesterSettings(128L << 20, 64L << 20, "", "", Duration.ofSeconds(30));

    public IngesterSettings {
        if (!id.isEmpty() && !id.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,79}")) {
            throw new IllegalArgumentException("id '" + id + "' must be 1 to 80 letters, digits, '-', '_' or '.'");
        }
        if (!advertise.isEmpty()) {
            HostPort.parse(advertise);
        }
    }
}
