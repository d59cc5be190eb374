/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Runs the CPU-bound part of one query on the shared scan pool: a few workers, each in slices, and between slices a worker goes to the end
 * of the pool's queue, so that a long query does not keep a short one waiting. The calling thread waits and watches for cancellation.
 */
final class Workers {
    /** How long a worker keeps its thread before others get a turn. */
    private static final long TURN_NANOS = TimeUnit.MILLISECONDS.toNanos(25);

    private static final long POLL_MILLIS = 20;

    private final ExecutorService pool;
    private final BooleanSupplier cancelled;
    private final QueryProfile profile;
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private volatile boolean stop;

    Workers(ExecutorService pool, BooleanSupplier cancelled, QueryProfile profile) {
        this.pool = pool;
        this.cancelled = cancelled;
        this.profile = profile;
    }

    /** Where the query's parts say what they did. */
    QueryProfile profile() {
        return profile;
    }

    /** A piece of work of one worker, confined to one thread at a time. */
    interface Slice {
        /** Works for a short while; false when nothing is left to do. */
        boolean advance() throws StoreException;
    }

    /** Whether the work in progress is no longer wanted; cheap enough to be asked every few entries. */
    boolean stopped() {
        return stop;
    }

    /**
     * Runs {@code count} slices to their end and returns when none is running any more, whatever happened.
     *
     * @throws RequestException CLIENT_CLOSED if the query was cancelled, or what a slice threw
     */
    void run(int count, IntFunction<? extends Slice> slices) throws StoreException, InterruptedException {
        int n = Math.min(count, Math.max(1, Runtime.getRuntime().availableProcessors()));
        CountDownLatch done = new CountDownLatch(n);
        for (int i = 0; i < n; i++) {
            new Worker(slices.apply(i), done).submit();
        }
        boolean interrupted = false;
        while (true) {
            try {
                if (done.await(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
                    break;
                }
                if (cancelled.getAsBoolean()) {
                    stop = true;
                }
            } catch (InterruptedException e) {
                // the workers use what the caller closes afterwards: they must have ended first
                interrupted = true;
                stop = true;
            }
        }
        if (interrupted) {
            throw new InterruptedException();
        }
        rethrow();
        if (stop || cancelled.getAsBoolean()) {
            throw cancelledException();
        }
    }

    static RequestException cancelledException() {
        return new RequestException(ErrorCode.CLIENT_CLOSED, "the query was cancelled");
    }

    private void rethrow() throws StoreException {
        Throwable t = failure.get();
        switch (t) {
            case null -> {}
            case StoreException e -> throw e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException(t);
        }
    }

    private void fail(Throwable t) {
        stop = true;
        if (!failure.compareAndSet(null, t)) {
            Throwable first = failure.get();
            if (first != null && !first.equals(t)) {
                first.addSuppressed(t);
            }
        }
    }

    private final class Worker implements Runnable {
        private final Slice slice;
        private final CountDownLatch done;
        /** The thread that is inside {@link #submit}, or null. */
        private volatile @Nullable Thread submitting;

        Worker(Slice slice, CountDownLatch done) {
            this.slice = slice;
            this.done = done;
        }

        void submit() {
            submitting = Thread.currentThread();
            try {
                pool.execute(this);
                submitting = null;
            } catch (RejectedExecutionException e) {
                fail(e);
                done.countDown();
            }
        }

        @Override
        public void run() {
            // a direct executor runs us within submit: taking turns would only deepen the stack
            boolean direct = Thread.currentThread().equals(submitting);
            try {
                long turnEnd = System.nanoTime() + TURN_NANOS;
                while (!stop && slice.advance()) {
                    if (direct && cancelled.getAsBoolean()) {
                        stop = true;
                    } else if (!direct && System.nanoTime() - turnEnd > 0) {
                        submit();
                        return;
                    }
                }
            } catch (Throwable t) {
                fail(t);
            }
            done.countDown();
        }
    }
}
