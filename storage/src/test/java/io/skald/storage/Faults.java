/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage;

import io.skald.core.model.StoreException;

/** One fault, at one step of what is done with the stores that share it. Steps count from 0. Thread-safe. */
public final class Faults {
    /** What happens at the step. */
    public enum Kind {
        /** The call fails and nothing was done. */
        ERROR,
        /** The call fails though all was done: the answer was lost. */
        ERROR_AFTER,
        /** A write fails after half of it, a read gives half and ends; other calls fail as with {@link #ERROR}. */
        TORN,
        /** The call takes until another thread calls {@link Faults#release}. */
        DELAY
    }

    /** A call to a store. */
    interface Call<T> {
        T run() throws StoreException;
    }

    private final Kind kind;
    private final int at;
    private int step;
    private boolean fired;
    private boolean released;

    public Faults(Kind kind, int at) {
        this.kind = kind;
        this.at = at;
    }

    /** Whether the step was reached. */
    public synchronized boolean fired() {
        return fired;
    }

    /** Lets the call that is delayed go on, now or when it comes. */
    public synchronized void release() {
        released = true;
        notifyAll();
    }

    private synchronized boolean here() {
        boolean now = step++ == at;
        fired |= now;
        return now;
    }

    /** Runs a call, with the fault if it is its turn. {@code torn} is what remains of it when it is torn. */
    <T> T call(String what, Call<T> call, Call<T> torn) throws StoreException {
        if (!here()) {
            return call.run();
        }
        switch (kind) {
            case ERROR -> throw new StoreException.Unavailable("injected: " + what);
            case ERROR_AFTER -> {
                call.run();
                throw new StoreException.Unavailable("injected after: " + what);
            }
            case TORN -> {
                return torn.run();
            }
            case DELAY -> await();
        }
        return call.run();
    }

    private synchronized void await() throws StoreException {
        try {
            while (!released) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException.Unavailable("interrupted", e);
        }
    }

    static <T> Call<T> fails(String what) {
        return () -> {
            throw new StoreException.Unavailable("injected: " + what);
        };
    }
}
