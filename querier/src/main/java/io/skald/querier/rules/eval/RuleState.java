/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import io.skald.core.model.Labels;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a rule knows between two evaluations. Immutable, so that an evaluation can be repeated from where it began.
 *
 * @param alerts by the labels of their series
 * @param lastSeen for a silence rule: when each source logged last, nanoseconds since the epoch
 * @param seenUpTo for a silence rule: up to when that is known, 0 if not at all
 */
record RuleState(Map<Labels, ActiveAlert> alerts, Map<Labels, Long> lastSeen, long seenUpTo) {
    static final RuleState EMPTY = new RuleState(Map.of(), Map.of(), 0);

    RuleState {
        alerts = Collections.unmodifiableMap(new TreeMap<>(alerts));
        lastSeen = Map.copyOf(lastSeen);
    }

    RuleState withAlerts(Map<Labels, ActiveAlert> newAlerts) {
        return new RuleState(newAlerts, lastSeen, seenUpTo);
    }
}
