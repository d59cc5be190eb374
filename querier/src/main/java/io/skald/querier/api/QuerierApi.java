/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.TenantLimits;
import io.skald.core.http.Router;
import io.skald.querier.schedule.QueryScheduler;
import java.util.List;
import java.util.function.LongSupplier;

/** The query side of Loki's HTTP API. */
public final class QuerierApi {
    private QuerierApi() {}

    /**
     * Adds the routes.
     *
     * @param multiTenant whether requests must name their tenant; otherwise all belong to the default one
     * @param clockNanos now, nanoseconds since the epoch
     */
    public static void register(
            Router router,
            QueryScheduler scheduler,
            Sources sources,
            TenantLimits limits,
            boolean multiTenant,
            CollectorRegistry registry,
            LongSupplier clockNanos) {
        QueryServices services =
                new QueryServices(scheduler, sources, limits, multiTenant, clockNanos, new QuerierMetrics(registry));
        QueryHandlers queries = new QueryHandlers(services);
        MetadataHandlers metadata = new MetadataHandlers(services);
        VolumeHandlers volumes = new VolumeHandlers(services);
        DetectedHandlers detected = new DetectedHandlers(services);
        PatternsHandler patterns = new PatternsHandler(services);
        TailHandler tails = new TailHandler(services);

        router.getOrPost("/loki/api/v1/query", queries::instant);
        router.getOrPost("/loki/api/v1/query_range", queries::range);
        router.getOrPost("/loki/api/v1/format_query", metadata::formatQuery);
        router.getOrPost("/loki/api/v1/index/stats", metadata::indexStats);
        router.getOrPost("/loki/api/v1/patterns", patterns::patterns);
        router.getOrPost("/loki/api/v1/index/shards", metadata::indexShards);
        router.getOrPost("/loki/api/v1/index/volume", volumes::instant);
        router.getOrPost("/loki/api/v1/index/volume_range", volumes::range);
        router.getOrPost("/loki/api/v1/detected_labels", detected::labels);
        router.getOrPost("/loki/api/v1/detected_fields", detected::fields);
        router.getOrPost("/loki/api/v1/detected_field/{name}/values", detected::values);
        router.get("/loki/api/v1/drilldown-limits", new LimitsHandler(services)::drilldown);
        for (String names : List.of("/loki/api/v1/labels", "/loki/api/v1/label", "/api/prom/label")) {
            router.getOrPost(names, metadata::labels);
        }
        for (String base : List.of("/loki/api/v1", "/api/prom")) {
            router.getOrPost(base + "/label/{name}/values", metadata::labelValues);
            router.getOrPost(base + "/series", metadata::seriesList);
            router.socket(base + "/tail", tails::handle);
        }
        router.getOrPost("/api/prom/query", queries::range);
        router.getOrPost("/skald/api/v1/export", new ExportHandler(services)::export);
    }
}
