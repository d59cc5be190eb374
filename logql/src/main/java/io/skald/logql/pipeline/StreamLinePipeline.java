/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import io.skald.core.model.Labels;
import org.jspecify.annotations.Nullable;

/** The steps of a log query over one stream. */
final class StreamLinePipeline implements LinePipeline {
    private final Step[] steps;
    private final LineState state;

    StreamLinePipeline(Labels stream, Step[] steps) {
        this.steps = steps;
        this.state = new LineState(stream);
    }

    @Override
    public boolean process(long timestampNanos, byte[] buffer, int offset, int length, Labels metadata) {
        state.begin(timestampNanos, buffer, offset, length, metadata);
        for (Step step : steps) {
            if (!step.apply(state)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public String line() {
        return state.line();
    }

    @Override
    public int lineLength() {
        return state.length();
    }

    @Override
    public Labels labels() {
        return state.allLabels();
    }

    @Override
    public Labels streamLabels() {
        return state.streamLabels();
    }

    @Override
    public Labels metadataLabels() {
        return state.metadataLabels();
    }

    @Override
    public Labels parsedLabels() {
        return state.parsedLabels();
    }

    @Override
    public @Nullable String label(String name) {
        return state.get(name);
    }

    @Override
    public @Nullable String error() {
        return state.error();
    }

    @Override
    public @Nullable String errorDetails() {
        return state.errorDetails();
    }
}
