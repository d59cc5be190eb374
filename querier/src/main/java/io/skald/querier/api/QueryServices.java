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
import io.skald.querier.schedule.QueryScheduler;
import java.lang.System.Logger;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.stream.LongStream;

/**
 * What the handlers of queries share. Thread-safe.
 *
 * @param multiTenant whether requests must name their tenant
 * @param clockNanos now, nanoseconds since the epoch
 */
record QueryServices(
        QueryScheduler scheduler,
        Sources sources,
        TenantLimits limits,
        boolean multiTenant,
        LongSupplier clockNanos,
        QuerierMetrics metrics) {
    private static final Logger LOG = System.getLogger(QueryServices.class.getName());
    private static final double SLOW_SECONDS = 10;

    /** The part of a query that takes long. */
    interface Work<T> {
        /**
         * @param engine the one of the tenants
         * @param strictest limits of the tenant that allows the fewest series
         * @param cancelled polled often; once it is true the query ends with CLIENT_CLOSED
         */
        T run(Engine engine, Limits strictest, BooleanSupplier cancelled) throws StoreException, InterruptedException;
    }

    /**
     * The answer to a query.
     *
     * @param queuedNanos how long it waited for its turn
     */
    record Ran<T>(T answer, long queuedNanos) {}

    /**
     * Runs a query in its tenants' turn and time, and counts it. It ends early when the client hangs up.
     *
     * @param kind what metrics call it
     */
    <T> Ran<T> run(HttpRequest request, Tenants tenants, List<Limits> limits, String kind, Work<T> work)
            throws StoreException, InterruptedException {
        long begin = System.nanoTime();
        String outcome = "failed";
        try {
            Ran<T> ran = timed(request, tenants, limits, work);
            ScanStats stats = switch (ran.answer) {
                case QueryResult r -> r.stats();
                case PatternResult r -> r.stats();
                case PartialResult r -> r.result().stats();
                case LinePage p -> p.stats();
                default -> new ScanStats();
            };
            metrics.readBytes.inc((double) (stats.headBytes.sum() + stats.storedBytes.sum()));
            metrics.blocks.labels("read").inc((double) stats.blocks.sum());
            metrics.blocks.labels("pruned").inc((double) stats.prunedBlocks.sum());
            outcome = "ok";
            return ran;
        } catch (RequestException e) {
            outcome = e.code() == ErrorCode.CLIENT_CLOSED
                    ? "cancelled"
                    : e.code() == ErrorCode.TIMEOUT ? "timeout" : "refused";
            throw e;
        } finally {
            double seconds = (System.nanoTime() - begin) / 1e9;
            metrics.queries.labels(kind, outcome).inc();
            metrics.duration.labels(kind).observe(seconds);
            log(request, tenants, kind, outcome, seconds);
        }
    }

    /** The time that all tenants grant a query. */
    static long timeoutNanos(List<Limits> limits) {
        return least(limits.stream().mapToLong(l -> l.queryTimeout().toNanos()), Long.MAX_VALUE);
    }

    /** Says what was asked: slow queries always, others at debug level. */
    private static void log(HttpRequest request, Tenants tenants, String kind, String outcome, double seconds) {
        LOG.log(seconds >= SLOW_SECONDS ? Logger.Level.INFO : Logger.Level.DEBUG, () -> {
            String tags = QueryTags.of(request);
            return String.format(
                    Locale.ROOT,
                    "%s query of tenant %s: %s after %.3f s%s: %s",
                    kind,
                    tenants.key(),
                    outcome,
                    seconds,
                    tags == null ? "" : " (" + tags + ")",
                    request.paramOr("query", ""));
        });
    }

    private <T> Ran<T> timed(HttpRequest request, Tenants tenants, List<Limits> limits, Work<T> work)
            throws StoreException, InterruptedException {
        Limits strictest = limits.stream()
                .min(Comparator.comparingInt(l -> l.maxQuerySeries() > 0 ? l.maxQuerySeries() : Integer.MAX_VALUE))
                .orElseThrow();
        int parallelism = (int) least(limits.stream().mapToLong(Limits::maxQueryParallelism), 0);
        long timeout = timeoutNanos(limits);
        long begin = System.nanoTime();
        BooleanSupplier cancelled = () -> request.disconnected().getAsBoolean() || System.nanoTime() - begin > timeout;
        String tenant = tenants.key();
        try {
            scheduler.enter(tenant, parallelism, cancelled);
            try {
                long queued = System.nanoTime() - begin;
                return new Ran<>(work.run(scheduler.engine(tenant), strictest, cancelled), queued);
            } finally {
                scheduler.leave(tenant);
            }
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

    /** The smallest of limits, where 0 is none. */
    private static long least(LongStream limits, long none) {
        return limits.filter(n -> n > 0).min().orElse(none);
    }
}
