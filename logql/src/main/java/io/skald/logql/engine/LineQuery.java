/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.LogSource;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import io.skald.core.scan.StreamScan;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.ast.Stage;
import io.skald.logql.pipeline.CompiledPipeline;
import io.skald.logql.pipeline.LinePipeline;
import io.skald.logql.pipeline.Pipelines;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One log query: a merge of streams by time, done by several threads. The stream whose next entry comes first is read on for a short run,
 * whoever is free takes the next one, and what survives the stages goes to a collector that keeps the first {@code limit} lines. Its last
 * line is the bound: streams that have passed it are closed, streams that begin behind it are never opened.
 */
final class LineQuery {
    /** Entries that a stream is read on before another one is looked at. */
    private static final int RUN_ENTRIES = 4096;

    /** Surviving lines after which a run ends. */
    private static final int RUN_LINES = 128;

    /** Open streams, each with its buffers; beyond it a stream is read to its end and closed before the next is opened. */
    private static final int MAX_OPEN = 512;

    private final QueryRequest request;
    private final LogExpr expr;
    private final LogSource source;
    private final Workers workers;
    private final CompiledPipeline pipeline;

    /** Lines that the stages let through. */
    private final LongAdder matched = new LongAdder();

    /** The labels of which each combination of values is wanted once, or null. */
    private final @Nullable List<String> distinct;

    /** The lines around each that are wanted too, or null. */
    private final Stage.@Nullable Context context;

    /** For these lines: what shapes them, without what filters. */
    private final CompiledPipeline unfiltered;

    private final LineCollector collector;

    /** Where to go on; lines at this place and before it are left out. Null to begin at the beginning. */
    private final @Nullable LinePlace after;

    /** The stream of that place, or -1 if it is not there any more. Set before any worker runs. */
    private int afterOrdinal = -1;

    /** Once this is true the reading ends where it is. */
    private final BooleanSupplier expired;

    private volatile boolean cut;

    /** Guarded by itself. */
    private final PriorityQueue<Reader> queue = new PriorityQueue<>();

    /** Guarded by {@code queue}. */
    private int open;

    /** Workers that have taken a reader out of the queue. Guarded by {@code queue}. */
    private int reading;

    /** Stages that no reader uses, by the number of their stream; they remember what they learnt of its lines. Guarded by itself. */
    private final Map<Integer, Deque<LinePipeline>> idle = new HashMap<>();

    LineQuery(QueryRequest request, LogExpr expr, LogSource source, Workers workers) {
        this(request, expr, source, workers, new LineCollector(request.limit()), null, () -> false);
    }

    LineQuery(
            QueryRequest request,
            LogExpr expr,
            LogSource source,
            Workers workers,
            LineCollector collector,
            @Nullable LinePlace after,
            BooleanSupplier expired) {
        this.request = request;
        this.expr = expr;
        this.source = source;
        this.workers = workers;
        this.after = after;
        this.expired = expired;
        this.pipeline = Pipelines.compile(expr.stages(), workers.profile().stages());
        Stage last = expr.stages().isEmpty() ? null : expr.stages().getLast();
        this.distinct = last instanceof Stage.Distinct d ? d.labels() : null;
        this.context = last instanceof Stage.Context c ? c : null;
        this.unfiltered = context == null ? pipeline : Pipelines.compile(withoutFilters(expr.stages()));
        this.collector = collector;
    }

    private ScanStats stats(Scan scan) {
        ScanStats s = new ScanStats();
        s.add(scan.stats());
        s.matchedLines.add(matched.sum());
        return s;
    }

    QueryResult run() throws StoreException, InterruptedException {
        return read((scan, streams) ->
                new QueryResult(new QueryResult.Lines(collector.lines()), stats(scan), scan.warnings()));
    }

    /** As {@link #run}, with the place of each line; for the forward direction. */
    LinePage page() throws StoreException, InterruptedException {
        return read((scan, streams) -> {
            List<LinePage.Placed> placed = new ArrayList<>();
            for (LineCollector.Candidate c : collector.sorted()) {
                long stream = streams.get(c.ordinal()).labels().fingerprint();
                placed.add(new LinePage.Placed(
                        c.line(), new LinePlace(c.line().timestampNanos(), stream, (int) c.sequence())));
            }
            return new LinePage(placed, !collector.isFull(), stats(scan), scan.warnings());
        });
    }

    /**
     * What was found before {@code expired} cut the reading.
     *
     * @param resumeNanos the first time (in the direction of reading) of which lines may be missing; null if all is there
     */
    record Part(QueryResult result, @Nullable Long resumeNanos) {}

    Part part() throws StoreException, InterruptedException {
        return read((scan, streams) -> {
            List<QueryResult.Line> lines = collector.lines();
            Reader first = cut ? queue.peek() : null;
            if (first == null || collector.beyond(first.next)) {
                return new Part(new QueryResult(new QueryResult.Lines(lines), stats(scan), scan.warnings()), null);
            }
            List<QueryResult.Line> sure = lines.stream()
                    .filter(l -> order(l.timestampNanos()) < first.next)
                    .toList();
            return new Part(
                    new QueryResult(new QueryResult.Lines(sure), stats(scan), scan.warnings()), order(first.next));
        });
    }

    /** Makes something of what was read. */
    private interface Conclusion<T> {
        T of(Scan scan, List<StreamScan> streams);
    }

    private <T> T read(Conclusion<T> conclusion) throws StoreException, InterruptedException {
        long begin = System.nanoTime();
        try (Scan scan = source.open(scanRequest())) {
            List<StreamScan> streams = scan.streams();
            workers.profile().opened(System.nanoTime() - begin);
            try {
                if (request.limit() > 0) {
                    for (int i = 0; i < streams.size(); i++) {
                        // what lies around a line may be in another piece
                        queue.add(new Reader(streams.get(i), i, context == null));
                        if (after != null && streams.get(i).labels().fingerprint() == after.fingerprint()) {
                            afterOrdinal = i;
                        }
                    }
                    long reading = System.nanoTime();
                    workers.run(streams.isEmpty() ? 0 : Integer.MAX_VALUE, i -> this::advance);
                    workers.profile().read(System.nanoTime() - reading);
                }
                return conclusion.of(scan, streams);
            } finally {
                queue.forEach(Reader::close);
            }
        }
    }

    /** What it asks its source for. */
    ScanRequest scanRequest() {
        return new ScanRequest(
                expr.matchers(),
                request.startNanos(),
                request.endNanos(),
                request.direction(),
                ScanRequest.Columns.ALL,
                pipeline.requirements());
    }

    private static List<Stage> withoutFilters(List<Stage> stages) {
        return stages.stream()
                .filter(s -> !(s instanceof Stage.LineFilter || s instanceof Stage.LabelFilterStage))
                .toList();
    }

    /** Lines that come before (true) or behind one in the direction of reading and are wanted with it. */
    private int around(Stage.Context c, boolean preceding) {
        return preceding == (request.direction() == Direction.FORWARD) ? c.before() : c.after();
    }

    /** A time as a number that grows in the direction of reading. */
    private long order(long timestampNanos) {
        // ~t reverses the order without the overflow of -t
        return request.direction() == Direction.FORWARD ? timestampNanos : ~timestampNanos;
    }

    private boolean advance() throws StoreException {
        if (expired.getAsBoolean()) {
            cut = true;
            return false;
        }
        if (idled()) {
            LockSupport.parkNanos(ScanTasks.PAUSE_NANOS);
            return true;
        }
        Reader reader;
        boolean toEnd;
        synchronized (queue) {
            reader = queue.poll();
            if (reader == null) {
                // whoever reads may put more into the queue
                return reading > 0;
            }
            if (collector.beyond(reader.next)) {
                // the queue is sorted: all that is left lies behind the last line wanted
                reader.close();
                queue.forEach(Reader::close);
                queue.clear();
                return false;
            }
            if (reader.cursor == null && !reader.whole) {
                open++;
            }
            toEnd = open > MAX_OPEN;
            reading++;
        }
        boolean more = false;
        try {
            if (reader.whole) {
                cut(reader);
                return true;
            }
            do {
                more = reader.read();
            } while (more && toEnd && !workers.stopped() && !expired.getAsBoolean());
        } finally {
            if (!more) {
                reader.close();
            }
            synchronized (queue) {
                reading--;
                if (more) {
                    queue.add(reader);
                } else if (!reader.whole) {
                    open--;
                }
            }
        }
        return true;
    }

    /** Whether there is nothing to take, but whoever reads may put more into the queue. */
    private boolean idled() {
        synchronized (queue) {
            return queue.isEmpty() && reading > 0;
        }
    }

    /** Puts the pieces of a stream into the queue, so that only those are read that lie before the last line wanted. */
    private void cut(Reader stream) {
        List<Reader> pieces = new ArrayList<>();
        for (StreamScan s : stream.scan.pieces()) {
            pieces.add(new Reader(s, stream.ordinal, false));
        }
        synchronized (queue) {
            queue.addAll(pieces);
        }
    }

    /** Stages for a stream: those that another piece of it is done with, or new ones. */
    private LinePipeline stages(int ordinal, Labels labels) {
        synchronized (idle) {
            Deque<LinePipeline> of = idle.get(ordinal);
            LinePipeline p = of == null ? null : of.poll();
            if (p != null) {
                return p;
            }
        }
        return pipeline.forStream(labels);
    }

    private void giveBack(int ordinal, LinePipeline p) {
        synchronized (idle) {
            idle.computeIfAbsent(ordinal, k -> new ArrayDeque<>(2)).add(p);
        }
    }

    private static List<String> key(List<String> names, LinePipeline p) {
        List<String> values = new ArrayList<>(names.size());
        for (String name : names) {
            String v = p.label(name);
            values.add(v == null ? "" : v);
        }
        return values;
    }

    /** A piece of a stream, from before it is opened, or a stream that is not cut into pieces yet; used by one worker at a time. */
    private final class Reader implements Comparable<Reader> {
        private final StreamScan scan;
        private final int ordinal;
        private final boolean whole;
        private final List<LineCollector.Candidate> found = new ArrayList<>();

        /** Lines already found at the current time, to collapse those that the stages made equal. */
        private final Set<QueryResult.Line> sameTime = new HashSet<>();

        /** What {@link #distinct} has let through of this stream. */
        private final Set<List<String>> keys = new HashSet<>();

        private final @Nullable ContextWindow preceding;
        private int following;

        private @Nullable EntryCursor cursor;
        private @Nullable LinePipeline stages;
        private @Nullable LinePipeline contextStages;
        private long sequence;

        /** Lines found at the current time. */
        private int atTime;

        /** The order of the entry read last. */
        private long current = Long.MIN_VALUE;

        /** The order of the next line that may be found, or a bound for it. */
        private long next;

        Reader(StreamScan scan, int ordinal, boolean whole) {
            this.whole = whole;
            this.scan = scan;
            this.ordinal = ordinal;
            this.next = order(request.direction() == Direction.FORWARD ? scan.minNanos() : scan.maxNanos());
            this.preceding = context == null ? null : new ContextWindow(around(context, true));
        }

        /** Reads a run; false when nothing of this stream is wanted any more. */
        boolean read() throws StoreException {
            EntryCursor c = cursor;
            LinePipeline p = stages;
            if (c == null || p == null) {
                c = scan.open();
                cursor = c;
                p = stages(ordinal, scan.labels());
                stages = p;
                contextStages = context == null ? null : unfiltered.forStream(scan.labels());
            }
            boolean more = true;
            long survivors = 0;
            for (int i = 0; i < RUN_ENTRIES && found.size() < RUN_LINES; i++) {
                if ((i & 255) == 255 && workers.stopped()) {
                    more = false;
                    break;
                }
                if (!c.next()) {
                    more = false;
                    break;
                }
                long time = c.timestampNanos();
                long order = order(time);
                if (order != current) {
                    sameTime.clear();
                    current = order;
                    atTime = 0;
                }
                next = preceding == null || preceding.isEmpty() ? order : order(preceding.get(0).timestampNanos);
                if (collector.beyond(next)) {
                    more = false;
                    break;
                }
                boolean wanted = p.process(time, c.buffer(), c.offset(), c.length(), c.metadata());
                if (wanted) {
                    survivors++;
                }
                if (context != null) {
                    addWithContext(context, c, wanted, p);
                } else if (wanted) {
                    add(time, p);
                }
            }
            if (!found.isEmpty()) {
                collector.add(found);
                found.clear();
            }
            matched.add(survivors);
            return more;
        }

        private void add(long time, LinePipeline p) {
            List<String> key = null;
            if (distinct != null) {
                key = key(distinct, p);
                if (!keys.add(key)) {
                    return;
                }
            }
            QueryResult.Line line = line(time, p);
            if (sameTime.add(line)) {
                int place = atTime++;
                if (after == null || !isBefore(time, place, after)) {
                    found.add(new LineCollector.Candidate(current, ordinal, place, line, key));
                }
            }
        }

        /** Whether a line has been given already. */
        private boolean isBefore(long time, int place, LinePlace from) {
            return time == from.timestampNanos()
                    && (ordinal < afterOrdinal || ordinal == afterOrdinal && place <= from.sequence());
        }

        private QueryResult.Line line(long time, LinePipeline p) {
            return new QueryResult.Line(time, p.line(), p.streamLabels(), p.metadataLabels(), p.parsedLabels());
        }

        private void addWithContext(Stage.Context wantedAround, EntryCursor c, boolean wanted, LinePipeline p) {
            ContextWindow before = Objects.requireNonNull(preceding);
            long time = c.timestampNanos();
            long place = sequence++;
            if (wanted) {
                for (int i = 0; i < before.size(); i++) {
                    ContextWindow.Kept k = before.get(i);
                    addContext(k.timestampNanos, k.line, 0, k.length, k.metadata, k.sequence);
                }
                before.clear();
                found.add(new LineCollector.Candidate(current, ordinal, place, line(time, p), null));
                following = around(wantedAround, false);
            } else if (following > 0) {
                following--;
                addContext(time, c.buffer(), c.offset(), c.length(), c.metadata(), place);
            } else {
                before.add(c, place);
            }
        }

        private void addContext(long time, byte[] b, int offset, int length, Labels metadata, long place) {
            LinePipeline p = Objects.requireNonNull(contextStages);
            if (p.process(time, b, offset, length, metadata)) {
                found.add(new LineCollector.Candidate(order(time), ordinal, place, line(time, p), null));
            }
        }

        void close() {
            EntryCursor c = cursor;
            if (c != null) {
                cursor = null;
                c.close();
            }
            LinePipeline p = stages;
            if (p != null) {
                stages = null;
                giveBack(ordinal, p);
            }
        }

        @Override
        public int compareTo(Reader o) {
            int c = Long.compare(next, o.next);
            return c != 0 ? c : Integer.compare(ordinal, o.ordinal);
        }
    }
}
