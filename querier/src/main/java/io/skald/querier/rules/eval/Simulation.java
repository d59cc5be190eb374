/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.Limits;
import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import io.skald.core.scan.LogSource;
import io.skald.logql.ast.SampleExpr;
import io.skald.logql.engine.QueryResult.Sample;
import io.skald.querier.rules.eval.ActiveAlert.State;
import io.skald.querier.rules.model.RuleGroup;
import io.skald.querier.rules.store.GroupKey;
import io.skald.querier.rules.store.LoadedGroup;
import io.skald.querier.schedule.QueryScheduler;
import io.skald.storage.memory.MemoryIndexStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Evaluates groups over given lines by a clock of its own, for tests of rules. Confined to one thread. */
public final class Simulation implements AutoCloseable {
    private final QueryScheduler scheduler = new QueryScheduler(1, 1, 1);
    private final RuleQueries queries;
    private final List<GroupRunner> runners = new ArrayList<>();
    private final List<Long> due = new ArrayList<>();

    /**
     * @param interval of groups that do not say one
     * @param startNanos the first evaluation
     */
    public Simulation(
            List<RuleGroup> groups, LogSource lines, Duration interval, Labels externalLabels, long startNanos) {
        this.queries = new SourceQueries(scheduler, t -> lines, t -> Limits.DEFAULTS);
        RuleEnvironment env = new RuleEnvironment(
                queries,
                alerts -> {},
                samples -> {},
                new SavedStates(new MemoryIndexStore()),
                new Arrivals(List::of),
                new RuleMetrics(new CollectorRegistry()),
                new Links("http://localhost:3100", ""),
                externalLabels,
                interval,
                Duration.ZERO,
                Duration.ZERO,
                Duration.ofMinutes(1),
                Duration.ZERO,
                RuleEnvironment.NOBODY);
        int n = 0;
        for (RuleGroup g : groups) {
            GroupKey key = new GroupKey(TenantId.DEFAULT, "test" + n++, g.name());
            GroupRunner r = new GroupRunner(env, new LoadedGroup(key, g, null), startNanos);
            runners.add(r);
            due.add(r.start(startNanos - 1));
        }
    }

    /** Evaluates everything that is due up to a moment, that moment included. */
    public void runTo(long nanos) throws InterruptedException {
        for (int i = 0; i < runners.size(); i++) {
            while (due.get(i) <= nanos) {
                due.set(i, runners.get(i).step(due.get(i)));
            }
        }
    }

    /** Alerts of a name that fire. */
    public List<ActiveAlert> firing(String alert) {
        List<ActiveAlert> out = new ArrayList<>();
        for (GroupRunner r : runners) {
            GroupStatus s = r.status();
            if (s != null) {
                s.rules()
                        .forEach(rule -> rule.alerts().stream()
                                .filter(a -> a.state() == State.FIRING
                                        && a.labels().getOrEmpty("alertname").equals(alert))
                                .forEach(out::add));
            }
        }
        return out;
    }

    /** What rules failed with, at their last evaluation. */
    public List<String> failures() {
        List<String> out = new ArrayList<>();
        for (GroupRunner r : runners) {
            GroupStatus s = r.status();
            if (s != null) {
                s.rules().stream()
                        .filter(x -> !x.lastError().isEmpty())
                        .forEach(x -> out.add("group " + r.key().group() + ": " + x.lastError()));
            }
        }
        return out;
    }

    /** The samples of a query at a moment. */
    public List<Sample> query(SampleExpr expr, long atNanos) throws RuleQueryException, InterruptedException {
        return queries.instant(TenantId.DEFAULT, expr, atNanos);
    }

    @Override
    public void close() {
        scheduler.close();
    }
}
