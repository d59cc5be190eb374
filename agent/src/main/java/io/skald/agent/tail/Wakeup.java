/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.tail;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Lets a thread wait until it is told that there is something to do. Thread-safe. */
final class Wakeup {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private boolean woken;
    private boolean scan;

    /** Ends the present or the next wait. */
    void wake() {
        lock.lock();
        try {
            woken = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The same, and has everything looked through. */
    void scan() {
        lock.lock();
        try {
            scan = true;
        } finally {
            lock.unlock();
        }
        wake();
    }

    /** Whether everything was to be looked through since the last call. */
    boolean takeScan() {
        lock.lock();
        try {
            boolean s = scan;
            scan = false;
            return s;
        } finally {
            lock.unlock();
        }
    }

    void await(long millis) throws InterruptedException {
        lock.lock();
        try {
            long left = TimeUnit.MILLISECONDS.toNanos(millis);
            while (!woken && left > 0) {
                left = changed.awaitNanos(left);
            }
            woken = false;
        } finally {
            lock.unlock();
        }
    }
}
