/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.RulesSettings;
import io.skald.core.config.TenantLimits;
import io.skald.core.http.HttpResponse;
import io.skald.core.http.Router;
import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import io.skald.core.scan.LogSource;
import io.skald.core.service.CloseStack;
import io.skald.core.wire.RecentEntries;
import io.skald.querier.rules.api.RulesApi;
import io.skald.querier.rules.eval.Arrivals;
import io.skald.querier.rules.eval.ClusterStatuses;
import io.skald.querier.rules.eval.Links;
import io.skald.querier.rules.eval.Recorded;
import io.skald.querier.rules.eval.RuleEnvironment;
import io.skald.querier.rules.eval.RuleMetrics;
import io.skald.querier.rules.eval.RuleScheduler;
import io.skald.querier.rules.eval.SavedStates;
import io.skald.querier.rules.eval.SourceQueries;
import io.skald.querier.rules.notify.Notifications;
import io.skald.querier.rules.record.LatestSamples;
import io.skald.querier.rules.record.RemoteWriter;
import io.skald.querier.rules.store.Leases;
import io.skald.querier.rules.store.RuleCatalog;
import io.skald.querier.rules.store.RuleFiles;
import io.skald.querier.rules.store.RuleStore;
import io.skald.querier.schedule.QueryScheduler;
import io.skald.storage.IndexStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;

/** Alert and recording rules of one process: the catalogue, its API, the evaluation, and those who are told. Thread-safe. */
public final class Ruler implements AutoCloseable {
    private static final String PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8";

    /**
     * What the ruler stands on. Closing it is the caller's.
     *
     * @param index where groups, states and leases are kept
     * @param scheduler runs the queries
     * @param sources the entries of tenants
     * @param ingesters those that may hold entries that are not in segments
     * @param leases who evaluates what
     * @param clock the time by which groups are evaluated
     * @param directory of this process alone, for the queue of remote write
     */
    public record Parts(
            IndexStore index,
            QueryScheduler scheduler,
            Function<TenantId, LogSource> sources,
            Supplier<List<RecentEntries>> ingesters,
            TenantLimits limits,
            Leases leases,
            Clock clock,
            Path directory) {}

    private final CloseStack open;
    private final RulesSettings settings;
    private final RuleCatalog catalog;
    private final RuleScheduler scheduler;
    private final LatestSamples latest;
    private final ClusterStatuses statuses;
    private final boolean multiTenant;

    private Ruler(
            RulesSettings s,
            Parts parts,
            boolean multiTenant,
            String ownUrl,
            CollectorRegistry registry,
            CloseStack open)
            throws IOException {
        this.open = open;
        this.settings = s;
        this.multiTenant = multiTenant;
        this.catalog = new RuleCatalog(new RuleStore(parts.index), new RuleFiles(s.directory()), parts.limits);
        Labels external = Notifications.externalLabels(s);
        String url = s.externalUrl().isEmpty() ? ownUrl : s.externalUrl();
        Notifications notifications = open.add("notifications", Notifications.open(s, url, registry));
        this.latest = new LatestSamples(external);
        List<Recorded.Sink> sinks = new ArrayList<>(List.of(latest));
        if (!s.remoteWrite().url().isEmpty()) {
            sinks.add(open.add(
                    "remote write",
                    RemoteWriter.open(
                            s.remoteWrite(),
                            parts.directory.resolve("remote-write"),
                            external,
                            multiTenant,
                            registry)));
        }
        SavedStates saved = new SavedStates(parts.index);
        RuleEnvironment env = new RuleEnvironment(
                new SourceQueries(parts.scheduler, parts.sources, parts.limits),
                notifications,
                samples -> sinks.forEach(sink -> sink.record(samples)),
                saved,
                new Arrivals(parts.ingesters),
                new RuleMetrics(registry),
                new Links(url, s.datasourceUid()),
                external,
                s.evaluationInterval(),
                s.maxDelay(),
                s.lateGrace(),
                s.resendDelay(),
                s.forOutageTolerance(),
                RuleEnvironment.NOBODY);
        this.scheduler = open.add(
                "rule scheduler",
                new RuleScheduler(
                        env,
                        catalog,
                        parts.leases,
                        s.pollInterval(),
                        s.maxConcurrent(),
                        notifications.anybody(),
                        () -> ChronoUnit.NANOS.between(Instant.EPOCH, parts.clock.instant())));
        this.statuses = open.add("statuses", new ClusterStatuses(catalog, scheduler::status, parts.leases, saved));
    }

    /**
     * Opens everything; {@link #start} begins to evaluate.
     *
     * @param ownUrl the address of this server, for links if there is no other
     * @throws IllegalArgumentException if a setting cannot be used; names it
     */
    public static Ruler open(
            RulesSettings settings, Parts parts, boolean multiTenant, String ownUrl, CollectorRegistry registry)
            throws IOException {
        CloseStack open = new CloseStack();
        try {
            return new Ruler(settings, parts, multiTenant, ownUrl, registry, open);
        } catch (IOException | RuntimeException e) {
            open.close();
            throw e;
        }
    }

    /** Adds the routes of rules. */
    public void register(Router router) {
        RulesApi.register(
                router, catalog, statuses::of, scheduler::changed, settings.evaluationInterval(), multiTenant);
        router.get(
                ClusterStatuses.PATH,
                r -> HttpResponse.of(200, HttpResponse.JSON, statuses.local(r.tenant(multiTenant))));
        router.get(
                "/skald/rules/metrics", r -> HttpResponse.of(200, PROMETHEUS_TEXT, latest.text(r.tenant(multiTenant))));
    }

    public void start() {
        scheduler.start();
    }

    /** Evaluates no more, and tells nobody. Idempotent. */
    @Override
    public void close() {
        open.close();
    }
}
