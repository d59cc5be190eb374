/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import io.skald.core.config.Limits;
import io.skald.core.config.TenantLimits;
import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.scan.Direction;
import io.skald.core.scan.LogSource;
import io.skald.core.scan.ScanStats;
import io.skald.logql.ast.Expr;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.engine.QueryRequest;
import io.skald.logql.engine.QueryResult;
import io.skald.logql.engine.QueryResult.Line;
import io.skald.logql.parser.DurationText;
import io.skald.logql.parser.Parser;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** {@code query} and {@code query_range}. Thread-safe. */
final class QueryHandlers {
    private static final int MAX_POINTS = 11_000;
    private static final int DEFAULT_LIMIT = 100;
    /** Lines per round when only some of them are wanted ({@code interval}). */
    private static final int INTERVAL_ROUND = 1000;

    private final QueryRunner runner;
    private final Sources sources;
    private final TenantLimits tenantLimits;
    private final boolean multiTenant;
    private final LongSupplier clockNanos;
    private final QuerierMetrics metrics;

    QueryHandlers(
            QueryRunner runner,
            Sources sources,
            TenantLimits tenantLimits,
            boolean multiTenant,
            LongSupplier clockNanos,
            QuerierMetrics metrics) {
        this.runner = runner;
        this.sources = sources;
        this.tenantLimits = tenantLimits;
        this.multiTenant = multiTenant;
        this.clockNanos = clockNanos;
        this.metrics = metrics;
    }

    HttpResponse instant(HttpRequest request) throws StoreException, InterruptedException {
        Tenants tenants = Tenants.of(request, multiTenant);
        long now = clockNanos.getAsLong();
        long time = TimeParams.time(request, "time", now);
        int limit = limit(request);
        Direction direction = direction(request);
        Expr expr = Parser.parse(request.paramOr("query", ""));
        if (expr instanceof LogExpr) {
            throw LimitChecks.bad(
                    "log queries are not supported as an instant query type, please change your query to a"
                            + " range query type");
        }
        List<Limits> limits = tenants.limits(tenantLimits);
        long window = LimitChecks.expression(limits, expr);
        LimitChecks.range(limits, new TimeParams.Range(time, time), window, now);
        return answer(request, tenants, limits, new QueryRequest(expr, time, time, 0, direction, limit), 0);
    }

    HttpResponse range(HttpRequest request) throws StoreException, InterruptedException {
        Tenants tenants = Tenants.of(request, multiTenant);
        long now = clockNanos.getAsLong();
        TimeParams.Range asked = TimeParams.range(request, now);
        int limit = limit(request);
        Direction direction = direction(request);
        checkOrder(asked);
        long step = TimeParams.step(request, asked);
        checkSteps(asked, step);
        String intervalText = request.paramOr("interval", "");
        long interval = intervalText.isEmpty() ? 0 : TimeParams.duration(intervalText);
        if (interval < 0) {
            throw LimitChecks.bad("interval must be >= 0");
        }
        Expr expr = Parser.parse(request.paramOr("query", ""));
        List<Limits> limits = tenants.limits(tenantLimits);
        long window = LimitChecks.expression(limits, expr);
        if (expr instanceof LogExpr) {
            LimitChecks.entries(limits, limit);
            TimeParams.Range r = LimitChecks.range(limits, asked, 0, now);
            QueryRequest q = new QueryRequest(expr, r.startNanos(), r.endNanos(), step, direction, limit);
            return answer(request, tenants, limits, q, interval);
        }
        TimeParams.Range r = LimitChecks.range(limits, asked, window, now);
        // steps lie on multiples of their distance, so that the same question asked later hits the same moments
        long start = Math.floorDiv(r.startNanos(), step) * step;
        long end = Math.ceilDiv(r.endNanos(), step) * step;
        return answer(request, tenants, limits, new QueryRequest(expr, start, end, step, direction, limit), 0);
    }

    static void checkOrder(TimeParams.Range asked) {
        if (asked.endNanos() < asked.startNanos()) {
            throw LimitChecks.bad("end timestamp must not be before or equal to start time");
        }
    }

    /** Refuses more steps than an answer may have. */
    static void checkSteps(TimeParams.Range asked, long step) {
        if ((asked.endNanos() - asked.startNanos()) / step > MAX_POINTS) {
            throw LimitChecks.bad(
                    "exceeded maximum resolution of 11,000 points per time series. Try increasing the value"
                            + " of the step parameter");
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

    private static int limit(HttpRequest request) {
        String text = request.paramOr("limit", "");
        if (text.isEmpty()) {
            return DEFAULT_LIMIT;
        }
        int limit = integer(text);
        if (limit <= 0) {
            throw LimitChecks.bad("limit must be a positive value");
        }
        return limit;
    }

    static int integer(String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            boolean number = text.matches("[+-]?[0-9]+");
            throw new RequestException(
                    ErrorCode.BAD_REQUEST,
                    "strconv.Atoi: parsing \"" + text + "\": " + (number ? "value out of range" : "invalid syntax"),
                    e);
        }
    }

    private static Direction direction(HttpRequest request) {
        String text = request.paramOr("direction", "backward");
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "backward" -> Direction.BACKWARD;
            case "forward" -> Direction.FORWARD;
            default -> throw LimitChecks.bad("invalid direction '" + text + "'");
        };
    }

    static boolean categorize(HttpRequest request) {
        String flags = request.header("x-loki-response-encoding-flags");
        return flags != null && List.of(flags.replace(" ", "").split(",")).contains("categorize-labels");
    }

    private HttpResponse answer(
            HttpRequest request, Tenants tenants, List<Limits> limits, QueryRequest query, long intervalNanos)
            throws StoreException, InterruptedException {
        long begin = System.nanoTime();
        QueryResult result = run(request, tenants.source(sources), limits, query, intervalNanos);
        long took = System.nanoTime() - begin;
        boolean categorize = categorize(request);
        return new HttpResponse(
                200, Map.of("Content-Type", HttpResponse.JSON), out -> QueryJson.write(result, categorize, took, out));
    }

    private QueryResult run(
            HttpRequest request, LogSource source, List<Limits> limits, QueryRequest query, long intervalNanos)
            throws StoreException, InterruptedException {
        String kind = query.expr() instanceof LogExpr ? "log" : query.instant() ? "instant" : "range";
        long begin = System.nanoTime();
        String outcome = "failed";
        try {
            QueryResult r = timed(request, source, limits, query, intervalNanos);
            metrics.readBytes.inc(
                    (double) (r.stats().headBytes.sum() + r.stats().storedBytes.sum()));
            outcome = "ok";
            return r;
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

    /** Runs a query within its time; it ends early, too, when the client hangs up. */
    private QueryResult timed(
            HttpRequest request, LogSource source, List<Limits> limits, QueryRequest query, long intervalNanos)
            throws StoreException, InterruptedException {
        Limits strictest = limits.stream()
                .min(Comparator.comparingInt(l -> l.maxQuerySeries() > 0 ? l.maxQuerySeries() : Integer.MAX_VALUE))
                .orElseThrow();
        long timeout = timeoutNanos(limits);
        long begin = System.nanoTime();
        try {
            java.util.function.BooleanSupplier cancelled =
                    () -> request.disconnected().getAsBoolean() || System.nanoTime() - begin > timeout;
            return intervalNanos == 0
                    ? runner.run(query, source, strictest, cancelled)
                    : spaced(query, source, strictest, cancelled, intervalNanos);
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

    /** Lines with at least an interval between them: asks from each line that was taken on. */
    private QueryResult spaced(
            QueryRequest query,
            LogSource source,
            Limits limits,
            java.util.function.BooleanSupplier cancelled,
            long intervalNanos)
            throws StoreException, InterruptedException {
        boolean forward = query.direction() == Direction.FORWARD;
        List<Line> taken = new ArrayList<>();
        ScanStats stats = new ScanStats();
        List<String> warnings = new ArrayList<>();
        long start = query.startNanos();
        long end = query.endNanos();
        while (taken.size() < query.limit() && start < end) {
            QueryResult part = runner.run(
                    new QueryRequest(query.expr(), start, end, query.stepNanos(), query.direction(), INTERVAL_ROUND),
                    source,
                    limits,
                    cancelled);
            stats.add(part.stats());
            warnings = part.warnings();
            List<Line> lines = part.data() instanceof QueryResult.Lines l ? l.lines() : List.of();
            for (Line l : lines) {
                Line last = last(taken);
                long distance = last == null ? Long.MAX_VALUE : Math.abs(l.timestampNanos() - last.timestampNanos());
                if (distance >= intervalNanos && taken.size() < query.limit()) {
                    taken.add(l);
                }
            }
            Line last = last(taken);
            if (last == null || lines.size() < INTERVAL_ROUND) {
                break;
            }
            if (forward) {
                start = last.timestampNanos() + intervalNanos;
            } else {
                end = last.timestampNanos() - intervalNanos + 1;
            }
        }
        return new QueryResult(new QueryResult.Lines(taken), stats, warnings);
    }

    private static @Nullable Line last(List<Line> lines) {
        return lines.isEmpty() ? null : lines.getLast();
    }
}
