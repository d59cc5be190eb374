/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import io.skald.core.model.Labels;
import io.skald.logql.engine.QueryResult.Sample;
import io.skald.querier.rules.eval.ActiveAlert.State;
import io.skald.querier.rules.model.Rule;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What becomes of alerts at an evaluation, by Prometheus' rules. */
final class Transitions {
    /** How long an alert that no longer fires is still shown and known. */
    private static final long KEEP_RESOLVED = Duration.ofMinutes(15).toNanos();

    /** Makes the labels and annotations of an alert. */
    interface Describe {
        ActiveAlert describe(Labels series, double value);
    }

    private Transitions() {}

    /**
     * The alerts after an evaluation.
     *
     * @param limit most alerts; 0 is no limit
     * @throws RuleQueryException if two series give one alert, or there are too many
     */
    static Map<Labels, ActiveAlert> next(
            Map<Labels, ActiveAlert> before,
            List<Sample> samples,
            Rule.Alert rule,
            int limit,
            long at,
            Describe describe)
            throws RuleQueryException {
        Map<Labels, ActiveAlert> now = new TreeMap<>();
        Set<Labels> identities = new HashSet<>();
        Map<Labels, Sample> found = new HashMap<>();
        for (Sample s : samples) {
            found.put(s.labels(), s);
            ActiveAlert described = describe.describe(s.labels(), s.value());
            if (!identities.add(described.labels())) {
                throw new RuleQueryException(
                        "vector contains metrics with the same labelset after applying alert labels: "
                                + described.labels());
            }
            now.put(
                    s.labels(),
                    active(before.get(s.labels()), described, rule.hold().toNanos(), at));
        }
        if (limit > 0 && now.size() > limit) {
            throw new RuleQueryException("exceeded limit of " + limit + " with " + now.size() + " alerts");
        }
        before.forEach((series, alert) -> {
            if (!found.containsKey(series)) {
                ActiveAlert left = gone(alert, rule.keepFiringFor().toNanos(), at);
                if (left != null) {
                    now.put(series, left);
                }
            }
        });
        return now;
    }

    private static ActiveAlert active(@Nullable ActiveAlert before, ActiveAlert described, long hold, long at) {
        ActiveAlert known = before == null || before.state() == State.INACTIVE ? null : before;
        long activeAt = known == null ? at : known.activeAtNanos();
        long firedAt = known != null && known.state() == State.FIRING ? known.firedAtNanos() : 0;
        boolean fires = firedAt != 0 || at - activeAt >= hold;
        return new ActiveAlert(
                described.series(),
                described.labels(),
                described.annotations(),
                fires ? State.FIRING : State.PENDING,
                described.value(),
                activeAt,
                firedAt == 0 && fires ? at : firedAt,
                0,
                0);
    }

    /** What is left of an alert whose condition no longer holds; null if nothing. */
    private static @Nullable ActiveAlert gone(ActiveAlert a, long keepFiring, long at) {
        return switch (a.state()) {
            case PENDING -> null;
            case INACTIVE -> at - a.resolvedAtNanos() > KEEP_RESOLVED ? null : a;
            case FIRING -> {
                long since = a.keepFiringSinceNanos() == 0 ? at : a.keepFiringSinceNanos();
                yield keepFiring > 0 && at - since < keepFiring
                        ? a.with(State.FIRING, a.firedAtNanos(), 0, since)
                        : a.with(State.INACTIVE, a.firedAtNanos(), at, 0);
            }
        };
    }
}
