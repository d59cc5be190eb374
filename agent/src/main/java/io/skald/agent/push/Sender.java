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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Sends what is in the outbox to one client, one tenant independent of the other, each push until it is taken: a failure that may pass is tried
 * again for ever, with growing pauses. What is refused for good is set aside.
 *
 * <p>Pushes of a tenant go out in order, several at a time where the transport takes them so: one at first, one more with every push that was
 * taken, and one again after a failure. They are acknowledged to the outbox in order only, so that a restart sends again what may be missing.
 *
 * <p>Thread-safe: guarded by {@code lock}; each push has a virtual thread while it is sent.
 */
public final class Sender implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Sender.class.getName());
    /** After so many failures in a row another ingester is tried. */
    private static final int TRIES_BEFORE_FAIL_OVER = 2;
    /** No more is in memory at a time, but one push of each tenant. */
    private static final long MAX_BYTES_IN_FLIGHT = 8 << 20;

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
    private final Set<Thread> threads = new HashSet<>();
    private long bytesInFlight;
    private boolean stopping;
    private String lastProblem = "";

    /** One tenant's items. Guarded by the lock. */
    private static final class TenantQueue {
        /** Those that were not sent yet, oldest first. */
        final ArrayDeque<Item> items = new ArrayDeque<>();
        /** Those that are sent now, and taken ones behind them; oldest first. */
        final ArrayDeque<Flight> flights = new ArrayDeque<>();
        /** How many are on their way or wait to be tried again. */
        int flying;
        /** How many may be on their way. */
        int window = 1;
        /** How many have failed and wait. */
        int waiting;
        /** Whether the last try failed. */
        boolean failing;

        boolean isEmpty() {
            return items.isEmpty() && flights.isEmpty();
        }
    }

    /** A push that was begun to be sent. Guarded by the lock. */
    private static final class Flight {
        final Item item;
        boolean done;

        Flight(Item item) {
            this.item = item;
        }
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
                begin(q);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Sends as many as may be sent now. */
    private void begin(TenantQueue q) {
        for (Flight f = next(q); f != null; f = next(q)) {
            Flight flight = f;
            Thread t = Thread.ofVirtual()
                    .name("skald-agent-push-" + client + "-" + f.item.tenant())
                    .unstarted(() -> run(q, flight));
            threads.add(t);
            t.start();
        }
    }

    /** The next that may be sent now, or null. */
    private @Nullable Flight next(TenantQueue q) {
        Item i = q.items.peek();
        boolean may = q.flying == 0 || q.flying < q.window && bytesInFlight < MAX_BYTES_IN_FLIGHT;
        if (i == null || stopping || !may) {
            return null;
        }
        q.items.remove();
        Flight f = new Flight(i);
        q.flights.add(f);
        q.flying++;
        bytesInFlight += i.length();
        return f;
    }

    /** When the oldest item that waits was put into the outbox, or 0 if none waits. */
    public long oldestMillis() {
        lock.lock();
        try {
            long oldest = 0;
            for (TenantQueue q : queues.values()) {
                Flight f = q.flights.peek();
                Item i = f == null ? q.items.peek() : f.item;
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
            return queues.values().stream().allMatch(TenantQueue::isEmpty);
        } finally {
            lock.unlock();
        }
    }

    /** Sends one, and after it, for as long as there is more, the next that nobody sends. */
    private void run(TenantQueue q, Flight first) {
        try {
            for (Flight f = first; f != null; f = done(q, f)) {
                send(q, f);
            }
        } catch (InterruptedException e) {
            LOG.log(System.Logger.Level.DEBUG, "stopped while it was sending");
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, () -> "sending to " + client + " has died", e);
        } finally {
            lock.lock();
            try {
                threads.remove(Thread.currentThread());
            } finally {
                lock.unlock();
            }
        }
    }

    /** Takes note that one is done with, and returns the next to be sent, if there is one. */
    private @Nullable Flight done(TenantQueue q, Flight f) {
        lock.lock();
        try {
            f.done = true;
            q.flying--;
            bytesInFlight -= f.item.length();
            for (Flight head = q.flights.peek(); head != null && head.done; head = q.flights.peek()) {
                outbox.acknowledge(client, head.item);
                q.flights.remove();
            }
            q.failing = false;
            q.window = Math.min(q.window + 1, transport.window());
            Flight next = next(q);
            begin(q);
            changed.signalAll();
            return next;
        } finally {
            lock.unlock();
        }
    }

    private void send(TenantQueue q, Flight f) throws InterruptedException {
        Item item = f.item;
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
                    pause(q, f, millis);
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

    /** Waits after a failure. Of several that have failed only the oldest is tried again, until it is taken. */
    private void pause(TenantQueue q, Flight f, long millis) throws InterruptedException {
        lock.lock();
        try {
            q.window = 1;
            q.failing = true;
            q.waiting++;
            long left = TimeUnit.MILLISECONDS.toNanos(millis);
            while (left > 0 && !stopping) {
                left = changed.awaitNanos(left);
            }
            while (!stopping && !isOldest(q, f) && (q.failing || q.flying - q.waiting >= q.window)) {
                changed.await();
            }
            q.waiting--;
            if (stopping) {
                throw new InterruptedException("stopping");
            }
        } finally {
            lock.unlock();
        }
    }

    private static boolean isOldest(TenantQueue q, Flight f) {
        for (Flight x : q.flights) {
            if (!x.done) {
                return x.equals(f);
            }
        }
        return true;
    }

    /** Ends, also in the middle of a send: what is not done stays in the outbox. Waits for the threads. Idempotent. */
    @Override
    public void close() {
        List<Thread> running;
        lock.lock();
        try {
            stopping = true;
            changed.signalAll();
            running = List.copyOf(threads);
        } finally {
            lock.unlock();
        }
        running.forEach(Thread::interrupt);
        boolean interrupted = false;
        for (Thread t : running) {
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
