/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

/** What the ingester takes at once. */
public record IngesterSettings(
        @Setting(
                value =
                        "Most bytes of pushes being worked on, decompressed, over all tenants. Beyond it a push is answered 503 with "
                                + "`Retry-After` at once.",
                bytes = true,
                min = "1MB")
        long maxInFlightBytes) {
    public static final IngesterSettings DEFAULTS = new IngesterSettings(64L << 20);
}
