/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import io.skald.core.config.Limits;
import io.skald.core.http.HttpRequest;
import io.skald.core.http.WebSocket;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.Direction;
import io.skald.core.wire.RecentEntries;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.engine.QueryRequest;
import io.skald.logql.engine.QueryResult;
import io.skald.logql.engine.QueryResult.Line;
import io.skald.logql.parser.Parser;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** {@code tail}: history first, then what comes, each entry once. Thread-safe. */
final class TailHandler {
    private static final long MAX_DELAY_SECONDS = 5;
    private static final long DAY = 86_400 * TimeParams.SECOND;

    private final QueryServices services;
    private final Map<TenantId, Integer> open = new ConcurrentHashMap<>();

    TailHandler(QueryServices services) {
        this.services = services;
    }

    void handle(HttpRequest request, WebSocket socket) throws IOException, StoreException, InterruptedException {
        Tenants tenants = Tenants.of(request, services.multiTenant());
        if (tenants.ids().size() > 1) {
            throw LimitChecks.bad("multiple org IDs present: a tail is of one tenant");
        }
        TenantId tenant = tenants.ids().getFirst();
        Limits limits = services.limits().of(tenant);
        LogExpr query = Parser.parseLog(request.paramOr("query", ""));
        LimitChecks.expression(List.of(limits), query);
        String limitText = request.paramOr("limit", "");
        int limit = limitText.isEmpty() ? 100 : QueryHandlers.integer(limitText);
        if (limit < 0) {
            throw LimitChecks.bad("limit must not be negative");
        }
        LimitChecks.entries(List.of(limits), limit);
        String delayText = request.paramOr("delay_for", "");
        int delay = delayText.isEmpty() ? 0 : QueryHandlers.integer(delayText);
        if (delay < 0 || delay > MAX_DELAY_SECONDS) {
            throw LimitChecks.bad("delay_for can't be greater than " + MAX_DELAY_SECONDS + " or negative");
        }
        Tail tail = new Tail(
                socket, query, tenant, limits, delay * TimeParams.SECOND, QueryHandlers.categorize(request), services);
        enter(tenant, limits.maxConcurrentTailRequests());
        try {
            run(request, socket, tail, tenant, limits, query, limit);
        } finally {
            leave(tenant);
        }
    }

    private void run(
            HttpRequest request, WebSocket socket, Tail tail, TenantId tenant, Limits limits, LogExpr query, int limit)
            throws IOException, StoreException, InterruptedException {
        String cursor = request.paramOr("cursor", "");
        Map<Line, Integer> sent = new HashMap<>();
        Map<String, Long> historyEnd = new HashMap<>();
        if (!cursor.isEmpty()) {
            tail.resumeAt(TailCursor.decode(cursor));
            socket.accept();
        } else {
            long now = services.clockNanos().getAsLong();
            long start = TimeParams.time(request, "start", now - 3600 * TimeParams.SECOND);
            // the log is followed from before history is read: nothing falls between, and what both give is sent once
            tail.startAt(ends());
            socket.accept();
            if (limit > 0) {
                QueryRequest q = new QueryRequest(
                        query, start, Math.max(now, start) + DAY, TimeParams.SECOND, Direction.BACKWARD, limit);
                QueryResult history = services.scheduler()
                        .engine(tenant.value())
                        .run(q, services.sources().of(tenant), limits, () -> !socket.isOpen());
                List<Line> lines = history.data() instanceof QueryResult.Lines l
                        ? l.lines().reversed()
                        : List.of();
                lines.forEach(l -> sent.merge(l, 1, Integer::sum));
                if (!lines.isEmpty()) {
                    tail.send(lines);
                }
            }
            historyEnd.putAll(ends());
        }
        tail.follow(sent, historyEnd);
    }

    private Map<String, Long> ends() {
        Map<String, Long> ends = new HashMap<>();
        for (RecentEntries r : services.sources().ingesters()) {
            ends.put(r.ingesterId(), r.endPosition());
        }
        return ends;
    }

    private void enter(TenantId tenant, int most) {
        int now = open.merge(tenant, 1, Integer::sum);
        services.metrics().tails.inc();
        if (most > 0 && now > most) {
            leave(tenant);
            throw new RequestException(
                    ErrorCode.TOO_MANY_REQUESTS,
                    "max concurrent tail requests limit exceeded, count > limit (" + now + " > " + most + ")");
        }
    }

    private void leave(TenantId tenant) {
        open.computeIfPresent(tenant, (t, n) -> n > 1 ? n - 1 : null);
        services.metrics().tails.dec();
    }
}
