/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import io.skald.core.model.EntryBatch;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What a tail's followers have read and its client has not got: each step waits for the tail's delay. Bounded by bytes, so that a slow
 * client makes the followers wait. Without a delay it holds one step; with one, a full queue gives its steps early rather than lag for ever.
 * Thread-safe: guarded by {@code lock}.
 */
final class TailSteps {
    private static final long MAX_BYTES = 8L << 20;

    /**
     * What an ingester gave, or why it cannot.
     *
     * @param arrivedNanos when, by {@link System#nanoTime}
     */
    record Step(
            String ingester,
            List<EntryBatch> batches,
            long nextPosition,
            long arrivedNanos,
            @Nullable Exception failure) {
        long bytes() {
            long n = 1;
            for (EntryBatch b : batches) {
                n += b.lineBytes() + 64L * b.size();
            }
            return n;
        }
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<Step> steps = new ArrayDeque<>();
    private final long delayNanos;
    private long bytes;
    private int waiting;

    TailSteps(long delayNanos) {
        this.delayNanos = delayNanos;
    }

    /** Blocks while there is no room. */
    void put(Step step) throws InterruptedException {
        long size = step.bytes();
        lock.lockInterruptibly();
        try {
            waiting++;
            changed.signalAll();
            while (!steps.isEmpty() && (delayNanos == 0 || bytes + size > MAX_BYTES)) {
                changed.await();
            }
            steps.add(step);
            bytes += size;
            changed.signalAll();
        } finally {
            waiting--;
            lock.unlock();
        }
    }

    /** The next step when its time has come, or null after a while. */
    @Nullable
    Step poll(long timeoutNanos) throws InterruptedException {
        long deadline = System.nanoTime() + timeoutNanos;
        lock.lockInterruptibly();
        try {
            while (true) {
                Step first = steps.peek();
                long wait = first == null ? Long.MAX_VALUE : due(first) - System.nanoTime();
                if (first != null && wait <= 0) {
                    steps.remove();
                    bytes -= first.bytes();
                    changed.signalAll();
                    return first;
                }
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    return null;
                }
                if (changed.awaitNanos(Math.min(left, wait)) <= 0 && first == null) {
                    return null;
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private long due(Step step) {
        boolean early = step.batches.isEmpty() || waiting > 0;
        return early ? step.arrivedNanos : step.arrivedNanos + delayNanos;
    }

    /** Forgets everything; for when no follower runs. */
    void clear() {
        lock.lock();
        try {
            steps.clear();
            bytes = 0;
        } finally {
            lock.unlock();
        }
    }
}
