/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import io.prometheus.client.Histogram;

/** What the evaluation of rules counts. */
public final class RuleMetrics {
    final Counter evaluations;
    final Counter failures;
    final Counter missed;
    final Counter repeated;
    final Counter stateFailures;
    final Histogram duration;
    final Histogram delay;
    final Gauge groups;
    final Gauge rules;
    final Gauge held;
    final Gauge badFiles;
    final Gauge nobodyTold;
    final Gauge alerts;

    public RuleMetrics(CollectorRegistry registry) {
        evaluations = Counter.build("skald_rules_evaluations_total", "Evaluations of single rules.")
                .register(registry);
        failures = Counter.build("skald_rules_evaluation_failures_total", "Evaluations of rules that failed.")
                .register(registry);
        missed = Counter.build(
                        "skald_rules_missed_evaluations_total",
                        "Evaluations of groups that were left out because earlier ones took too long.")
                .register(registry);
        repeated = Counter.build(
                        "skald_rules_repeated_evaluations_total",
                        "Evaluations of groups that were repeated because lines came late.")
                .register(registry);
        stateFailures = Counter.build(
                        "skald_rules_state_failures_total", "States of alerts that could not be read or written.")
                .register(registry);
        duration = Histogram.build("skald_rules_group_duration_seconds", "Time to evaluate a group.")
                .buckets(0.001, 0.005, 0.025, 0.1, 0.25, 1, 2.5, 10, 30, 60)
                .register(registry);
        delay = Histogram.build(
                        "skald_rules_group_delay_seconds",
                        "How long after its moment an evaluation began, the wait for late lines included.")
                .buckets(0.01, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180, 600)
                .register(registry);
        groups = Gauge.build("skald_rules_groups", "Rule groups in force.").register(registry);
        rules = Gauge.build("skald_rules_rules", "Rules in force.").register(registry);
        held = Gauge.build("skald_rules_groups_held", "Rule groups that this process evaluates.")
                .register(registry);
        badFiles = Gauge.build("skald_rules_bad_files", "Files of rules that cannot be used as they are.")
                .register(registry);
        nobodyTold = Gauge.build(
                        "skald_rules_nobody_told", "1 if there are alert rules, but nobody to notify of alerts.")
                .register(registry);
        alerts = Gauge.build("skald_rules_alerts", "Alerts now, by state.")
                .labelNames("state")
                .register(registry);
    }
}
