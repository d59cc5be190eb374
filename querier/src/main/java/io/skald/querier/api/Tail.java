/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import com.fasterxml.jackson.core.JsonGenerator;
import io.skald.core.http.WebSocket;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.wire.RecentEntries;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.engine.QueryResult.Line;
import io.skald.logql.pipeline.CompiledPipeline;
import io.skald.logql.pipeline.LinePipeline;
import java.io.IOException;
import java.io.StringWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One live tail: a thread per ingester waits for entries, the caller's thread sends them. What a slow client has not taken is not read
 * either: the queue between them holds one step. Confined to the thread that made it, but for the queue.
 */
final class Tail {
    private static final int MAX_ENTRIES_PER_STEP = 1000;
    private static final int MAX_PIPELINES = 1000;
    private static final Duration WAIT = Duration.ofSeconds(5);
    private static final Duration CURSOR_EVERY = Duration.ofSeconds(10);

    /** What an ingester gave, or why it cannot. */
    private record Step(
            String ingester,
            List<EntryBatch> batches,
            long nextPosition,
            long arrivedNanos,
            @Nullable Exception failure) {}

    private final WebSocket socket;
    private final LogExpr query;
    private final TenantId tenant;
    private final long delayNanos;
    private final boolean categorize;
    private final QuerierMetrics metrics;
    private final CompiledPipeline pipeline;
    private final Map<String, Long> positions = new HashMap<>();
    private final Map<Labels, LinePipeline> pipelines = new LinkedHashMap<>();
    private final BlockingQueue<Step> steps = new ArrayBlockingQueue<>(1);
    private final Map<String, Thread> followers = new HashMap<>();
    private long lastSent = System.nanoTime();

    Tail(
            WebSocket socket,
            LogExpr query,
            CompiledPipeline pipeline,
            TenantId tenant,
            long delayNanos,
            boolean categorize,
            QuerierMetrics metrics) {
        this.socket = socket;
        this.query = query;
        this.pipeline = pipeline;
        this.tenant = tenant;
        this.delayNanos = delayNanos;
        this.categorize = categorize;
        this.metrics = metrics;
    }

    /** Sets where to follow from; ingesters that are not named are followed from their beginning. */
    void startAt(Map<String, Long> from) {
        positions.putAll(from);
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
        metrics.tailEntries.inc(lines.size());
    }

    /**
     * Follows until the client is gone.
     *
     * @param sent lines that history gave and the log may give again, with how often
     * @param historyEnd positions before which the log may repeat them
     */
    void follow(Sources sources, Map<Line, Integer> sent, Map<String, Long> historyEnd)
            throws IOException, StoreException, InterruptedException {
        try {
            while (socket.isOpen()) {
                for (RecentEntries r : sources.ingesters()) {
                    follow(r);
                }
                Step step = steps.poll(1, TimeUnit.SECONDS);
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
                    steps.put(new Step(id, t.batches(), position, System.nanoTime(), null));
                } catch (StoreException | RuntimeException e) {
                    steps.put(new Step(id, List.of(), position, System.nanoTime(), e));
                    return;
                }
            }
        } catch (InterruptedException e) {
            // the tail has ended; so does this thread
            Thread.currentThread().interrupt();
        }
    }

    private void take(Step step, Map<Line, Integer> sent, Map<String, Long> historyEnd)
            throws IOException, StoreException, InterruptedException {
        Exception failure = step.failure;
        if (failure instanceof StoreException.Stale) {
            throw new RequestException(
                    ErrorCode.BAD_REQUEST,
                    "the tail is too far behind ingester " + step.ingester + "; begin again with start",
                    failure);
        }
        if (failure instanceof StoreException.Unavailable || failure instanceof StoreException.Throttled) {
            // an ingester that restarts: its follower is started again where it was
            TimeUnit.MILLISECONDS.sleep(500);
            return;
        }
        if (failure instanceof StoreException e) {
            throw e;
        }
        if (failure != null) {
            throw new IllegalStateException("following " + step.ingester + " failed", failure);
        }
        long wait = delayNanos - (System.nanoTime() - step.arrivedNanos);
        if (wait > 0 && !step.batches.isEmpty()) {
            TimeUnit.NANOSECONDS.sleep(wait);
        }
        List<Line> lines = new ArrayList<>();
        for (EntryBatch b : step.batches) {
            process(b, lines);
        }
        boolean mayRepeat = positions.getOrDefault(step.ingester, 0L) < historyEnd.getOrDefault(step.ingester, 0L);
        if (mayRepeat && !sent.isEmpty()) {
            lines.removeIf(l -> sent.containsKey(l) && once(sent, l));
        }
        positions.put(step.ingester, step.nextPosition);
        // now and then without lines, too: a cursor that stays behind points at what the log has let go
        if (!lines.isEmpty() || System.nanoTime() - lastSent >= CURSOR_EVERY.toNanos()) {
            send(lines);
        }
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
