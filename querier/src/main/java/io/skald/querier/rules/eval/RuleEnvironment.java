/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import io.skald.core.model.Labels;
import java.time.Duration;
import java.util.Set;

/**
 * What the evaluation of all groups shares.
 *
 * @param interval of groups that do not say one
 * @param maxDelay of groups that do not say one
 * @param lateGrace of groups that do not say one
 * @param resendDelay how often a firing alert is told of again
 * @param outageTolerance how old a saved state may be
 * @param observer is told of every decision
 */
public record RuleEnvironment(
        RuleQueries queries,
        Outgoing.Sink alerts,
        Recorded.Sink recorded,
        SavedStates saved,
        Arrivals arrivals,
        RuleMetrics metrics,
        Links links,
        Labels externalLabels,
        Duration interval,
        Duration maxDelay,
        Duration lateGrace,
        Duration resendDelay,
        Duration outageTolerance,
        Observer observer) {

    /** Is told which alerts of a rule fire at a moment; again for the same moment if lines came late. */
    public interface Observer {
        void decided(String rule, long atNanos, Set<Labels> firing);
    }

    /** Looks at nothing. */
    public static final Observer NOBODY = (rule, at, firing) -> {};
}
