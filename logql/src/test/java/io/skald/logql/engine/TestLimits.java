/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import io.skald.core.config.ConfigException;
import io.skald.core.config.Limits;
import io.skald.core.config.SkaldConfig;

/** Limits with one of them changed. */
final class TestLimits {
    private TestLimits() {}

    static Limits withMaxQuerySeries(Limits d, int maxSeries) {
        try {
            // over the defaults: with them nothing else changes
            return SkaldConfig.parse("limits: {max_query_series: " + maxSeries + "}", "test")
                    .limits();
        } catch (ConfigException e) {
            throw new IllegalStateException(e);
        }
    }
}
