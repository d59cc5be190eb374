/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import io.skald.core.model.Labels;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * One alert of a rule at one moment. Immutable; all times are nanoseconds since the epoch, 0 where there is none.
 *
 * @param series labels of the query's result, by which it is found again
 * @param labels its own, which identify it for others; with {@code alertname}
 * @param activeAtNanos since when the condition holds
 * @param firedAtNanos since when it fires
 * @param resolvedAtNanos when it stopped to fire
 * @param keepFiringSinceNanos since when it fires only because of {@code keep_firing_for}
 */
public record ActiveAlert(
        Labels series,
        Labels labels,
        Map<String, String> annotations,
        State state,
        double value,
        long activeAtNanos,
        long firedAtNanos,
        long resolvedAtNanos,
        long keepFiringSinceNanos) {
    /** How far an alert is. */
    public enum State {
        INACTIVE,
        PENDING,
        FIRING;

        /** As Prometheus writes it. */
        public String text() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    public ActiveAlert {
        annotations = Collections.unmodifiableMap(new TreeMap<>(annotations));
    }

    ActiveAlert with(State newState, long firedAt, long resolvedAt, long keepFiringSince) {
        return new ActiveAlert(
                series, labels, annotations, newState, value, activeAtNanos, firedAt, resolvedAt, keepFiringSince);
    }
}
