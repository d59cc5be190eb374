/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import io.skald.core.config.Limits;
import io.skald.core.http.HttpRequest;
import io.skald.core.model.StoreException;
import io.skald.core.scan.LogSource;
import io.skald.logql.engine.PartialResult;
import io.skald.logql.engine.QueryRequest;
import io.skald.logql.engine.Resume;
import java.util.List;

/** Queries that ask for a part of the answer rather than an error ({@code partial=true}). */
final class PartialAnswers {
    private PartialAnswers() {}

    static boolean wanted(HttpRequest request) {
        return switch (request.paramOr("partial", "false")) {
            case "true" -> true;
            case "false" -> {
                if (!request.paramOr("cursor", "").isEmpty()) {
                    throw LimitChecks.bad("cursor is for queries with partial=true");
                }
                yield false;
            }
            default -> throw LimitChecks.bad("partial must be true or false, not '" + request.param("partial") + "'");
        };
    }

    static QueryServices.Ran<PartialResult> run(
            QueryServices services,
            HttpRequest request,
            Tenants tenants,
            LogSource source,
            List<Limits> limits,
            QueryRequest query,
            String kind)
            throws StoreException, InterruptedException {
        String cursor = request.paramOr("cursor", "");
        Resume resume = cursor.isEmpty()
                ? null
                : Resume.decode(cursor).orElseThrow(() -> LimitChecks.bad("invalid cursor '" + cursor + "'"));
        long timeout = QueryServices.timeoutNanos(limits);
        // the last tenth is for what must be done after the reading
        long enough = timeout - timeout / 10;
        long begin = System.nanoTime();
        return services.run(
                request,
                tenants,
                limits,
                kind,
                (engine, strictest, cancelled) -> engine.runPartial(
                        query, source, strictest, cancelled, () -> System.nanoTime() - begin > enough, resume));
    }
}
