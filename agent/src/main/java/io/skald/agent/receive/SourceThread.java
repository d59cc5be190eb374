/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import java.time.Duration;
import java.util.function.Consumer;

/**
 * Runs what a source does, again and again after a pause when it fails or comes to its end, until it is closed. Thread-safe.
 */
final class SourceThread implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(SourceThread.class.getName());

    /** What a source does. */
    @FunctionalInterface
    interface Work {
        /** Works until it is interrupted, fails, or there is nothing more to do for now. */
        void run() throws Exception;
    }

    private final String job;
    private final Duration pause;
    private final Work work;
    private final Consumer<String> failed;
    private final Thread thread;
    private volatile boolean closed;
    private volatile String problem = "";

    /**
     * @param what names the thread
     * @param pause between two tries
     * @param failed takes note of failures
     */
    SourceThread(String job, String what, Duration pause, Work work, Consumer<String> failed) {
        this.failed = failed;
        this.job = job;
        this.pause = pause;
        this.work = work;
        this.thread = Thread.ofPlatform()
                .daemon()
                .name("skald-agent-" + what + "-" + job)
                .unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    private void run() {
        while (!closed) {
            try {
                work.run();
            } catch (InterruptedException e) {
                LOG.log(System.Logger.Level.DEBUG, "interrupted");
                return;
            } catch (Exception e) {
                if (!closed) {
                    problem = String.valueOf(e.getMessage());
                    failed.accept(problem);
                    LOG.log(System.Logger.Level.WARNING, () -> job + ": " + problem + ", tried again");
                }
            }
            try {
                Thread.sleep(pause);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    /** Takes note that all is well. */
    void works() {
        problem = "";
    }

    boolean isClosed() {
        return closed;
    }

    /** What keeps it from working, or an empty text. */
    String problem() {
        return problem.isEmpty() ? "" : job + ": " + problem;
    }

    /** Waits for the end of the work after {@link #close}, but not longer. */
    void awaitEnd(Duration max) {
        try {
            if (!thread.join(max)) {
                LOG.log(System.Logger.Level.WARNING, () -> job + ": " + thread.getName() + " has not ended in time");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
    }
}
