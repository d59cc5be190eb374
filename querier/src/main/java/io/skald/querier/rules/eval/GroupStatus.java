/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import java.util.List;

/**
 * How the last evaluation of a group went.
 *
 * @param lastEvaluationNanos when it was, nanoseconds since the epoch
 * @param seconds how long it took
 * @param rules in the order of the group
 */
public record GroupStatus(long lastEvaluationNanos, double seconds, List<RuleStatus> rules) {
    public GroupStatus {
        rules = List.copyOf(rules);
    }

    /**
     * How a rule did.
     *
     * @param lastError why it failed, empty if it did not
     * @param alerts pending, firing and lately resolved
     */
    public record RuleStatus(long lastEvaluationNanos, double seconds, String lastError, List<ActiveAlert> alerts) {
        public RuleStatus {
            alerts = List.copyOf(alerts);
        }

        /** What is true before the first evaluation. */
        static final RuleStatus NEW = new RuleStatus(0, 0, "", List.of());

        /** As Prometheus writes it. */
        public String health() {
            return lastEvaluationNanos == 0 ? "unknown" : lastError.isEmpty() ? "ok" : "err";
        }

        /** The furthest that an alert of the rule is. */
        public ActiveAlert.State state() {
            ActiveAlert.State most = ActiveAlert.State.INACTIVE;
            for (ActiveAlert a : alerts) {
                most = a.state().compareTo(most) > 0 ? a.state() : most;
            }
            return most;
        }
    }
}
