/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import io.skald.agent.spool.FileState.Format;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The stages of a job, of which each source gets its own. Sources of one job must not run at the same time: hold the collector's lock.
 */
public final class JobPipeline {
    /** What a source without stages does. */
    public static final JobPipeline PLAIN = new JobPipeline(List.of(), true, true);

    /** The same, but every line is an entry. */
    public static JobPipeline withoutTraces() {
        return new JobPipeline(List.of(), false, true);
    }

    private final List<Stage> stages;
    private final boolean traces;
    private final boolean unwrap;

    JobPipeline(List<Stage> stages, boolean traces, boolean unwrap) {
        this.stages = List.copyOf(stages);
        this.traces = traces;
        this.unwrap = unwrap;
    }

    /** Whether lines are entries as they are, but for what is joined or unwrapped. */
    public boolean isPlain() {
        return stages.isEmpty();
    }

    /** Whether the lines of stack traces are joined. */
    public boolean traces() {
        return traces;
    }

    /** Whether what container runtimes wrap around lines is recognised and taken off. */
    public boolean unwrap() {
        return unwrap;
    }

    /**
     * The stages for a source.
     *
     * @param format how its lines are wrapped
     * @param end takes what comes out
     */
    public Pipeline open(Format format, Consumer<LogEntry> end) {
        List<Stage> all = new ArrayList<>();
        if (format == Format.CRI || format == Format.DOCKER) {
            all.add(new CriStage(format, 100, CriStage.MAX_BYTES, false));
        }
        List<Stage> own = new ArrayList<>(stages);
        while (!own.isEmpty() && own.getFirst() instanceof CriStage) {
            all.add(own.removeFirst());
        }
        if (traces) {
            all.add(new TraceStage());
        }
        all.addAll(own);
        return Pipeline.of(all, end);
    }
}
