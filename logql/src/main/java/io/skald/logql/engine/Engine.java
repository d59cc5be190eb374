/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import io.skald.core.config.Limits;
import io.skald.core.model.StoreException;
import io.skald.core.scan.LogSource;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.ast.SampleExpr;
import io.skald.logql.metric.MemoryBudget;
import java.util.concurrent.ExecutorService;
import java.util.function.BooleanSupplier;

/**
 * Answers queries over any source of entries. Thread-safe; holds nothing between queries.
 *
 * <p>The steps of a range query are what the caller asks for, widened to multiples of the step: the first is rounded down, the last up.
 */
public final class Engine {
    /** What the series of one metric query may take at most, in cells of eight bytes: 512 MiB. */
    private static final long MAX_CELLS = 64L * 1024 * 1024;

    private final ExecutorService scanPool;
    private final long maxCells;

    /**
     * @param scanPool where entries are read and run through the stages, in slices of a few milliseconds; usually as many threads as cores.
     *     A direct executor works too. {@link #run} must not be called on one of its threads, for it waits for them.
     */
    public Engine(ExecutorService scanPool) {
        // an eighth of the heap, in cells of eight bytes
        this(scanPool, Math.min(MAX_CELLS, Runtime.getRuntime().maxMemory() / 64));
    }

    Engine(ExecutorService scanPool, long maxCells) {
        this.scanPool = scanPool;
        this.maxCells = maxCells;
    }

    /**
     * Runs one query. Blocks until the answer is complete.
     *
     * @param limits those of the tenant; of them {@code maxQuerySeries} is checked here
     * @param cancelled polled every few milliseconds, on the calling thread or one of the pool; once it is true the query ends
     * @throws io.skald.core.model.RequestException the caller's fault, or CLIENT_CLOSED when the query was cancelled
     * @throws StoreException what the source threw
     * @throws InterruptedException if the calling thread was interrupted; the query has ended then
     */
    public QueryResult run(QueryRequest request, LogSource source, Limits limits, BooleanSupplier cancelled)
            throws StoreException, InterruptedException {
        Workers workers = new Workers(scanPool, cancelled);
        return switch (request.expr()) {
            case LogExpr log -> new LineQuery(request, log, source, workers).run();
            case SampleExpr sample ->
                new MetricQuery(request, sample, source, limits, new MemoryBudget(maxCells), workers).run();
        };
    }

    /**
     * Finds the patterns of all lines that a selector finds: reads them all, so that the counts are exact. Blocks until the answer is
     * complete; ends as {@link #run} does.
     */
    public PatternResult patterns(PatternRequest request, LogSource source, BooleanSupplier cancelled)
            throws StoreException, InterruptedException {
        return new PatternQuery(request, source, new Workers(scanPool, cancelled)).run();
    }
}
