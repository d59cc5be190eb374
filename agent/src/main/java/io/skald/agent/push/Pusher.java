/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.push;

import io.skald.agent.spool.Batch;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.wire.PushSink;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Sends batches one after the other, each until it is taken: a failure that may pass is tried again for ever, with pauses that grow to ten
 * seconds. Entries that are refused for good are counted and logged, and then count as done. Thread-safe: guarded by {@code lock}; sends on
 * a thread of its own.
 */
public final class Pusher {
    private static final System.Logger LOG = System.getLogger(Pusher.class.getName());
    private static final long FIRST_PAUSE_MILLIS = 100;
    private static final long LONGEST_PAUSE_MILLIS = 10_000;

    private final PushSink sink;
    private final TenantId tenant;
    private final int capacity;
    private final RandomGenerator random;
    private final PushMetrics metrics;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<Batch> waiting = new ArrayDeque<>();
    private final Thread thread =
            Thread.ofPlatform().daemon().name("skald-agent-push").unstarted(this::run);
    private long acknowledged;
    private boolean stopping;
    private @Nullable RuntimeException failure;

    /**
     * @param first batches from before a restart; they may be more than {@code capacity}
     * @param capacity how many batches may wait
     */
    public Pusher(
            PushSink sink,
            TenantId tenant,
            List<Batch> first,
            int capacity,
            RandomGenerator random,
            PushMetrics metrics) {
        this.sink = sink;
        this.tenant = tenant;
        this.capacity = capacity;
        this.random = random;
        this.metrics = metrics;
        waiting.addAll(first);
    }

    public void start() {
        thread.start();
    }

    /** Whether another batch may be handed over. Only the thread that calls {@link #add} makes it untrue. */
    public boolean hasRoom() {
        lock.lock();
        try {
            return waiting.size() < capacity;
        } finally {
            lock.unlock();
        }
    }

    /** Hands a batch over. Never blocks; ask {@link #hasRoom} before. */
    public void add(Batch batch) {
        lock.lock();
        try {
            waiting.add(batch);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The number of the last batch that is done; 0 before the first. */
    public long acknowledged() {
        lock.lock();
        try {
            if (failure != null) {
                throw new IllegalStateException("the push thread has died", failure);
            }
            return acknowledged;
        } finally {
            lock.unlock();
        }
    }

    /** Whether nothing waits or is being sent. */
    public boolean isIdle() {
        lock.lock();
        try {
            return waiting.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /** Waits until everything that was handed over is done, or the time is over; returns whether it is. */
    public boolean drain(long maxNanos) throws InterruptedException {
        lock.lock();
        try {
            long left = maxNanos;
            while (!waiting.isEmpty() && failure == null && left > 0) {
                left = changed.awaitNanos(left);
            }
            return waiting.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /** Tells the thread to end, also in the middle of a send: what is not done stays in the outbox. Does not wait for it. */
    public void stop() {
        lock.lock();
        try {
            stopping = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        thread.interrupt();
    }

    private void run() {
        try {
            while (true) {
                Batch batch = next();
                if (batch == null) {
                    return;
                }
                send(batch);
                done(batch);
            }
        } catch (InterruptedException e) {
            LOG.log(System.Logger.Level.DEBUG, "stopped while it was sending");
        } catch (RuntimeException e) {
            lock.lock();
            try {
                failure = e;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
            LOG.log(System.Logger.Level.ERROR, "the agent's push thread has died", e);
        }
    }

    /** The oldest batch, which stays in the queue while it is sent; null at the end. */
    private @Nullable Batch next() throws InterruptedException {
        lock.lock();
        try {
            while (waiting.isEmpty() && !stopping) {
                changed.await();
            }
            return stopping ? null : waiting.peek();
        } finally {
            lock.unlock();
        }
    }

    private void done(Batch batch) {
        lock.lock();
        try {
            waiting.remove();
            acknowledged = batch.sequence();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void send(Batch batch) throws InterruptedException {
        if (batch.streams().isEmpty() || trySend(batch.streams())) {
            return;
        }
        // refused as a whole: one stream's fault must not cost the others their entries
        for (EntryBatch stream : batch.streams()) {
            if (batch.streams().size() == 1 || !trySend(List.of(stream))) {
                metrics.rejectedLines.inc(stream.size());
            }
        }
    }

    /** Sends until it is taken, or refused for good: false. */
    private boolean trySend(List<EntryBatch> streams) throws InterruptedException {
        long pause = FIRST_PAUSE_MILLIS;
        while (true) {
            String problem;
            try {
                PushSink.PushResult result = sink.push(tenant, streams);
                if (result.rejected() > 0) {
                    metrics.rejectedLines.inc((double) result.rejected());
                    LOG.log(
                            System.Logger.Level.WARNING,
                            () -> result.rejected() + " lines were refused: " + result.message());
                }
                metrics.ackedLines.inc((double) result.accepted());
                metrics.ackedBytes.inc((double)
                        streams.stream().mapToLong(EntryBatch::lineBytes).sum());
                return true;
            } catch (RequestException e) {
                if (!e.code().retryable()) {
                    LOG.log(
                            System.Logger.Level.WARNING,
                            () -> "a push was refused: " + e.getMessage() + ", streams "
                                    + streams.stream().map(EntryBatch::labels).toList());
                    return false;
                }
                problem = e.getMessage();
            } catch (StoreException e) {
                problem = e.toString();
            }
            metrics.retries.inc();
            long millis = pause / 2 + random.nextLong(pause / 2 + 1);
            LOG.log(
                    pause == FIRST_PAUSE_MILLIS ? System.Logger.Level.INFO : System.Logger.Level.DEBUG,
                    () -> "a push failed, next try in " + millis + " ms: " + problem);
            pause(millis);
            pause = Math.min(pause * 2, LONGEST_PAUSE_MILLIS);
        }
    }

    private void pause(long millis) throws InterruptedException {
        lock.lock();
        try {
            long left = TimeUnit.MILLISECONDS.toNanos(millis);
            while (left > 0 && !stopping) {
                left = changed.awaitNanos(left);
            }
            if (stopping) {
                throw new InterruptedException("stopping");
            }
        } finally {
            lock.unlock();
        }
    }
}
