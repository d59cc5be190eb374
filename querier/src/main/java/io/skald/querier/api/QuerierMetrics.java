/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import io.prometheus.client.Histogram;

/** What the query API counts. */
final class QuerierMetrics {
    final Counter queries;
    final Histogram duration;
    final Counter readBytes;
    final Counter blocks;
    final Gauge tails;
    final Counter tailEntries;

    QuerierMetrics(CollectorRegistry registry) {
        queries = Counter.build("skald_querier_queries_total", "Queries, by kind and outcome.")
                .labelNames("kind", "outcome")
                .register(registry);
        duration = Histogram.build("skald_querier_query_duration_seconds", "Time to run a query.")
                .labelNames("kind")
                .buckets(0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
                .register(registry);
        readBytes = Counter.build("skald_querier_read_bytes_total", "Bytes of lines read for queries, decompressed.")
                .register(registry);
        blocks = Counter.build(
                        "skald_querier_blocks_total",
                        "Stored blocks within the time of queries: read, or pruned by their skip filter.")
                .labelNames("outcome")
                .register(registry);
        tails = Gauge.build("skald_querier_tails_open", "Tails open now.").register(registry);
        tailEntries = Counter.build("skald_querier_tail_entries_total", "Entries sent to tails.")
                .register(registry);
    }
}
