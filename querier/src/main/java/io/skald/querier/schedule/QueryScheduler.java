/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.schedule;

import io.prometheus.client.Collector;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.GaugeMetricFamily;
import io.skald.core.model.RequestException;
import io.skald.logql.engine.Engine;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Shares a process among the queries of its tenants. So many queries run at once; the others wait, and a place that becomes free goes to
 * the tenant with the fewest. Those that run take turns of some milliseconds on the cores, tenant by tenant: one tenant's hundred queries
 * together get as much as another's single one. Thread-safe.
 */
public final class QueryScheduler implements AutoCloseable {
    private final FairPool pool;
    private final QueryGate gate;

    /**
     * @param threads for scanning, usually as many as cores
     * @param maxConcurrent most queries at once
     * @param maxOutstandingPerTenant most queries of one tenant that wait
     */
    public QueryScheduler(int threads, int maxConcurrent, int maxOutstandingPerTenant) {
        this.pool = new FairPool(threads);
        this.gate = new QueryGate(maxConcurrent, maxOutstandingPerTenant);
    }

    /** Exports how many queries run and wait. */
    public void register(CollectorRegistry registry) {
        new Collector() {
            @Override
            public List<MetricFamilySamples> collect() {
                return List.of(
                        new GaugeMetricFamily("skald_querier_queries_running", "Queries running now.", gate.running()),
                        new GaugeMetricFamily(
                                "skald_querier_queries_waiting", "Queries waiting for a place.", gate.waiting()));
            }
        }.register(registry);
    }

    /** Queries that run now. */
    public int running() {
        return gate.running();
    }

    /** An engine whose work is done in this tenant's turns. Cheap; holds nothing. */
    public Engine engine(String tenant) {
        return new Engine(pool.of(tenant));
    }

    /**
     * Waits until a query may run. {@link #leave} must follow.
     *
     * @param most queries of this tenant that run at once; 0 is no limit
     * @param cancelled polled while waiting
     * @throws RequestException TOO_MANY_REQUESTS at once if too many of the tenant wait; CLIENT_CLOSED once {@code cancelled} is true
     */
    public void enter(String tenant, int most, BooleanSupplier cancelled) throws InterruptedException {
        gate.enter(tenant, most, cancelled);
    }

    /** Gives back what {@link #enter} gave. */
    public void leave(String tenant) {
        gate.leave(tenant);
    }

    /** Ends the scanning threads; queries that run fail. Idempotent. */
    @Override
    public void close() {
        pool.close();
    }
}
