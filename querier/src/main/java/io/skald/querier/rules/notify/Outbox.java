/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.notify;

import io.skald.querier.rules.eval.Outgoing;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What waits for one receiver, and the thread that sends it: in order, in batches, again and again until it is taken or refused for good. When
 * full, the oldest is dropped. Thread-safe.
 */
final class Outbox implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Outbox.class.getName());
    private static final long FIRST_PAUSE = Duration.ofMillis(500).toNanos();
    private static final long LONGEST_PAUSE = Duration.ofSeconds(30).toNanos();

    private final Receiver receiver;
    private final int capacity;
    private final NotifyMetrics metrics;
    private final Thread thread;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // guarded by lock
    private final Deque<Outgoing> waiting = new ArrayDeque<>();
    private boolean closed;
    private boolean failing;

    Outbox(Receiver receiver, int capacity, NotifyMetrics metrics) {
        this.receiver = receiver;
        this.capacity = capacity;
        this.metrics = metrics;
        this.thread = Thread.ofVirtual().name("notify " + receiver.name()).unstarted(this::run);
        metrics.receiver(receiver.name(), this::size);
    }

    void start() {
        thread.start();
    }

    String name() {
        return receiver.name();
    }

    private double size() {
        lock.lock();
        try {
            return waiting.size();
        } finally {
            lock.unlock();
        }
    }

    void add(List<Outgoing> alerts) {
        lock.lock();
        try {
            for (Outgoing a : alerts) {
                // the same again: only the newest is worth sending
                waiting.removeIf(w -> failing
                        && w.labels().equals(a.labels())
                        && w.startsAtNanos() == a.startsAtNanos()
                        && w.resolved() == a.resolved());
                waiting.addLast(a);
                if (waiting.size() > capacity) {
                    waiting.removeFirst();
                    metrics.dropped.labels(receiver.name()).inc();
                }
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private List<Outgoing> next() throws InterruptedException {
        lock.lock();
        try {
            while (waiting.isEmpty() && !closed) {
                changed.await();
            }
            List<Outgoing> batch = new ArrayList<>();
            for (Outgoing a : waiting) {
                if (batch.size() == receiver.mostAtOnce()) {
                    break;
                }
                batch.add(a);
            }
            return batch;
        } finally {
            lock.unlock();
        }
    }

    private void done(List<Outgoing> batch) {
        lock.lock();
        try {
            batch.forEach(waiting::removeFirstOccurrence);
            failing = false;
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        long pause = FIRST_PAUSE;
        try {
            while (true) {
                List<Outgoing> batch = next();
                if (batch.isEmpty()) {
                    return;
                }
                try {
                    receiver.send(batch);
                    metrics.sent.labels(receiver.name()).inc(batch.size());
                    done(batch);
                    pause = FIRST_PAUSE;
                } catch (SendException e) {
                    metrics.failures.labels(receiver.name()).inc();
                    if (!e.retryable()) {
                        LOG.log(Level.ERROR, batch.size() + " alerts are dropped: " + e.getMessage());
                        metrics.dropped.labels(receiver.name()).inc(batch.size());
                        done(batch);
                    } else if (!retryAfter(pause, e)) {
                        return;
                    } else {
                        pause = Math.min(LONGEST_PAUSE, pause * 2);
                    }
                }
            }
        } catch (InterruptedException e) {
            LOG.log(Level.DEBUG, "sending to " + receiver.name() + " ends", e);
        }
    }

    /** Waits; false if this is closed meanwhile. */
    private boolean retryAfter(long nanos, SendException e) throws InterruptedException {
        lock.lock();
        try {
            if (!failing) {
                LOG.log(Level.WARNING, "alerts wait: " + e.getMessage());
            }
            failing = true;
            long left = nanos;
            while (left > 0 && !closed) {
                left = changed.awaitNanos(left);
            }
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    /** Sends no more, after what is being sent. What waits is told of again after a restart if it still fires. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            waiting.clear();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        boolean interrupted = false;
        try {
            if (!thread.join(Duration.ofSeconds(2))) {
                thread.interrupt();
                thread.join(Duration.ofSeconds(2));
            }
        } catch (InterruptedException e) {
            interrupted = true;
        }
        receiver.close();
        metrics.remove(receiver.name());
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
