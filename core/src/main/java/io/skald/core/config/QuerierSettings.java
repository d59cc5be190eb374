/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

/** What the querier does at once. */
public record QuerierSettings(
        @Setting(
                value =
                        "Most queries that run at once; the others wait, and a free place goes to the tenant that has the fewest.",
                min = "1")
        int maxConcurrent,

        @Setting(value = "Most queries of one tenant that wait. Beyond it 429 with `Retry-After`, at once.", min = "1")
        int maxOutstandingRequestsPerTenant) {
    public static final QuerierSettings DEFAULTS = new QuerierSettings(16, 2048);
}
