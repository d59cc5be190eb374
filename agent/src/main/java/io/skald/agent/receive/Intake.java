/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import io.skald.agent.collect.Collector;
import io.skald.agent.pipeline.JobPipeline;
import io.skald.agent.pipeline.LogEntry;
import io.skald.agent.pipeline.Pipeline;
import io.skald.agent.receive.SourceStatus.State;
import io.skald.agent.spool.FileState.Format;
import io.skald.core.model.Labels;
import io.skald.core.model.Relabel;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Takes the entries of one source through relabelling and the stages of its job. Thread-safe. */
public final class Intake {
    private static final int CACHED = 10_000;
    /** So soon it is seen that the agent stops. */
    private static final long MAX_SLEEP_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private static final int MOST_SHOWN = 300;

    private final List<Relabel> relabel;
    private final Labels labels;
    private final Collector collector;
    private final Pipeline pipeline;
    private final String job;
    private final ReceiveMetrics metrics;
    private final AtomicLong entries = new AtomicLong();
    private volatile long lastEntryMillis;
    private volatile Failure failure = new Failure("", 0);
    private long order;
    /** What became of labels, or {@link #DROPPED}; guarded by the collector's lock. */
    private final Map<Map<String, String>, Labels> relabelled = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Map<String, String>, Labels> eldest) {
            return size() > CACHED;
        }
    };

    private record Failure(String what, long atMillis) {}

    private static final Labels DROPPED = Labels.of("__dropped__", "true");

    /**
     * @param labels of every entry
     * @param format how lines are wrapped
     */
    Intake(
            String job,
            JobPipeline pipeline,
            List<Relabel> relabel,
            Labels labels,
            Format format,
            Collector collector,
            ReceiveMetrics metrics) {
        this.job = job;
        this.metrics = metrics;
        this.relabel = List.copyOf(relabel);
        this.labels = labels;
        this.collector = collector;
        this.pipeline = pipeline.open(format, this::out);
    }

    /**
     * Takes entries. Waits for room.
     *
     * @param cursor where the source goes on behind them, as name and value, or null
     * @return done when they are on disk
     */
    public CompletableFuture<Void> add(List<Received> entries, Map.@Nullable Entry<String, String> cursor)
            throws InterruptedException {
        return add(entries, cursor == null ? Map.of() : Map.ofEntries(cursor));
    }

    /** The same with a source that goes on in several places; they are saved with the entries, or neither is. */
    CompletableFuture<Void> add(List<Received> entries, Map<String, String> cursors) throws InterruptedException {
        awaitRoom();
        collector.lock().lock();
        try {
            process(entries);
            // nothing may be kept back that is not on disk and that the source will not send again
            pipeline.flush(Long.MAX_VALUE, true);
            cursors.forEach(collector::cursor);
            return collector.durable();
        } finally {
            collector.lock().unlock();
        }
    }

    /** Waits for room, and as long as a stage wants; others are not held up meanwhile. */
    private void awaitRoom() throws InterruptedException {
        while (true) {
            if (collector.awaitRoom(TimeUnit.SECONDS.toNanos(1))) {
                long pause = pauseNanos();
                if (pause == 0) {
                    return;
                }
                TimeUnit.NANOSECONDS.sleep(Math.min(pause, MAX_SLEEP_NANOS));
            }
            if (collector.isClosed()) {
                throw new InterruptedException("the agent stops");
            }
        }
    }

    private long pauseNanos() {
        collector.lock().lock();
        try {
            return pipeline.pauseNanos();
        } finally {
            collector.lock().unlock();
        }
    }

    private void process(List<Received> entries) {
        long now = collector.now();
        for (Received r : entries) {
            Labels l = labels(r.labels());
            if (l.equals(DROPPED)) {
                continue;
            }
            LogEntry e = new LogEntry(l, r.metadata(), order++, now, r.line(), 0, r.line().length);
            if (r.timeNanos() != 0) {
                e.setTime(r.timeNanos());
            }
            if (r.tenant() != null) {
                e.setTenant(r.tenant());
            }
            pipeline.process(e);
        }
        metrics.received(job, entries.size());
        if (!entries.isEmpty()) {
            this.entries.addAndGet(entries.size());
            lastEntryMillis = System.currentTimeMillis();
        }
    }

    /**
     * Takes entries of a source that cannot send them again, so that stages may keep back what waits for more of it until {@link #flushDue} or {@link
     * #flushAll}. Waits for room, not for the disk.
     */
    void hold(List<Received> entries) throws InterruptedException {
        awaitRoom();
        collector.lock().lock();
        try {
            process(entries);
        } finally {
            collector.lock().unlock();
        }
    }

    /** Lets out what has been kept back for too long. */
    void flushDue() {
        collector.lock().lock();
        try {
            long now = System.nanoTime();
            if (pipeline.dueNanos() <= now) {
                pipeline.flush(now, false);
            }
        } finally {
            collector.lock().unlock();
        }
    }

    /** Takes the last entries of a source, without waiting for room. They go to disk when the agent ends. */
    void addLast(List<Received> entries) {
        collector.lock().lock();
        try {
            process(entries);
            pipeline.flush(Long.MAX_VALUE, true);
        } finally {
            collector.lock().unlock();
        }
    }

    /** Lets out all that is kept back; done when it, and what was taken before, is on disk. */
    CompletableFuture<Void> flushAll() {
        collector.lock().lock();
        try {
            pipeline.flush(Long.MAX_VALUE, true);
            return collector.durable();
        } finally {
            collector.lock().unlock();
        }
    }

    /** The same, and waits for the disk. What fails is tried again by nobody here. */
    void store(List<Received> entries, Map.@Nullable Entry<String, String> cursor) throws InterruptedException {
        try {
            add(entries, cursor).get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("the spool has failed", e.getCause());
        }
    }

    /** Counts and names what does not have the form of the source. */
    void malformed(String reason, String what) {
        metrics.malformed(job, reason, what);
        failed(reason + ": " + what);
    }

    /** Takes note of what went wrong, for {@link #status}. */
    void failed(String what) {
        failure = new Failure(
                what.length() > MOST_SHOWN ? what.substring(0, MOST_SHOWN) + "…" : what, System.currentTimeMillis());
    }

    /**
     * How the source does.
     *
     * @param problem what keeps it from working, or an empty text
     */
    SourceStatus status(String type, String at, String problem, boolean ended) {
        Failure f = failure;
        State state = !problem.isEmpty() ? State.FAILING : ended ? State.ENDED : State.RUNNING;
        return new SourceStatus(job, type, at, state, f.what, f.atMillis, entries.get(), lastEntryMillis);
    }

    private void out(LogEntry e) {
        if (e.timeKnown()) {
            // a time far ahead would drag all later ones of its stream along
            e.setTime(Collector.plausible(e.timeNanos(), e.readNanos()));
        }
        collector.add(e);
    }

    private Labels labels(Map<String, String> of) {
        Labels known = relabelled.get(of);
        if (known == null) {
            Map<String, String> all = new TreeMap<>(labels.toMap());
            all.putAll(of);
            Map<String, String> made = relabel.isEmpty() ? all : Relabel.apply(relabel, all);
            if (made == null) {
                known = DROPPED;
            } else {
                Labels.Builder b = new Labels.Builder();
                made.forEach((name, value) -> {
                    if (!name.startsWith("__")) {
                        b.set(name, value);
                    }
                });
                known = b.build();
            }
            relabelled.put(Map.copyOf(of), known);
        }
        return known;
    }
}
