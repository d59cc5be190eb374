/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent;

import io.prometheus.client.CollectorRegistry;
import io.skald.agent.discover.Glob;
import io.skald.agent.push.PushMetrics;
import io.skald.agent.push.Pusher;
import io.skald.agent.spool.FileState;
import io.skald.agent.spool.Outbox;
import io.skald.agent.tail.BatchBuilder;
import io.skald.agent.tail.TailMetrics;
import io.skald.agent.tail.Tailer;
import io.skald.core.model.EntryBatch;
import io.skald.core.wire.PushSink;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;

/**
 * Follows log files and pushes every line exactly once, also across restarts, crashes and rotation. A line is read, gets a time later than
 * any before it in its stream, is put with that time into an outbox on disk, and is sent from there until it is acknowledged; a restart reads
 * on behind the outbox and sends again what may not have arrived, as the very same entries, which an ingester holds only once.
 *
 * <p>Streams are labelled {@code filename}, and {@code stream} where the file's format tells stdout from stderr. Thread-safe.
 */
public final class Agent implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Agent.class.getName());
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long CHECKPOINT_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long LAST_READ_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long LAST_PUSH_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final AgentConfig config;
    private final Outbox outbox;
    private final BatchBuilder batch;
    private final Tailer tailer;
    private final Pusher pusher;
    private final TailMetrics tailMetrics;
    private final PushMetrics pushMetrics;
    private final Thread thread =
            Thread.ofPlatform().daemon().name("skald-agent-tail").unstarted(this::run);
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition wake = lock.newCondition();
    private boolean stopping;
    private boolean killed;
    private boolean closed;
    private long lastScan;
    private long lastCheckpoint;
    /** Whether the positions file lacks something; after a start it may lack what is in the outbox. */
    private boolean dirty = true;
    /** When the outbox was last found full, or 0; counted from the last look. */
    private long fullSince;

    private Agent(
            AgentConfig config,
            Outbox outbox,
            List<Glob> globs,
            PushSink sink,
            InstantSource clock,
            CollectorRegistry registry) {
        this.config = config;
        this.outbox = outbox;
        this.tailMetrics = new TailMetrics(registry);
        this.pushMetrics = new PushMetrics(registry);
        this.batch = new BatchBuilder(clock, config.maxBatchBytes(), outbox.marks());
        this.tailer = new Tailer(globs, outbox, batch, config.labels(), tailMetrics);
        this.pusher = new Pusher(
                sink,
                config.tenant(),
                outbox.unacknowledged(),
                config.maxPendingBatches(),
                RandomGenerator.getDefault(),
                pushMetrics);
    }

    /**
     * Starts to follow.
     *
     * @param clock gives lines without a time theirs
     * @param registry takes the metrics {@code skald_agent_*} until {@link #close}
     * @throws IOException if the data directory cannot be used; the message says why
     * @throws IllegalArgumentException if a glob is malformed
     */
    public static Agent open(AgentConfig config, PushSink sink, InstantSource clock, CollectorRegistry registry)
            throws IOException {
        List<Glob> globs = config.globs().stream().map(Glob::new).toList();
        Outbox outbox = Outbox.open(config.dataDir().resolve("agent"));
        Agent agent = new Agent(config, outbox, globs, sink, clock, registry);
        agent.pusher.start();
        agent.thread.start();
        return agent;
    }

    private void run() {
        try {
            tailer.findRotated(System.nanoTime());
            lastScan = System.nanoTime();
            while (!stopping()) {
                long now = System.nanoTime();
                if (now - lastScan >= config.scanInterval().toNanos()) {
                    tailer.scan(now);
                    lastScan = now;
                }
                boolean more = pusher.hasRoom() && outboxHasRoom(now) && readAndSend(now);
                checkpoint(now, false);
                if (!more) {
                    await(POLL_NANOS);
                }
            }
            if (!killed()) {
                finish();
            }
        } catch (InterruptedException e) {
            LOG.log(System.Logger.Level.WARNING, "the agent was interrupted; what it has not sent stays in its outbox");
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "the agent has died; its outbox is as it was", e);
        }
    }

    /** Reads what is there by now, for a second at most, and waits a while until it is taken. */
    private void finish() throws InterruptedException {
        long start = System.nanoTime();
        tailer.scan(start);
        while (System.nanoTime() - start < LAST_READ_NANOS
                && pusher.hasRoom()
                && outboxHasRoom(System.nanoTime())
                && readAndSend(System.nanoTime())) {
            checkpoint(System.nanoTime(), false);
        }
        if (!pusher.drain(LAST_PUSH_NANOS)) {
            LOG.log(
                    System.Logger.Level.INFO,
                    "stopped before everything was sent; the rest is sent after the next start");
        }
        checkpoint(System.nanoTime(), true);
    }

    /** Whether more may be read, or files have to wait: their lines are safe where they are. */
    private boolean outboxHasRoom(long now) {
        try {
            long bytes = outbox.diskBytes();
            tailMetrics.outbox(bytes);
            boolean room = bytes + config.maxBatchBytes() <= config.maxOutboxBytes();
            if (!room && fullSince == 0) {
                outbox.seal();
                dirty = true;
                LOG.log(
                        System.Logger.Level.WARNING,
                        () -> "the outbox holds " + bytes + " of " + config.maxOutboxBytes()
                                + " bytes, reading waits until it is sent");
            } else if (fullSince != 0) {
                tailMetrics.outboxFull(now - fullSince);
            }
            fullSince = room ? 0 : now;
            return room;
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, () -> "cannot look at the outbox, reading waits: " + e);
            return false;
        }
    }

    /** Reads some, and hands it over once it is on disk. Returns whether there may be more to read. */
    private boolean readAndSend(long now) throws InterruptedException {
        boolean more = tailer.read(now);
        if (!batch.isEmpty()) {
            List<FileState> files = batch.takeFiles();
            List<EntryBatch> streams = batch.takeStreams();
            append(files, streams);
        }
        return more;
    }

    private void append(List<FileState> files, List<EntryBatch> streams) throws InterruptedException {
        boolean told = false;
        while (!killed()) {
            try {
                pusher.add(outbox.append(files, streams));
                dirty = true;
                return;
            } catch (IOException e) {
                if (!told || stopping()) {
                    told = true;
                    LOG.log(System.Logger.Level.ERROR, () -> "cannot write the outbox, reading waits: " + e);
                }
                if (stopping()) {
                    return; // nothing of it was sent: it is read again after the next start
                }
                await(RETRY_NANOS);
            }
        }
    }

    private void checkpoint(long now, boolean force) {
        if (!dirty || !force && now - lastCheckpoint < CHECKPOINT_NANOS) {
            return;
        }
        lastCheckpoint = now;
        boolean idle = pusher.isIdle();
        outbox.acknowledge(pusher.acknowledged());
        try {
            outbox.checkpoint();
            dirty = !idle; // what is acknowledged later wants to be saved too
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, () -> "cannot write the positions, will try again: " + e);
        }
    }

    private boolean stopping() {
        lock.lock();
        try {
            return stopping;
        } finally {
            lock.unlock();
        }
    }

    private boolean killed() {
        lock.lock();
        try {
            return killed;
        } finally {
            lock.unlock();
        }
    }

    private void await(long nanos) throws InterruptedException {
        lock.lock();
        try {
            long left = nanos;
            while (left > 0 && !stopping) {
                left = wake.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
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
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            stopping = true;
            killed = kill;
            wake.signalAll();
        } finally {
            lock.unlock();
        }
        if (kill) {
            pusher.stop();
        }
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true; // the tail thread ends within seconds, and its files must not be closed before
            }
        }
        pusher.stop();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        pushMetrics.close();
        tailMetrics.close();
        tailer.close();
        outbox.close();
    }
}
