/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.schedule;

import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * Lets so many queries run at once that their memory suffices. The others wait: of a tenant's queries the oldest is the next, and a place
 * that becomes free goes to the waiting tenant that has the fewest. Thread-safe: guarded by {@code lock}.
 */
final class QueryGate {
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private static final class Waiter {
        private boolean admitted;
    }

    /** One tenant's queries. */
    private static final class Queue {
        private final ArrayDeque<Waiter> waiters = new ArrayDeque<>();
        private int running;
        /** Most that may run at once. */
        private int most = Integer.MAX_VALUE;
        /** When it was last given a place; who waited longer comes first among equals. */
        private long lastTurn;
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Map<String, Queue> queues = new HashMap<>();
    private final int places;
    private final int mostWaiting;
    private int running;
    private int waiting;
    private long turn;

    /**
     * @param places queries at once
     * @param mostWaiting queries of one tenant that may wait
     */
    QueryGate(int places, int mostWaiting) {
        this.places = places;
        this.mostWaiting = mostWaiting;
    }

    int running() {
        lock.lock();
        try {
            return running;
        } finally {
            lock.unlock();
        }
    }

    int waiting() {
        lock.lock();
        try {
            return waiting;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits for a place. {@link #leave} must follow.
     *
     * @param most queries of this tenant at once; 0 is no limit
     * @param cancelled polled while waiting
     * @throws RequestException TOO_MANY_REQUESTS if too many wait, CLIENT_CLOSED once {@code cancelled} is true; there is no place then
     */
    void enter(String tenant, int most, BooleanSupplier cancelled) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            Queue q = queues.computeIfAbsent(tenant, t -> new Queue());
            q.most = most > 0 ? most : Integer.MAX_VALUE;
            if (q.waiters.size() >= mostWaiting) {
                throw new RequestException(
                        ErrorCode.TOO_MANY_REQUESTS,
                        "too many outstanding requests: " + q.waiters.size() + " queries of the tenant wait, limit "
                                + mostWaiting + " (querier.max_outstanding_requests_per_tenant)");
            }
            Waiter w = new Waiter();
            q.waiters.add(w);
            waiting++;
            admit();
            try {
                while (!w.admitted) {
                    if (changed.awaitNanos(POLL_NANOS) <= 0 && cancelled.getAsBoolean() && !w.admitted) {
                        throw new RequestException(ErrorCode.CLIENT_CLOSED, "the query was cancelled while it waited");
                    }
                }
            } catch (InterruptedException e) {
                if (w.admitted) {
                    leave(tenant);
                }
                throw e;
            } finally {
                if (!w.admitted) {
                    q.waiters.remove(w);
                    waiting--;
                    forgetIfIdle(tenant, q);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Gives a place back. */
    void leave(String tenant) {
        lock.lock();
        try {
            Queue q = queues.get(tenant);
            if (q == null || q.running == 0) {
                throw new IllegalStateException("no query of " + tenant + " is running");
            }
            q.running--;
            running--;
            forgetIfIdle(tenant, q);
            admit();
        } finally {
            lock.unlock();
        }
    }

    private void forgetIfIdle(String tenant, Queue q) {
        if (q.running == 0 && q.waiters.isEmpty()) {
            queues.remove(tenant);
        }
    }

    private void admit() {
        boolean any = false;
        while (running < places) {
            Queue best = null;
            for (Queue q : queues.values()) {
                if (!q.waiters.isEmpty() && q.running < q.most && (best == null || isBefore(q, best))) {
                    best = q;
                }
            }
            if (best == null) {
                break;
            }
            best.waiters.remove().admitted = true;
            best.running++;
            best.lastTurn = ++turn;
            running++;
            waiting--;
            any = true;
        }
        if (any) {
            changed.signalAll();
        }
    }

    private static boolean isBefore(Queue a, Queue b) {
        return a.running != b.running ? a.running < b.running : a.lastTurn < b.lastTurn;
    }
}
