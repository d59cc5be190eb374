/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import io.skald.agent.spool.FileState.Held;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** The stages of a job for one source. Confined to the thread that runs it; sources of one job share a thread or a lock. */
public final class Pipeline {
    private final List<Stage> stages;
    private final List<Stage.Sink> after;
    private final Stage.Sink first;
    private final boolean holds;
    private final boolean mayPause;

    private Pipeline(List<Stage> stages, Stage.Sink end) {
        this.stages = stages;
        this.after = new ArrayList<>();
        Stage.Sink next = end;
        for (int i = stages.size() - 1; i >= 0; i--) {
            after.addFirst(next);
            Stage stage = stages.get(i);
            Stage.Sink then = next;
            next = e -> stage.process(e, then);
        }
        this.first = next;
        this.holds = stages.stream().anyMatch(Stage::holds);
        this.mayPause = stages.stream().anyMatch(Stage::mayPause);
    }

    /**
     * Stages for a source.
     *
     * @param end takes what comes out
     */
    static Pipeline of(List<Stage> stages, Consumer<LogEntry> end) {
        return new Pipeline(stages.stream().map(Stage::forSource).toList(), end::accept);
    }

    /** Whether entries come out as they go in. */
    public boolean isEmpty() {
        return stages.isEmpty();
    }

    /** Works on an entry. */
    public void process(LogEntry entry) {
        first.accept(entry);
    }

    /**
     * Lets out what has been kept back for too long.
     *
     * @param nowNanos by {@link System#nanoTime}
     * @param all lets out everything
     */
    public void flush(long nowNanos, boolean all) {
        if (holds) {
            for (int i = 0; i < stages.size(); i++) {
                stages.get(i).flush(nowNanos, all, after.get(i));
            }
        }
    }

    /**
     * For how long its source should wait before the next entry, because of a {@code limit}; 0 if it need not. The lock that guards the stages is not to
     * be held for that long: other sources go on.
     */
    public long pauseNanos() {
        long pause = 0;
        if (mayPause) {
            for (Stage s : stages) {
                pause = Math.max(pause, s.pauseNanos());
            }
        }
        return pause;
    }

    /** To be called before the buffers of entries are used again. */
    public void detach() {
        if (holds) {
            stages.forEach(Stage::detach);
        }
    }

    /** The lines of the source that are kept back, in their order. Processing them again restores what is kept back. */
    public List<Held> held() {
        if (!holds) {
            return List.of();
        }
        List<Held> lines = new ArrayList<>();
        stages.forEach(s -> s.held(lines));
        lines.sort((a, b) -> Long.compare(a.order(), b.order()));
        return lines;
    }

    /** When the first of what is kept back is due, by {@link System#nanoTime}, or {@link Long#MAX_VALUE}. */
    public long dueNanos() {
        long due = Long.MAX_VALUE;
        if (holds) {
            for (Stage s : stages) {
                due = Math.min(due, s.dueNanos());
            }
        }
        return due;
    }
}
