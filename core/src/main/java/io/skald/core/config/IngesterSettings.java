/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

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
        long maxPushSize) {
    public static final IngesterSettings DEFAULTS = new IngesterSettings(128L << 20, 64L << 20);
}
