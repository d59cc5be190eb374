/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import com.fasterxml.jackson.core.JsonGenerator;
import io.skald.core.config.Limits;
import io.skald.core.http.WebSocket;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.Direction;
import io.skald.core.wire.RecentEntries;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.engine.QueryRequest;
import io.skald.logql.engine.QueryResult;
import io.skald.logql.engine.QueryResult.Line;
import io.skald.logql.pipeline.CompiledPipeline;
import io.skald.logql.pipeline.LinePipeline;
import io.skald.logql.pipeline.Pipelines;
import io.skald.querier.source.ExactSource;
import java.io.IOException;
import java.io.StringWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * One live tail: a thread per ingester waits for entries, the caller's thread sends them. What a slow client has not taken is not read
 * either. When it falls so far behind that an ingester no longer has what comes next, it catches up from segments, by time, and goes on
 * following. Confined to the thread that made it, but for the steps.
 */
final class Tail {
    private static final int MAX_ENTRIES_PER_STEP = 1000;
    private static final int MAX_PIPELINES = 1000;
    private static final Duration WAIT = Duration.ofSeconds(5);
    private static final Duration CURSOR_EVERY = Duration.ofSeconds(10);
    /** How much older than the newest entry one may be that a stream gets after it, and still be sent when catching up. */
    private static final long CATCH_UP_SLACK = 600 * TimeParams.SECOND;

    private static final long DAY = 86_400 * TimeParams.SECOND;

    private final WebSocket socket;
    private final LogExpr query;
    private final TenantId tenant;
    private final Limits limits;
    private final boolean categorize;
    private final QueryServices services;
    private final CompiledPipeline pipeline;
    private final Map<String, Long> positions = new HashMap<>();
    private final Map<Labels, LinePipeline> pipelines = new LinkedHashMap<>();
    private final TailSteps steps;
    private final Map<String, Thread> followers = new HashMap<>();
    private final TailMarks marks;
    /** Whether the positions are those of a cursor that nothing has come from yet, so that there are no marks to catch up by. */
    private boolean resumed;

    private long lastSent = System.nanoTime();

    Tail(
            WebSocket socket,
            LogExpr query,
            TenantId tenant,
            Limits limits,
            long delayNanos,
            boolean categorize,
            QueryServices services) {
        this.socket = socket;
        this.query = query;
        this.pipeline = Pipelines.compile(query.stages());
        this.tenant = tenant;
        this.limits = limits;
        this.categorize = categorize;
        this.services = services;
        this.steps = new TailSteps(delayNanos);
        this.marks = new TailMarks(services.clockNanos().getAsLong());
    }

    /** Sets where to follow from; ingesters that are not named are followed from their beginning. */
    void startAt(Map<String, Long> from) {
        positions.putAll(from);
    }

    /** The same with the positions of a cursor, whose entries before may be long gone. */
    void resumeAt(Map<String, Long> from) {
        startAt(from);
        resumed = true;
    }

    /** Sends lines with the present positions. */
    void send(List<Line> lines) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator g = QueryJson.JSON.createGenerator(text)) {
            g.writeStartObject();
            g.writeFieldName("streams");
            QueryJson.streams(g, lines, categorize);
            if (categorize) {
                QueryJson.strings(g, "encodingFlags", List.of("categorize-labels"));
            }
            g.writeArrayFieldStart("dropped_entries");
            g.writeEndArray();
            g.writeStringField("cursor", TailCursor.encode(positions));
            g.writeEndObject();
        }
        lastSent = System.nanoTime();
        socket.send(text.toString());
        services.metrics().tailEntries.inc(lines.size());
    }

    /**
     * Follows until the client is gone.
     *
     * @param sent lines that history gave and the log may give again, with how often
     * @param historyEnd positions before which the log may repeat them
     */
    void follow(Map<Line, Integer> sent, Map<String, Long> historyEnd)
            throws IOException, StoreException, InterruptedException {
        try {
            while (socket.isOpen()) {
                for (RecentEntries r : services.sources().ingesters()) {
                    follow(r);
                }
                TailSteps.Step step = steps.poll(TimeUnit.SECONDS.toNanos(1));
                if (step != null) {
                    take(step, sent, historyEnd);
                }
            }
        } finally {
            followers.values().forEach(Thread::interrupt);
        }
    }

    private void follow(RecentEntries ingester) {
        Thread running = followers.get(ingester.ingesterId());
        if (running != null && running.isAlive()) {
            return;
        }
        long from = positions.computeIfAbsent(ingester.ingesterId(), id -> 0L);
        followers.put(
                ingester.ingesterId(),
                Thread.ofVirtual().name("tail-" + ingester.ingesterId()).start(() -> read(ingester, from)));
    }

    private void read(RecentEntries ingester, long from) {
        String id = ingester.ingesterId();
        long position = from;
        try {
            while (true) {
                try {
                    RecentEntries.Tailed t =
                            ingester.tail(tenant, query.matchers(), position, MAX_ENTRIES_PER_STEP, WAIT);
                    position = t.nextPosition();
                    steps.put(new TailSteps.Step(id, t.batches(), position, System.nanoTime(), null));
                } catch (StoreException | RuntimeException e) {
                    steps.put(new TailSteps.Step(id, List.of(), position, System.nanoTime(), e));
                    return;
                }
            }
        } catch (InterruptedException e) {
            // the tail has ended; so does this thread
            Thread.currentThread().interrupt();
        }
    }

    private void take(TailSteps.Step step, Map<Line, Integer> sent, Map<String, Long> historyEnd)
            throws IOException, StoreException, InterruptedException {
        Exception failure = step.failure();
        if (failure != null) {
            recover(step.ingester(), failure);
            return;
        }
        resumed = false;
        List<Line> lines = new ArrayList<>();
        for (EntryBatch b : step.batches()) {
            process(b, lines);
            marks.mark(b);
        }
        boolean mayRepeat = positions.getOrDefault(step.ingester(), 0L) < historyEnd.getOrDefault(step.ingester(), 0L);
        if (mayRepeat && !sent.isEmpty()) {
            lines.removeIf(l -> sent.containsKey(l) && once(sent, l));
        }
        positions.put(step.ingester(), step.nextPosition());
        // now and then without lines, too: a cursor that stays behind points at what the log has let go
        if (!lines.isEmpty() || System.nanoTime() - lastSent >= CURSOR_EVERY.toNanos()) {
            send(lines);
        }
    }

    private void recover(String ingester, Exception failure) throws IOException, StoreException, InterruptedException {
        switch (failure) {
            case StoreException.Stale e -> {
                if (resumed) {
                    throw new RequestException(
                            ErrorCode.BAD_REQUEST,
                            "the tail is too far behind ingester " + ingester + "; begin again with start",
                            e);
                }
                catchUp();
            }
            // an ingester that restarts: its follower is started again where it was
            case StoreException.Unavailable e -> TimeUnit.MILLISECONDS.sleep(500);
            case StoreException.Throttled e -> TimeUnit.MILLISECONDS.sleep(500);
            case StoreException e -> throw e;
            default -> throw new IllegalStateException("following " + ingester + " failed", failure);
        }
    }

    /** Sends what is in segments behind the marks, then follows every ingester from where the segments end. */
    private void catchUp() throws IOException, StoreException, InterruptedException {
        for (Thread t : followers.values()) {
            t.interrupt();
        }
        for (Thread t : followers.values()) {
            t.join();
        }
        followers.clear();
        steps.clear();
        ExactSource.Stored stored = services.sources().stored(tenant);
        TailMarks.Unsent unsent = marks.unsent(stored.source());
        long from = marks.newestNanos() - CATCH_UP_SLACK;
        long end = Math.max(services.clockNanos().getAsLong(), marks.newestNanos()) + DAY;
        int limit = MAX_ENTRIES_PER_STEP;
        Map<Line, Integer> before = new HashMap<>();
        while (socket.isOpen()) {
            QueryRequest page = new QueryRequest(query, from, end, TimeParams.SECOND, Direction.FORWARD, limit);
            QueryResult result =
                    services.scheduler().engine(tenant.value()).run(page, unsent, limits, () -> !socket.isOpen());
            List<Line> all = result.data() instanceof QueryResult.Lines l ? l.lines() : List.of();
            Map<Line, Integer> repeated = new HashMap<>(before);
            List<Line> lines = new ArrayList<>(all);
            lines.removeIf(l -> repeated.containsKey(l) && once(repeated, l));
            if (!lines.isEmpty()) {
                send(lines);
            }
            if (all.size() < limit) {
                break;
            }
            // the next page begins at the last time of this one, and repeats what this one has of it
            long last = all.getLast().timestampNanos();
            limit = last == from ? limit * 2 : MAX_ENTRIES_PER_STEP;
            from = last;
            before.clear();
            for (Line l : all) {
                if (l.timestampNanos() == last) {
                    before.merge(l, 1, Integer::sum);
                }
            }
        }
        unsent.markRead();
        stored.fences().forEach((id, fence) -> positions.merge(id, fence, Math::max));
    }

    private static boolean once(Map<Line, Integer> sent, Line line) {
        sent.computeIfPresent(line, (k, n) -> n > 1 ? n - 1 : null);
        return true;
    }

    private void process(EntryBatch b, List<Line> out) {
        LinePipeline p = pipelines.get(b.labels());
        if (p == null) {
            if (pipelines.size() >= MAX_PIPELINES) {
                pipelines.remove(pipelines.keySet().iterator().next());
            }
            p = pipeline.forStream(b.labels());
            pipelines.put(b.labels(), p);
        }
        for (int i = 0; i < b.size(); i++) {
            if (p.process(b.timestampNanos(i), b.buffer(i), b.offset(i), b.length(i), b.metadata(i))) {
                out.add(new Line(
                        b.timestampNanos(i), p.line(), p.streamLabels(), p.metadataLabels(), p.parsedLabels()));
            }
        }
    }
}
