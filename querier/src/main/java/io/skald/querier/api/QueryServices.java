/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import io.skald.core.config.Limits;
import io.skald.core.config.TenantLimits;
import io.skald.core.http.HttpRequest;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.scan.ScanStats;
import io.skald.logql.engine.Engine;
import io.skald.logql.engine.LinePage;
import io.skald.logql.engine.PartialResult;
import io.skald.logql.engine.PatternResult;
import io.skald.logql.engine.QueryResult;
import io.skald.logql.parser.DurationText;
import java.util.Comparator;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * What the handlers of queries share. Thread-safe.
 *
 * @param multiTenant whether requests must name their tenant
 * @param clockNanos now, nanoseconds since the epoch
 */
record QueryServices(
        Engine engine,
        Sources sources,
        TenantLimits limits,
        boolean multiTenant,
        LongSupplier clockNanos,
        QuerierMetrics metrics) {

    /** The part of a query that takes long. */
    interface Work<T> {
        /**
         * @param strictest limits of the tenant that allows the fewest series
         * @param cancelled polled often; once it is true the query ends with CLIENT_CLOSED
         */
        T run(Limits strictest, BooleanSupplier cancelled) throws StoreException, InterruptedException;
    }

    /**
     * Runs a query within its tenants' time, and counts it. It ends early when the client hangs up.
     *
     * @param kind what metrics call it
     */
    <T> T run(HttpRequest request, List<Limits> limits, String kind, Work<T> work)
            throws StoreException, InterruptedException {
        long begin = System.nanoTime();
        String outcome = "failed";
        try {
            T answer = timed(request, limits, work);
            ScanStats stats = switch (answer) {
                case QueryResult r -> r.stats();
                case PatternResult r -> r.stats();
                case PartialResult r -> r.result().stats();
                case LinePage p -> p.stats();
                default -> new ScanStats();
            };
            metrics.readBytes.inc((double) (stats.headBytes.sum() + stats.storedBytes.sum()));
            outcome = "ok";
            return answer;
        } catch (RequestException e) {
            outcome = e.code() == ErrorCode.CLIENT_CLOSED
                    ? "cancelled"
                    : e.code() == ErrorCode.TIMEOUT ? "timeout" : "refused";
            throw e;
        } finally {
            metrics.queries.labels(kind, outcome).inc();
            metrics.duration.labels(kind).observe((System.nanoTime() - begin) / 1e9);
        }
    }

    /** The time that all tenants grant a query. */
    static long timeoutNanos(List<Limits> limits) {
        return limits.stream()
                .mapToLong(l -> l.queryTimeout().toNanos())
                .filter(n -> n > 0)
                .min()
                .orElse(Long.MAX_VALUE);
    }

    private static <T> T timed(HttpRequest request, List<Limits> limits, Work<T> work)
            throws StoreException, InterruptedException {
        Limits strictest = limits.stream()
                .min(Comparator.comparingInt(l -> l.maxQuerySeries() > 0 ? l.maxQuerySeries() : Integer.MAX_VALUE))
                .orElseThrow();
        long timeout = timeoutNanos(limits);
        long begin = System.nanoTime();
        try {
            return work.run(
                    strictest, () -> request.disconnected().getAsBoolean() || System.nanoTime() - begin > timeout);
        } catch (RequestException e) {
            if (e.code() == ErrorCode.CLIENT_CLOSED && System.nanoTime() - begin > timeout) {
                throw new RequestException(
                        ErrorCode.TIMEOUT,
                        "query timed out after " + DurationText.formatUnits(timeout) + " (query_timeout)",
                        e);
            }
            throw e;
        }
    }
}
