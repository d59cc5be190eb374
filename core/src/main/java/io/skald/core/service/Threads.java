/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.service;

/** Waiting for threads to end. */
public final class Threads {
    private Threads() {}

    /**
     * Waits until a thread has ended, even when the caller is interrupted meanwhile: what the thread uses may be closed afterwards. The
     * interrupt is kept for the caller. A thread that never began has ended.
     */
    public static void awaitEnd(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
