/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import io.skald.core.model.ErrorCode;
import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.scan.Direction;
import io.skald.core.scan.LogSource;
import io.skald.core.scan.ScanStats;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.ast.SampleExpr;
import io.skald.logql.metric.MemoryBudget;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A query that gives what it has when its time is over or when there are more series than allowed, and says where the rest begins. Lines:
 * all up to a time. Samples: the latest steps, evaluated in slices of time; if all series of these are too many, the first of them by labels.
 */
final class PartialQuery {
    /** Slices that a range query is evaluated in at most. */
    private static final int MAX_SLICES = 16;

    private final QueryRequest request;
    private final LogSource source;
    private final ExecutorService pool;
    private final BooleanSupplier cancelled;
    private final BooleanSupplier expired;
    private final int maxSeries;
    private final long maxCells;
    private final @Nullable Resume resume;
    private final ScanStats stats = new ScanStats();
    private final Set<String> warnings = new LinkedHashSet<>();

    PartialQuery(
            QueryRequest request,
            LogSource source,
            ExecutorService pool,
            BooleanSupplier cancelled,
            BooleanSupplier expired,
            int maxSeries,
            long maxCells,
            @Nullable Resume resume) {
        this.request = request;
        this.source = source;
        this.pool = pool;
        this.cancelled = cancelled;
        this.expired = expired;
        this.maxSeries = maxSeries;
        this.maxCells = maxCells;
        this.resume = resume;
    }

    PartialResult run() throws StoreException, InterruptedException {
        return switch (request.expr()) {
            case LogExpr log -> lines(log);
            case SampleExpr sample -> request.instant() ? instant(sample) : range(sample);
        };
    }

    private PartialResult lines(LogExpr log) throws StoreException, InterruptedException {
        long start = request.startNanos();
        long end = request.endNanos();
        boolean forward = request.direction() == Direction.FORWARD;
        switch (resume) {
            case null -> {}
            case Resume.LinesFrom from -> {
                start = forward ? Math.max(start, from.nanos()) : start;
                end = forward ? end : Math.min(end, from.nanos() + 1);
            }
            case Resume.StepsUntil s -> throw otherQuery();
            case Resume.SeriesBehind s -> throw otherQuery();
        }
        if (start >= end) {
            return new PartialResult(new QueryResult(new QueryResult.Lines(List.of()), stats, List.of()), null);
        }
        QueryRequest asked =
                new QueryRequest(log, start, end, request.stepNanos(), request.direction(), request.limit());
        LineQuery.Part part = new LineQuery(
                        asked,
                        log,
                        source,
                        new Workers(pool, cancelled, QueryProfile.coarse()),
                        new LineCollector(request.limit()),
                        null,
                        expired)
                .part();
        warnings.addAll(part.result().warnings());
        Long from = part.resumeNanos();
        if (from == null) {
            return new PartialResult(part.result(), null);
        }
        warnings.add("query_timeout reached: the answer ends before the range does; cursor leads to the rest");
        return new PartialResult(
                new QueryResult(part.result().data(), part.result().stats(), List.copyOf(warnings)),
                new Resume.LinesFrom(from));
    }

    private PartialResult instant(SampleExpr expr) throws StoreException, InterruptedException {
        Labels behind = switch (resume) {
            case null -> null;
            case Resume.SeriesBehind s -> s.last();
            case Resume.LinesFrom l -> throw otherQuery();
            case Resume.StepsUntil s -> throw otherQuery();
        };
        QueryResult.Data data = evaluate(expr, request, cancelled);
        if (!(data instanceof QueryResult.VectorData vector)) {
            return new PartialResult(result(data), null);
        }
        List<QueryResult.Sample> byLabels = vector.samples().stream()
                .filter(s -> behind == null || s.labels().compareTo(behind) > 0)
                .sorted(Comparator.comparing(QueryResult.Sample::labels))
                .toList();
        if (maxSeries < 0 || byLabels.size() <= maxSeries) {
            return new PartialResult(result(behind == null ? data : new QueryResult.VectorData(byLabels)), null);
        }
        List<QueryResult.Sample> some = byLabels.subList(0, maxSeries);
        warnings.add(tooMany());
        return new PartialResult(
                result(new QueryResult.VectorData(some)),
                new Resume.SeriesBehind(
                        request.startNanos(), request.endNanos(), some.getLast().labels()));
    }

    private PartialResult range(SampleExpr expr) throws StoreException, InterruptedException {
        long step = request.stepNanos();
        long first = Math.floorDiv(request.startNanos(), step) * step;
        long last = Math.ceilDiv(request.endNanos(), step) * step;
        Labels behind = null;
        boolean onePiece = false;
        switch (resume) {
            case null -> {}
            case Resume.StepsUntil s -> last = Math.min(last, s.nanos());
            case Resume.SeriesBehind s -> {
                first = Math.max(first, s.startNanos());
                last = Math.min(last, s.endNanos());
                behind = s.last();
                onePiece = true;
            }
            case Resume.LinesFrom l -> throw otherQuery();
        }
        TreeMap<Labels, List<QueryResult.Series>> slices = new TreeMap<>();
        long done = last + step;
        long length = onePiece ? Long.MAX_VALUE : sliceNanos(expr, first, last);
        while (done - step >= first) {
            long end = done - step;
            long begin = length > end - first ? first : Math.max(first, end - length + step);
            QueryResult.Data data = slice(expr, begin, end, done <= last);
            if (data == null) {
                break;
            }
            for (QueryResult.Series s : ((QueryResult.Matrix) data).series()) {
                if (behind == null || s.labels().compareTo(behind) > 0) {
                    slices.computeIfAbsent(s.labels(), k -> new ArrayList<>()).addFirst(s);
                }
            }
            done = begin;
        }
        return part(slices, done, last);
    }

    /** What was evaluated of the steps from {@code done} to {@code last}. */
    private PartialResult part(Map<Labels, List<QueryResult.Series>> slices, long done, long last) {
        List<QueryResult.Series> rows = new ArrayList<>();
        slices.values().forEach(parts -> rows.add(joined(parts)));
        boolean wholeRange = done <= request.startNanos();
        if (!wholeRange && !(resume instanceof Resume.SeriesBehind)) {
            warnings.add("query_timeout reached: the answer begins after the range does; cursor leads to the rest");
        }
        if (maxSeries >= 0 && rows.size() > maxSeries) {
            List<QueryResult.Series> some = rows.subList(0, maxSeries);
            warnings.add(tooMany());
            return new PartialResult(
                    result(new QueryResult.Matrix(some)),
                    new Resume.SeriesBehind(done, last, some.getLast().labels()));
        }
        return new PartialResult(
                result(new QueryResult.Matrix(rows)),
                wholeRange ? null : new Resume.StepsUntil(done - request.stepNanos()));
    }

    private static QueryResult.Series joined(List<QueryResult.Series> parts) {
        if (parts.size() == 1) {
            return parts.getFirst();
        }
        int n = parts.stream().mapToInt(p -> p.values().length).sum();
        long[] times = new long[n];
        double[] values = new double[n];
        int at = 0;
        for (QueryResult.Series p : parts) {
            System.arraycopy(p.timestampNanos(), 0, times, at, p.values().length);
            System.arraycopy(p.values(), 0, values, at, p.values().length);
            at += p.values().length;
        }
        return new QueryResult.Series(parts.getFirst().labels(), times, values);
    }

    /** Length of a slice: long enough that windows which reach into the slice before do not double the work. */
    private long sliceNanos(SampleExpr expr, long first, long last) {
        long even = Math.ceilDiv(last - first + request.stepNanos(), (long) MAX_SLICES);
        long length = Math.max(even, window(expr));
        return Math.ceilDiv(length, request.stepNanos()) * request.stepNanos();
    }

    private static long window(SampleExpr expr) {
        return switch (expr) {
            case SampleExpr.RangeAggregation r -> r.range().rangeNanos();
            case SampleExpr.VectorAggregation v -> window(v.inner());
            case SampleExpr.BinaryOperation b -> Math.max(window(b.left()), window(b.right()));
            case SampleExpr.LabelReplace l -> window(l.inner());
            case SampleExpr.Literal l -> 0;
            case SampleExpr.Vector v -> 0;
        };
    }

    /** Evaluates some steps; null if the time was over before. */
    private QueryResult.@Nullable Data slice(SampleExpr expr, long begin, long end, boolean someDone)
            throws StoreException, InterruptedException {
        QueryRequest asked =
                new QueryRequest(expr, begin, end, request.stepNanos(), request.direction(), request.limit());
        if (!someDone) {
            // the first slice may take what time there is: without it there is no answer at all
            return evaluate(expr, asked, cancelled);
        }
        if (expired.getAsBoolean()) {
            return null;
        }
        try {
            return evaluate(expr, asked, () -> cancelled.getAsBoolean() || expired.getAsBoolean());
        } catch (RequestException e) {
            if (e.code() == ErrorCode.CLIENT_CLOSED && !cancelled.getAsBoolean()) {
                return null;
            }
            throw e;
        }
    }

    private QueryResult.Data evaluate(SampleExpr expr, QueryRequest asked, BooleanSupplier stop)
            throws StoreException, InterruptedException {
        QueryResult r = new MetricQuery(
                        asked,
                        expr,
                        source,
                        -1,
                        new MemoryBudget(maxCells),
                        new Workers(pool, stop, QueryProfile.coarse()))
                .run();
        stats.add(r.stats());
        warnings.addAll(r.warnings());
        return r.data();
    }

    private QueryResult result(QueryResult.Data data) {
        return new QueryResult(data, stats, List.copyOf(warnings));
    }

    private String tooMany() {
        return "maximum number of series (" + maxSeries + ") reached: the answer is a part; cursor leads to the rest";
    }

    private static RequestException otherQuery() {
        return new RequestException(ErrorCode.BAD_REQUEST, "the cursor belongs to a query of another kind");
    }
}
