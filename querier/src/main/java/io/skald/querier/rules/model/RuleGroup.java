/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.model;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Rules that are evaluated together, one after the other. Immutable.
 *
 * @param interval how often, or null for the default of the ruler
 * @param queryOffset how far before the moment of evaluation queries look, or null for the default
 * @param limit most alerts or series of one rule; 0 is no limit
 * @param labels added to all alerts and series, where the rule does not say otherwise
 * @param maxDelay longest wait for lines that are measured to come late, or null for the default
 * @param lateGrace for how long a past evaluation is repeated when lines come later still, or null for the default
 */
public record RuleGroup(
        String name,
        @Nullable Duration interval,
        @Nullable Duration queryOffset,
        int limit,
        Map<String, String> labels,
        @Nullable Duration maxDelay,
        @Nullable Duration lateGrace,
        List<Rule> rules) {
    public RuleGroup {
        labels = Collections.unmodifiableMap(new TreeMap<>(labels));
        rules = List.copyOf(rules);
    }
}
