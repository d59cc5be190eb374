/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import io.skald.core.config.Limits;
import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.scan.Direction;
import io.skald.core.scan.LogSource;
import io.skald.logql.ast.Expr;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.engine.PartialResult;
import io.skald.logql.engine.QueryRequest;
import io.skald.logql.engine.QueryResult;
import io.skald.logql.engine.QueryResult.Line;
import io.skald.logql.engine.Resume;
import io.skald.querier.source.MultiTenantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** {@code query} and {@code query_range}. Thread-safe. */
final class QueryHandlers {
    private static final int DEFAULT_LIMIT = 100;

    private final QueryServices services;

    QueryHandlers(QueryServices services) {
        this.services = services;
    }

    HttpResponse instant(HttpRequest request) throws StoreException, InterruptedException {
        Tenants tenants = Tenants.of(request, services.multiTenant());
        long now = services.clockNanos().getAsLong();
        long time = TimeParams.time(request, "time", now);
        int limit = limit(request);
        Direction direction = direction(request);
        List<Limits> limits = tenants.limits(services.limits());
        Expr expr = QueryText.parse(request, limits);
        if (expr instanceof LogExpr) {
            throw LimitChecks.bad(
                    "log queries are not supported as an instant query type, please change your query to a"
                            + " range query type");
        }
        long window = LimitChecks.expression(limits, expr);
        LimitChecks.range(limits, new TimeParams.Range(time, time), window, now);
        return answer(request, tenants, limits, new QueryRequest(expr, time, time, 0, direction, limit), 0);
    }

    HttpResponse range(HttpRequest request) throws StoreException, InterruptedException {
        Tenants tenants = Tenants.of(request, services.multiTenant());
        long now = services.clockNanos().getAsLong();
        TimeParams.Range asked = TimeParams.range(request, now);
        int limit = limit(request);
        Direction direction = direction(request);
        checkOrder(asked);
        long step = TimeParams.step(request, asked);
        LimitChecks.points(asked, step);
        String intervalText = request.paramOr("interval", "");
        long interval = intervalText.isEmpty() ? 0 : TimeParams.duration(intervalText);
        if (interval < 0) {
            throw LimitChecks.bad("interval must be >= 0");
        }
        List<Limits> limits = tenants.limits(services.limits());
        Expr expr = QueryText.parse(request, limits);
        long window = LimitChecks.expression(limits, expr);
        if (expr instanceof LogExpr log) {
            if (interval > 0) {
                LimitChecks.linesAlone(log, "interval");
            }
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
        LogSource all = tenants.source(services.sources());
        boolean metric = !(query.expr() instanceof LogExpr);
        LogSource source = metric && tenants.federated() ? MultiTenantSource.forMetrics(all) : all;
        LimitChecks.bytesRead(limits, source, query);
        if (!request.paramOr("explain", "").isEmpty()) {
            return Explain.answer(services, request, tenants, source, limits, query, kind(query));
        }
        QueryServices.Ran<PartialResult> ran = PartialAnswers.wanted(request)
                ? PartialAnswers.run(services, request, tenants, source, limits, query, kind(query))
                : services.run(
                        request,
                        tenants,
                        limits,
                        kind(query),
                        (engine, strictest, cancelled) ->
                                new PartialResult(engine.run(query, source, strictest, cancelled), null));
        QueryResult found = ran.answer().result();
        QueryResult result = intervalNanos == 0 ? found : spaced(found, intervalNanos);
        Resume resume = ran.answer().resume();
        String cursor = resume == null ? null : resume.encode();
        QueryJson.Times times = new QueryJson.Times(System.nanoTime() - begin - ran.queuedNanos(), ran.queuedNanos());
        boolean categorize = categorize(request);
        return new HttpResponse(
                200,
                Map.of("Content-Type", HttpResponse.JSON),
                out -> QueryJson.write(result, categorize, times, cursor, out));
    }

    private static String kind(QueryRequest query) {
        return query.expr() instanceof LogExpr ? "log" : query.instant() ? "instant" : "range";
    }

    /** Of the lines that the limit allows those with at least an interval between them. */
    private static QueryResult spaced(QueryResult all, long intervalNanos) {
        List<Line> taken = new ArrayList<>();
        List<Line> lines = all.data() instanceof QueryResult.Lines l ? l.lines() : List.of();
        for (Line l : lines) {
            if (taken.isEmpty() || Math.abs(l.timestampNanos() - taken.getLast().timestampNanos()) >= intervalNanos) {
                taken.add(l);
            }
        }
        return new QueryResult(new QueryResult.Lines(taken), all.stats(), all.warnings());
    }
}
