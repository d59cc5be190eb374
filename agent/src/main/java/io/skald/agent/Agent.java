/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent;

import io.prometheus.client.CollectorRegistry;
import io.skald.agent.collect.ChunkPool;
import io.skald.agent.collect.Collector;
import io.skald.agent.collect.Encoders;
import io.skald.agent.collect.SpoolLimit;
import io.skald.agent.collect.SpoolMetrics;
import io.skald.agent.collect.Spooler;
import io.skald.agent.push.Backoff;
import io.skald.agent.push.PushMetrics;
import io.skald.agent.push.Rejected;
import io.skald.agent.push.Sender;
import io.skald.agent.push.Transport;
import io.skald.agent.spool.Outbox;
import io.skald.agent.tail.KnownFiles;
import io.skald.agent.tail.TailContext;
import io.skald.agent.tail.TailMetrics;
import io.skald.agent.tail.Tailer;
import io.skald.agent.tail.Target;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Follows log files and other sources, and pushes every line exactly once, also across restarts, crashes and rotation. A line is read, gets a
 * time later than any before it in its stream, is put with that time into an outbox on disk, and is sent from there until it is acknowledged; a
 * restart reads on behind the outbox and sends again what may not have arrived, as the very same bytes, which an ingester holds only once.
 * Thread-safe.
 */
public final class Agent implements AutoCloseable {
    private final Outbox outbox;
    private final Collector collector;
    private final List<Sender> senders;
    private final Spooler spooler;
    private final Tailer tailer;
    private final TailMetrics tailMetrics;
    private final PushMetrics pushMetrics;
    private final SpoolMetrics spoolMetrics;
    private final Map<String, String> cursors;
    private boolean closed;

    /**
     * Where everything is sent to.
     *
     * @param name tells it from others, also over restarts
     * @param backoff pauses between tries
     */
    public record Destination(String name, Opener opener, Backoff backoff) {}

    /** Connects to a destination. */
    @FunctionalInterface
    public interface Opener {
        /**
         * Makes a transport; does not connect yet.
         *
         * @param agent who will send
         * @param epoch which start of it this is
         */
        Transport open(String agent, long epoch) throws IOException;
    }

    private Agent(
            AgentSettings settings,
            Outbox outbox,
            List<Destination> destinations,
            Supplier<List<Target>> targets,
            Map<String, Long> offsets,
            InstantSource clock,
            CollectorRegistry registry)
            throws IOException {
        this.outbox = outbox;
        this.cursors = new ConcurrentHashMap<>(outbox.cursors());
        List<Transport> transports = new ArrayList<>();
        for (Destination d : destinations) {
            transports.add(d.opener.open(outbox.agent(), outbox.epoch()));
        }
        this.tailMetrics = new TailMetrics(registry);
        this.pushMetrics = new PushMetrics(registry);
        this.spoolMetrics = new SpoolMetrics(registry);
        this.collector =
                new Collector(clock, settings.batchBytes(), settings.batchWait().toNanos(), outbox.marks());
        Rejected rejected = new Rejected(settings.dataDir().resolve("rejected"), settings.maxRejectedBytes());
        this.senders = new ArrayList<>();
        for (int i = 0; i < transports.size(); i++) {
            Destination d = destinations.get(i);
            senders.add(new Sender(
                    d.name, transports.get(i), outbox, rejected, d.backoff, RandomGenerator.getDefault(), pushMetrics));
        }
        ChunkPool chunks = new ChunkPool();
        this.spooler = new Spooler(
                collector,
                outbox,
                senders,
                chunks,
                new SpoolLimit(settings.maxSpoolBytes(), settings.dropWhenFull(), spoolMetrics),
                new Encoders(settings.levelJsonDepth(), outbox.agent()),
                spoolMetrics);
        this.tailer = new Tailer(
                targets,
                new TailContext(collector, chunks, tailMetrics, RandomGenerator.of("SecureRandom")),
                new KnownFiles(outbox.files(), offsets),
                settings.scanInterval().toNanos(),
                cursors.get(Tailer.CURSOR));
    }

    /**
     * Starts to follow.
     *
     * @param destinations each gets everything
     * @param targets files to follow at present; asked again and again
     * @param clock gives lines without a time theirs
     * @param registry takes the metrics {@code skald_agent_*} until {@link #close}
     * @throws IOException if the data directory cannot be used; the message says why
     */
    public static Agent open(
            AgentSettings settings,
            List<Destination> destinations,
            Supplier<List<Target>> targets,
            InstantSource clock,
            CollectorRegistry registry)
            throws IOException {
        return open(settings, destinations, targets, Map.of(), clock, registry);
    }

    /**
     * The same.
     *
     * @param offsets where files are read on of which the agent knows nothing, by path
     */
    public static Agent open(
            AgentSettings settings,
            List<Destination> destinations,
            Supplier<List<Target>> targets,
            Map<String, Long> offsets,
            InstantSource clock,
            CollectorRegistry registry)
            throws IOException {
        Outbox outbox = Outbox.open(
                settings.dataDir(), destinations.stream().map(Destination::name).toList());
        boolean started = false;
        try {
            Agent agent = new Agent(settings, outbox, destinations, targets, offsets, clock, registry);
            agent.spooler.start();
            agent.tailer.start();
            started = true;
            return agent;
        } finally {
            if (!started) {
                outbox.close();
            }
        }
    }

    /** Takes the entries of sources that are no files. */
    public Collector collector() {
        return collector;
    }

    /** Where a source that is no file goes on, as it was when the agent was opened; null if nothing is known of it. */
    public @Nullable String cursor(String source) {
        return cursors.get(source);
    }

    /** Where sources go on of which the agent knows nothing itself, by their names. */
    void takeOver(Map<String, String> of) {
        collector.lock().lock();
        try {
            of.forEach((source, at) -> {
                if (cursors.putIfAbsent(source, at) == null) {
                    collector.cursor(source, at);
                }
            });
        } finally {
            collector.lock().unlock();
        }
    }

    /** Has targets looked through soon, as they have changed. */
    public void targetsChanged() {
        tailer.wake();
    }

    /** The files that are open. */
    public List<Tailer.FileStatus> files() {
        return tailer.status();
    }

    /** What keeps lines from being put on disk, or null. */
    public @Nullable String blocked() {
        String p = spooler.problem();
        return p == null && !tailer.hasLooked() ? "which files there are is not on disk yet" : p;
    }

    /** What keeps lines from being read or sent; empty if nothing does. */
    public List<String> problems() {
        List<String> problems = new ArrayList<>();
        String p = spooler.problem();
        if (p != null) {
            problems.add(p);
        }
        for (Sender s : senders) {
            String last = s.lastProblem();
            if (!last.isEmpty()) {
                problems.add(s.client() + ": " + last);
            }
        }
        return problems;
    }

    /** Bytes of the outbox on disk. */
    public long spoolBytes() {
        return outbox.diskBytes();
    }

    /** When the oldest push that is not acknowledged was made, milliseconds since 1970; 0 if there is none. */
    public long oldestUnacknowledgedMillis() {
        return senders.stream()
                .mapToLong(Sender::oldestMillis)
                .filter(m -> m > 0)
                .min()
                .orElse(0);
    }

    /**
     * Reads what is there, pushes it, waits up to some seconds for the acknowledgement, and saves the positions. Takes no notice of interrupts,
     * which stay pending. Idempotent.
     */
    @Override
    public void close() throws IOException {
        stop(false);
    }

    /** Ends as a killed process does: nothing more is read, sent or saved. */
    void kill() throws IOException {
        stop(true);
    }

    private void stop(boolean kill) throws IOException {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        if (kill) {
            spooler.kill();
            tailer.kill();
        } else {
            tailer.close();
            spooler.close();
        }
        senders.forEach(Sender::close);
        pushMetrics.close();
        tailMetrics.close();
        spoolMetrics.close();
        outbox.close();
    }
}
