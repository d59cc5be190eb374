/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import io.skald.core.model.ErrorCode;
import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.scan.Counted;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.EntryIdentity;
import io.skald.core.scan.LogSource;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.StreamScan;
import io.skald.core.scan.Tally;
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
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Reads the samples of one range aggregation: every entry of every stream once, whatever the number of steps. Workers take streams one by
 * one and keep their series to themselves until they have finished.
 */
final class RangeScan {
    private static final int RUN_ENTRIES = 4096;

    private static final byte[] NO_BYTES = new byte[0];

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
            ScanTasks tasks = new ScanTasks(streams);
            List<Reader> readers = new ArrayList<>();
            try {
                // one stream may be cut into many pieces
                workers.run(streams.isEmpty() ? 0 : Integer.MAX_VALUE, i -> {
                    Reader reader = new Reader(tasks);
                    readers.add(reader);
                    return reader;
                });
            } finally {
                readers.forEach(Reader::close);
                workers.profile().read(System.nanoTime() - opened);
                totals.add(scan);
                readers.forEach(r -> totals.addLines(r.matched, r.counted));
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
    private final class Reader implements Workers.Slice, Counted.Wanted {
        private final ScanTasks tasks;
        private final Map<Labels, SeriesWindows> local = new HashMap<>();

        private @Nullable EntryCursor cursor;
        private @Nullable SamplePipeline stages;
        private long matched;
        private long counted;
        private int ordinal = -1;

        /** The series by the numbers that the stages give them. */
        private @Nullable SeriesWindows[] numbered = new SeriesWindows[16];

        /** Samples from {@code paneFrom} to {@code paneTo}, exclusive, are in this pane. */
        private int pane;

        private long paneFrom;
        private long paneTo;

        /** Moments from {@code togetherFrom} to {@code togetherTo}, exclusive, are in the same windows. */
        private long togetherFrom;

        private long togetherTo;

        /** What the lines of some levels of the stream at hand are counted in; null where the stages let none of them through. */
        private final String[] levels = new String[8];

        private final @Nullable SeriesWindows[] ofLevels = new SeriesWindows[8];
        private int levelCount;

        Reader(ScanTasks tasks) {
            this.tasks = tasks;
        }

        @Override
        public boolean advance() throws StoreException {
            EntryCursor c = cursor;
            if (c == null) {
                ScanTasks.Task task = tasks.next();
                switch (task) {
                    case ScanTasks.None none -> {
                        publish(local);
                        local.clear();
                        return false;
                    }
                    case ScanTasks.Later later -> LockSupport.parkNanos(ScanTasks.PAUSE_NANOS);
                    case ScanTasks.Stream stream -> {
                        bind(stream.ordinal());
                        tasks.expanded(stream, expand(stream));
                    }
                    case ScanTasks.Piece piece -> {
                        bind(piece.ordinal());
                        cursor = piece.scan().open();
                    }
                }
                return true;
            }
            SamplePipeline p = Objects.requireNonNull(stages);
            for (int i = 0; i < RUN_ENTRIES; i++) {
                if ((i & 255) == 255 && workers.stopped()) {
                    return true;
                }
                if (!c.next()) {
                    close();
                    return true;
                }
                long time = c.timestampNanos();
                if (time < paneFrom || time >= paneTo) {
                    moveTo(time);
                }
                if (pane != Windows.NONE && p.process(time, c.buffer(), c.offset(), c.length(), c.metadata())) {
                    matched++;
                    seriesOf(p).add(pane, time, ordinal, p.value());
                }
            }
            return true;
        }

        /** Finds the pane of a moment. */
        private void moveTo(long time) {
            pane = windows.pane(time);
            paneFrom = time;
            paneTo = windows.sameUntil(time);
        }

        /** Makes the stages those of a stream. */
        private void bind(int stream) {
            if (stream != ordinal) {
                ordinal = stream;
                levelCount = 0;
                SamplePipeline before = stages;
                Labels labels = tasks.labels(stream);
                stages = before == null ? compiled.forStream(labels) : compiled.forStream(labels, before);
            }
        }

        /** Counts what can be counted of a stream; returns what must be read. */
        private List<StreamScan> expand(ScanTasks.Stream stream) throws StoreException {
            Counted known = compiled.countable() ? stream.scan().counted(this) : null;
            if (known == null) {
                return stream.scan().pieces();
            }
            for (Counted.Cells cells : known.cells()) {
                count(cells);
            }
            List<StreamScan> pieces = new ArrayList<>();
            for (StreamScan rest : known.rest()) {
                pieces.addAll(rest.pieces());
            }
            return pieces;
        }

        @Override
        public boolean minute(long minute) {
            long before = minute * Tally.MINUTE_NANOS;
            long first = before + 1;
            long last = before + Tally.MINUTE_NANOS;
            if (first >= togetherFrom && last < togetherTo) {
                return true;
            }
            togetherFrom = first;
            togetherTo = windows.sameUntil(first);
            // which is the latest moment that is easily told
            return last < togetherTo || windows.together(first, last);
        }

        @Override
        public boolean tally(Tally tally) {
            return compiled.countable(tasks.labels(ordinal), tally);
        }

        private void count(Counted.Cells cells) {
            Tally t = cells.tally();
            boolean bytes = compiled.columns().lineLengths();
            long minute = Long.MIN_VALUE;
            long lines = 0;
            long through = 0;
            for (int i = cells.from(); i < cells.to(); i++) {
                if (t.minute(i) != minute) {
                    minute = t.minute(i);
                    long time = (minute + 1) * Tally.MINUTE_NANOS;
                    if (time < paneFrom || time >= paneTo) {
                        moveTo(time);
                    }
                }
                if (pane == Windows.NONE) {
                    continue;
                }
                long n = t.lines(i);
                lines += n;
                SeriesWindows s = seriesOfLevel(t.level(i));
                if (s != null) {
                    through += n;
                    s.addMany(pane, n, (double) (bytes ? t.bytes(i) : n));
                }
            }
            counted += lines;
            matched += through;
        }

        @SuppressWarnings("ReferenceEquality") // an equal level that is another object only costs time
        private @Nullable SeriesWindows seriesOfLevel(String level) {
            for (int i = 0; i < levelCount; i++) {
                if (levels[i] == level) {
                    return ofLevels[i];
                }
            }
            SamplePipeline p = Objects.requireNonNull(stages);
            Labels metadata = level.isEmpty() ? Labels.EMPTY : Labels.of(EntryIdentity.DETECTED_LEVEL, level);
            SeriesWindows found = p.process(0, NO_BYTES, 0, 0, metadata) ? seriesOf(p) : null;
            levelCount = levelCount == levels.length ? 0 : levelCount;
            levels[levelCount] = level;
            ofLevels[levelCount++] = found;
            return found;
        }

        private SeriesWindows seriesOf(SamplePipeline p) {
            int n = p.seriesNumber();
            if (n < 0) {
                return seriesOf(p.seriesLabels());
            }
            SeriesWindows known = n < numbered.length ? numbered[n] : null;
            if (known == null) {
                known = seriesOf(p.seriesLabels());
                if (n >= numbered.length) {
                    numbered = Arrays.copyOf(numbered, Math.max(n + 1, 2 * numbered.length));
                }
                numbered[n] = known;
            }
            return known;
        }

        private SeriesWindows seriesOf(Labels labels) {
            SeriesWindows found = local.get(labels);
            if (found == null) {
                String error = labels.get(ERROR_LABEL);
                if (error != null) {
                    throw pipelineError(labels, error);
                }
                checkCount(local.size() + 1);
                found = function.newSeries();
                local.put(labels, found);
            }
            return found;
        }

        void close() {
            EntryCursor c = cursor;
            if (c != null) {
                cursor = null;
                c.close();
            }
        }
    }
}
