/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import io.skald.core.config.TenantLimits;
import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.Direction;
import io.skald.core.scan.LogSource;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.ast.SampleExpr;
import io.skald.logql.engine.QueryRequest;
import io.skald.logql.engine.QueryResult;
import io.skald.logql.engine.QueryResult.Line;
import io.skald.logql.engine.QueryResult.Sample;
import io.skald.logql.engine.QueryResult.Series;
import io.skald.querier.schedule.QueryScheduler;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * Queries of rules in this process. They take turns with the queries of users as those of a tenant of their own do, and have the tenant's
 * time-out. An answer with a warning is not complete, and so is none.
 */
public final class SourceQueries implements RuleQueries {
    private final QueryScheduler scheduler;
    private final Function<TenantId, LogSource> sources;
    private final TenantLimits limits;

    public SourceQueries(QueryScheduler scheduler, Function<TenantId, LogSource> sources, TenantLimits limits) {
        this.scheduler = scheduler;
        this.sources = sources;
        this.limits = limits;
    }

    @Override
    public List<Sample> instant(TenantId tenant, SampleExpr expr, long atNanos)
            throws RuleQueryException, InterruptedException {
        QueryResult.Data data = run(tenant, new QueryRequest(expr, atNanos, atNanos, 0, Direction.BACKWARD, 0));
        return switch (data) {
            case QueryResult.VectorData v -> v.samples();
            case QueryResult.Scalar s -> List.of(new Sample(Labels.EMPTY, s.timestampNanos(), s.value()));
            case QueryResult.Lines l -> throw new RuleQueryException("rule result is not a vector or scalar");
            case QueryResult.Matrix m -> throw new RuleQueryException("rule result is not a vector or scalar");
        };
    }

    @Override
    public List<Series> range(TenantId tenant, SampleExpr expr, long startNanos, long endNanos, long stepNanos)
            throws RuleQueryException, InterruptedException {
        QueryRequest q = new QueryRequest(expr, startNanos, endNanos, stepNanos, Direction.BACKWARD, 0);
        return run(tenant, q) instanceof QueryResult.Matrix m ? m.series() : List.of();
    }

    @Override
    public List<Line> newest(TenantId tenant, LogExpr expr, long startNanos, long endNanos, int limit)
            throws RuleQueryException, InterruptedException {
        QueryRequest q = new QueryRequest(expr, startNanos, endNanos, 0, Direction.BACKWARD, limit);
        return run(tenant, q) instanceof QueryResult.Lines l ? l.lines() : List.of();
    }

    private QueryResult.Data run(TenantId tenant, QueryRequest query) throws RuleQueryException, InterruptedException {
        String turns = tenant.value() + "|rules";
        long timeout = limits.of(tenant).queryTimeout().toNanos();
        long begin = System.nanoTime();
        BooleanSupplier cancelled = () -> System.nanoTime() - begin > timeout;
        try {
            scheduler.enter(turns, 0, cancelled);
            try {
                QueryResult r = scheduler.engine(turns).run(query, sources.apply(tenant), limits.of(tenant), cancelled);
                if (!r.warnings().isEmpty()) {
                    throw new RuleQueryException("the answer is not complete: " + String.join("; ", r.warnings()));
                }
                return r.data();
            } finally {
                scheduler.leave(turns);
            }
        } catch (StoreException | RequestException e) {
            throw new RuleQueryException(
                    cancelled.getAsBoolean() ? "query timed out (query_timeout)" : String.valueOf(e.getMessage()), e);
        }
    }
}
