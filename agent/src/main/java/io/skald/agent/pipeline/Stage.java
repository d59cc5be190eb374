/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import io.skald.agent.spool.FileState.Held;
import java.util.List;

/**
 * One step of a pipeline; {@link Stages} makes them. Stages that keep entries back have an instance for each source; the others serve all sources of a job, one at a time.
 */
public abstract class Stage {
    /** Takes entries. */
    interface Sink {
        void accept(LogEntry entry);
    }

    /** Works on an entry and hands it on, or not, or later. */
    abstract void process(LogEntry entry, Sink next);

    /** The stage for a source of its own. */
    Stage forSource() {
        return this;
    }

    /** Hands on what has been kept back for too long; all of it if {@code all}. */
    void flush(long nowNanos, boolean all, Sink next) {}

    /** Takes what is kept back out of buffers that will be used again. */
    void detach() {}

    /** Adds the lines of the source that are kept back. */
    void held(List<Held> to) {}

    /** Whether it may keep entries back. */
    boolean holds() {
        return false;
    }

    /** When the first of what is kept back is due, by {@link System#nanoTime}, or {@link Long#MAX_VALUE}. */
    long dueNanos() {
        return Long.MAX_VALUE;
    }

    /** Whether sources may have to pause because of it. */
    boolean mayPause() {
        return false;
    }

    /** For how long no more should come in; 0 if it may. What does come in nevertheless is taken, and makes the pause longer. */
    long pauseNanos() {
        return 0;
    }

    /** A stage that changes an entry or drops it. */
    abstract static class Simple extends Stage {
        /** Returns whether to keep the entry. */
        abstract boolean apply(LogEntry entry);

        @Override
        final void process(LogEntry entry, Sink next) {
            if (apply(entry)) {
                next.accept(entry);
            }
        }
    }
}
