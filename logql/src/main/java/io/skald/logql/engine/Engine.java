/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import io.skald.core.config.Limits;
import io.skald.core.model.StoreException;
import io.skald.core.scan.Direction;
import io.skald.core.scan.LogSource;
import io.skald.core.scan.ScanRequest;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.ast.SampleExpr;
import io.skald.logql.metric.MemoryBudget;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

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
        return run(request, source, limits, cancelled, QueryProfile.coarse());
    }

    /** As {@link #run(QueryRequest, LogSource, Limits, BooleanSupplier)}; tells the profile what it did. */
    public QueryResult run(
            QueryRequest request, LogSource source, Limits limits, BooleanSupplier cancelled, QueryProfile profile)
            throws StoreException, InterruptedException {
        Workers workers = new Workers(scanPool, cancelled, profile);
        return switch (request.expr()) {
            case LogExpr log -> new LineQuery(request, log, source, workers).run();
            case SampleExpr sample ->
                metric(request, sample, source, maxSeries(limits), workers).run();
        };
    }

    private MetricQuery metric(
            QueryRequest request, SampleExpr sample, LogSource source, int maxSeries, Workers workers) {
        return new MetricQuery(request, sample, source, maxSeries, new MemoryBudget(maxCells), workers);
    }

    private static int maxSeries(Limits limits) {
        return limits.maxQuerySeries() > 0 ? limits.maxQuerySeries() : -1;
    }

    /** What {@link #run} would ask its source for: one request, or one for each range aggregation. */
    public List<ScanRequest> scanRequests(QueryRequest request, LogSource source) {
        Workers workers = new Workers(scanPool, () -> false, QueryProfile.coarse());
        return switch (request.expr()) {
            case LogExpr log -> List.of(new LineQuery(request, log, source, workers).scanRequest());
            case SampleExpr sample ->
                metric(request, sample, source, -1, workers).scanRequests();
        };
    }

    /**
     * As {@link #run}, but gives a part of the answer when there are more series than allowed or when the time is over.
     *
     * @param expired polled as {@code cancelled}; once it is true the query ends with what it has. An instant query and the first part of a
     *     range query have nothing to give before they are done, and only {@code cancelled} ends them
     * @param resume where a former part ended, or null
     */
    public PartialResult runPartial(
            QueryRequest request,
            LogSource source,
            Limits limits,
            BooleanSupplier cancelled,
            BooleanSupplier expired,
            @Nullable Resume resume)
            throws StoreException, InterruptedException {
        return new PartialQuery(request, source, scanPool, cancelled, expired, maxSeries(limits), maxCells, resume)
                .run();
    }

    /**
     * Reads some lines in forward order, so that a whole range can be read page by page in bounded memory.
     *
     * @param expr without {@code distinct} and {@code context}
     * @param after the place of the last line read, or null
     * @param maxLines most lines of the page, ≥ 1
     * @param maxChars most characters of lines, but for the first
     */
    public LinePage page(
            LogExpr expr,
            long startNanos,
            long endNanos,
            @Nullable LinePlace after,
            int maxLines,
            long maxChars,
            LogSource source,
            BooleanSupplier cancelled)
            throws StoreException, InterruptedException {
        long start = after == null ? startNanos : Math.max(startNanos, after.timestampNanos());
        QueryRequest request = new QueryRequest(expr, start, endNanos, 0, Direction.FORWARD, maxLines);
        return new LineQuery(
                        request,
                        expr,
                        source,
                        new Workers(scanPool, cancelled, QueryProfile.coarse()),
                        new LineCollector(maxLines, maxChars),
                        after,
                        () -> false)
                .page();
    }

    /**
     * Finds the patterns of all lines that a selector finds: reads them all, so that the counts are exact. Blocks until the answer is
     * complete; ends as {@link #run} does.
     */
    public PatternResult patterns(PatternRequest request, LogSource source, BooleanSupplier cancelled)
            throws StoreException, InterruptedException {
        return new PatternQuery(request, source, new Workers(scanPool, cancelled, QueryProfile.coarse())).run();
    }
}
