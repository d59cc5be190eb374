/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.push;

import io.skald.agent.spool.Item;
import io.skald.agent.spool.Outbox;
import io.skald.core.model.TenantId;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Sends what is in the outbox to one client, each tenant's pushes in order and one tenant independent of the other, each until it is taken: a
 * failure that may pass is tried again for ever, with growing pauses. What is refused for good is set aside. Thread-safe: guarded by
 * {@code lock}; each tenant has a virtual thread.
 */
public final class Sender implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Sender.class.getName());
    /** After so many failures in a row another ingester is tried. */
    private static final int TRIES_BEFORE_FAIL_OVER = 2;

    private final String client;
    private final Transport transport;
    private final Outbox outbox;
    private final Rejected rejected;
    private final Backoff backoff;
    private final RandomGenerator random;
    private final PushMetrics metrics;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Map<TenantId, TenantQueue> queues = new HashMap<>();
    private boolean stopping;
    private String lastProblem = "";

    /** One tenant's items, oldest first; the first stays while it is sent. Guarded by the lock. */
    private static final class TenantQueue {
        final ArrayDeque<Item> items = new ArrayDeque<>();

        @Nullable
        Thread thread;
    }

    public Sender(
            String client,
            Transport transport,
            Outbox outbox,
            Rejected rejected,
            Backoff backoff,
            RandomGenerator random,
            PushMetrics metrics) {
        this.client = client;
        this.transport = transport;
        this.outbox = outbox;
        this.rejected = rejected;
        this.backoff = backoff;
        this.random = random;
        this.metrics = metrics;
    }

    /** The client's name. */
    public String client() {
        return client;
    }

    /** Takes over items that are in the outbox. Never blocks. */
    public void add(Collection<Item> items) {
        lock.lock();
        try {
            for (Item i : items) {
                TenantQueue q = queues.computeIfAbsent(i.tenant(), t -> new TenantQueue());
                q.items.add(i);
                if (q.thread == null && !stopping) {
                    q.thread = Thread.ofVirtual()
                            .name("skald-agent-push-" + client + "-" + i.tenant())
                            .start(() -> run(q));
                }
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** When the oldest item that waits was put into the outbox, or 0 if none waits. */
    public long oldestMillis() {
        lock.lock();
        try {
            long oldest = 0;
            for (TenantQueue q : queues.values()) {
                Item i = q.items.peek();
                if (i != null && (oldest == 0 || i.createdMillis() < oldest)) {
                    oldest = i.createdMillis();
                }
            }
            return oldest;
        } finally {
            lock.unlock();
        }
    }

    /** Why the last try failed; empty if it did not. */
    public String lastProblem() {
        lock.lock();
        try {
            return lastProblem;
        } finally {
            lock.unlock();
        }
    }

    /** Waits until everything that was handed over is done, or the time is over; returns whether it is. */
    public boolean drain(long maxNanos) throws InterruptedException {
        lock.lock();
        try {
            long left = maxNanos;
            while (!isIdle() && left > 0) {
                left = changed.awaitNanos(left);
            }
            return isIdle();
        } finally {
            lock.unlock();
        }
    }

    /** Whether nothing waits or is being sent. */
    public boolean isIdle() {
        lock.lock();
        try {
            return queues.values().stream().allMatch(q -> q.items.isEmpty());
        } finally {
            lock.unlock();
        }
    }

    private void run(TenantQueue q) {
        try {
            while (true) {
                Item item = next(q);
                if (item == null) {
                    return;
                }
                send(item);
                outbox.acknowledge(client, item);
                done(q);
            }
        } catch (InterruptedException e) {
            LOG.log(System.Logger.Level.DEBUG, "stopped while it was sending");
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, () -> "sending to " + client + " has died", e);
        }
    }

    private @Nullable Item next(TenantQueue q) throws InterruptedException {
        lock.lock();
        try {
            while (q.items.isEmpty() && !stopping) {
                changed.await();
            }
            return stopping ? null : q.items.peek();
        } finally {
            lock.unlock();
        }
    }

    private void done(TenantQueue q) {
        lock.lock();
        try {
            q.items.remove();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void send(Item item) throws InterruptedException {
        long pause = backoff.min().toMillis();
        for (int tries = 1; ; tries++) {
            switch (trySend(item)) {
                case Transport.Taken taken -> {
                    taken(item, taken);
                    return;
                }
                case Transport.Refused refused -> {
                    metrics.rejectedLines.labels(client).inc((double) item.entries());
                    rejected.add(client, item, outbox, refused.message());
                    return;
                }
                case Transport.Later later -> {
                    metrics.retries.labels(client).inc();
                    problem(later.message());
                    long millis = later.waitMillis() > 0
                            ? later.waitMillis() + random.nextLong(pause / 4 + 1)
                            : pause / 2 + random.nextLong(pause / 2 + 1);
                    LOG.log(
                            tries == 1 ? System.Logger.Level.INFO : System.Logger.Level.DEBUG,
                            () -> "a push to " + client + " failed, next try in " + millis + " ms: " + later.message());
                    if (tries % TRIES_BEFORE_FAIL_OVER == 0) {
                        transport.failOver();
                    }
                    pause(millis);
                    pause = Math.min(pause * 2, backoff.max().toMillis());
                }
            }
        }
    }

    private Transport.Outcome trySend(Item item) throws InterruptedException {
        byte[] bytes;
        try {
            bytes = outbox.read(item);
        } catch (IOException e) {
            return new Transport.Later("cannot read the outbox: " + e, 0);
        }
        return transport.send(item.tenant(), bytes);
    }

    private void taken(Item item, Transport.Taken taken) {
        problem("");
        if (taken.rejected() > 0) {
            metrics.rejectedLines.labels(client).inc((double) taken.rejected());
            LOG.log(
                    System.Logger.Level.WARNING,
                    () -> taken.rejected() + " lines of tenant " + item.tenant() + " were refused by " + client + ": "
                            + taken.message());
        }
        metrics.ackedLines.labels(client).inc((double) Math.max(0, item.entries() - taken.rejected()));
        metrics.ackedBytes.labels(client).inc((double) item.lineBytes());
        metrics.sentBytes.labels(client).inc((double) item.length());
    }

    private void problem(String message) {
        lock.lock();
        try {
            lastProblem = message;
        } finally {
            lock.unlock();
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

    /** Ends, also in the middle of a send: what is not done stays in the outbox. Waits for the threads. Idempotent. */
    @Override
    public void close() {
        List<Thread> threads;
        lock.lock();
        try {
            stopping = true;
            changed.signalAll();
            threads = queues.values().stream()
                    .flatMap(q -> Stream.ofNullable(q.thread))
                    .toList();
        } finally {
            lock.unlock();
        }
        threads.forEach(Thread::interrupt);
        boolean interrupted = false;
        for (Thread t : threads) {
            while (t.isAlive()) {
                try {
                    t.join();
                } catch (InterruptedException e) {
                    interrupted = true; // they end at once, and the outbox must not be closed before
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        transport.close();
    }
}
