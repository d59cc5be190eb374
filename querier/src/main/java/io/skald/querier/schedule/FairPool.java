/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.schedule;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Threads that tenants take turns on: after a task of one tenant comes a task of the next that has one, however many the first has waiting.
 * Tasks of one tenant run in the order of their arrival. Tasks are short, so that turns are; how many wait is bounded by who submits them (a
 * query has no more than one for each core). Thread-safe: guarded by {@code lock}.
 */
final class FairPool implements AutoCloseable {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition ready = lock.newCondition();
    /** Tasks that wait; a tenant is here while it has one. */
    private final Map<String, ArrayDeque<Runnable>> waiting = new HashMap<>();
    /** Tenants with a task, the next to be served first. */
    private final ArrayDeque<String> turns = new ArrayDeque<>();

    private final List<Thread> threads = new ArrayList<>();
    private boolean closed;

    FairPool(int count) {
        for (int i = 0; i < count; i++) {
            Thread t = new Thread(this::work, "scan-" + i);
            t.setDaemon(true);
            threads.add(t);
            t.start();
        }
    }

    /** Where a tenant's tasks go. A task must not throw. Closing it does nothing: it is a view of this pool. */
    ExecutorService of(String tenant) {
        return new TenantView(tenant);
    }

    private final class TenantView extends AbstractExecutorService {
        private final String tenant;

        TenantView(String tenant) {
            this.tenant = tenant;
        }

        @Override
        public void execute(Runnable task) {
            enqueue(tenant, task);
        }

        @Override
        public void shutdown() {}

        @Override
        public List<Runnable> shutdownNow() {
            return List.of();
        }

        @Override
        public boolean isShutdown() {
            return false;
        }

        @Override
        public boolean isTerminated() {
            return false;
        }

        @Override
        public boolean awaitTermination(long timeout, TimeUnit unit) {
            return false;
        }
    }

    private void enqueue(String tenant, Runnable task) {
        lock.lock();
        try {
            if (closed) {
                throw new RejectedExecutionException("the process is stopping");
            }
            ArrayDeque<Runnable> own = waiting.get(tenant);
            if (own == null) {
                own = new ArrayDeque<>();
                waiting.put(tenant, own);
                turns.add(tenant);
            }
            own.add(task);
            ready.signal();
        } finally {
            lock.unlock();
        }
    }

    private Runnable next() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (turns.isEmpty()) {
                ready.await();
            }
            String tenant = turns.remove();
            ArrayDeque<Runnable> own = waiting.get(tenant);
            if (own == null) {
                throw new IllegalStateException("a turn without a task: " + tenant);
            }
            Runnable task = own.remove();
            if (own.isEmpty()) {
                waiting.remove(tenant);
            } else {
                turns.add(tenant);
            }
            return task;
        } finally {
            lock.unlock();
        }
    }

    private void work() {
        try {
            while (true) {
                next().run();
            }
        } catch (InterruptedException e) {
            // closed
            Thread.currentThread().interrupt();
        }
    }

    /** Takes no more tasks; those that run are interrupted, those that wait never run. Idempotent. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
        threads.forEach(Thread::interrupt);
    }
}
