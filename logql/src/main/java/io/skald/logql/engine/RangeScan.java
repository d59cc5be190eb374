/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import io.skald.core.model.ErrorCode;
import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.LogSource;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.StreamScan;
import io.skald.logql.ast.SampleExpr.Grouping;
import io.skald.logql.ast.SampleExpr.RangeAggregation;
import io.skald.logql.metric.MemoryBudget;
import io.skald.logql.metric.RangeFunction;
import io.skald.logql.metric.SeriesWindows;
import io.skald.logql.metric.Windows;
import io.skald.logql.pipeline.CompiledRange;
import io.skald.logql.pipeline.Pipelines;
import io.skald.logql.pipeline.SamplePipeline;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Reads the samples of one range aggregation: every entry of every stream once, whatever the number of steps. Workers take streams one by
 * one and keep their series to themselves until they have finished.
 */
final class RangeScan {
    private static final int RUN_ENTRIES = 4096;

    private static final String ERROR_LABEL = "__error__";

    private final RangeAggregation aggregation;
    private final Windows windows;
    private final RangeFunction function;
    private final int maxSeries;
    private final Workers workers;
    private final CompiledRange compiled;

    /** Guarded by itself. */
    private final Map<Labels, SeriesWindows> series = new TreeMap<>();

    /**
     * @param outer the grouping of the sum around it that may be applied to the samples at once, or null
     * @param maxSeries the query fails beyond it; a negative number is no limit
     */
    RangeScan(
            RangeAggregation aggregation,
            @Nullable Grouping outer,
            Windows windows,
            MemoryBudget budget,
            int maxSeries,
            Workers workers) {
        this.aggregation = aggregation;
        this.windows = windows;
        this.function = RangeFunction.of(aggregation, windows, budget);
        this.maxSeries = maxSeries;
        this.workers = workers;
        this.compiled =
                Pipelines.compileRange(aggregation, outer, workers.profile().stages());
    }

    /** Reads it all; the result is sorted by labels. */
    Map<Labels, SeriesWindows> run(LogSource source, ScanTotals totals) throws StoreException, InterruptedException {
        ScanRequest request = request();
        long begin = System.nanoTime();
        try (Scan scan = source.open(request)) {
            List<StreamScan> streams = scan.streams();
            long opened = System.nanoTime();
            workers.profile().opened(opened - begin);
            AtomicInteger next = new AtomicInteger();
            List<Reader> readers = new ArrayList<>();
            try {
                workers.run(streams.size(), i -> {
                    Reader reader = new Reader(streams, next);
                    readers.add(reader);
                    return reader;
                });
            } finally {
                readers.forEach(Reader::close);
                workers.profile().read(System.nanoTime() - opened);
                totals.add(scan);
                readers.forEach(r -> totals.addMatched(r.matched));
            }
        }
        return series;
    }

    /** What it asks its source for. */
    ScanRequest request() {
        return new ScanRequest(
                aggregation.range().log().matchers(),
                windows.startNanos(),
                windows.endNanos(),
                Direction.FORWARD,
                compiled.columns(),
                compiled.requirements());
    }

    static RequestException tooManySeries(int limit) {
        return new RequestException(
                ErrorCode.BAD_REQUEST,
                "maximum number of series (" + limit
                        + ") reached for a single query; consider reducing query cardinality by adding more specific stream selectors,"
                        + " reducing the time range, or aggregating results with functions like sum(), count() or topk()");
    }

    private static RequestException pipelineError(Labels labels, String error) {
        return new RequestException(
                ErrorCode.BAD_REQUEST,
                "pipeline error: '" + error + "' for series: '" + labels
                        + "'.\nUse a label filter to intentionally skip this error. (e.g | __error__!=\"" + error
                        + "\").\nTo skip all potential errors you can match empty errors.(e.g __error__=\"\")\n"
                        + "The label filter can also be specified after unwrap. (e.g | unwrap latency | __error__=\"\" )");
    }

    private void publish(Map<Labels, SeriesWindows> local) {
        synchronized (series) {
            local.forEach((labels, samples) -> {
                SeriesWindows known = series.putIfAbsent(labels, samples);
                if (known != null) {
                    known.merge(samples);
                }
            });
            checkCount(series.size());
        }
    }

    private void checkCount(int count) {
        if (maxSeries >= 0 && count > maxSeries) {
            throw tooManySeries(maxSeries);
        }
    }

    /** One worker's part. */
    private final class Reader implements Workers.Slice {
        private final List<StreamScan> streams;
        private final AtomicInteger nextStream;
        private final Map<Labels, SeriesWindows> local = new HashMap<>();

        private @Nullable EntryCursor cursor;
        private @Nullable SamplePipeline stages;
        private long matched;
        private int ordinal;

        /** The series of the sample before, which the next one often belongs to as well. */
        private @Nullable Labels lastLabels;

        private @Nullable SeriesWindows lastSeries;

        Reader(List<StreamScan> streams, AtomicInteger nextStream) {
            this.streams = streams;
            this.nextStream = nextStream;
        }

        @Override
        public boolean advance() throws StoreException {
            EntryCursor c = cursor;
            SamplePipeline p = stages;
            if (c == null || p == null) {
                ordinal = nextStream.getAndIncrement();
                if (ordinal >= streams.size()) {
                    publish(local);
                    local.clear();
                    return false;
                }
                StreamScan stream = streams.get(ordinal);
                c = stream.open();
                cursor = c;
                p = compiled.forStream(stream.labels());
                stages = p;
            }
            for (int i = 0; i < RUN_ENTRIES; i++) {
                if ((i & 255) == 255 && workers.stopped()) {
                    return true;
                }
                if (!c.next()) {
                    close();
                    return true;
                }
                long time = c.timestampNanos();
                int pane = windows.pane(time);
                if (pane != Windows.NONE && p.process(time, c.buffer(), c.offset(), c.length(), c.metadata())) {
                    matched++;
                    seriesOf(p.seriesLabels()).add(pane, time, ordinal, p.value());
                }
            }
            return true;
        }

        private SeriesWindows seriesOf(Labels labels) {
            SeriesWindows found = lastSeries;
            if (found != null && labels.equals(lastLabels)) {
                return found;
            }
            found = local.get(labels);
            if (found == null) {
                String error = labels.get(ERROR_LABEL);
                if (error != null) {
                    throw pipelineError(labels, error);
                }
                checkCount(local.size() + 1);
                found = function.newSeries();
                local.put(labels, found);
            }
            lastLabels = labels;
            lastSeries = found;
            return found;
        }

        void close() {
            EntryCursor c = cursor;
            if (c != null) {
                cursor = null;
                stages = null;
                c.close();
            }
        }
    }
}
