/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import io.skald.core.model.Labels;
import io.skald.logql.ast.SampleExpr;
import org.jspecify.annotations.Nullable;

/** The steps of a metric query over one stream. */
final class StreamSamplePipeline implements SamplePipeline {
    static final String EXTRACTION_ERROR = "SampleExtractionErr";

    /** Where a sample's value comes from. */
    enum Source {
        ONE,
        LINE_LENGTH,
        LABEL
    }

    private final Step[] steps;
    private final Step[] afterUnwrap;
    private final LineState state;
    private final Source source;
    private final SampleExpr.@Nullable Unwrap unwrap;
    /** Its label, as parsers have it, so that it is found by being the same object. */
    private final String unwrapped;

    private final SeriesLabels series;
    private final Conversion conversion = new Conversion();
    private double value;

    StreamSamplePipeline(
            Labels stream,
            Step[] steps,
            Source source,
            SampleExpr.@Nullable Unwrap unwrap,
            Step[] afterUnwrap,
            SeriesLabels series) {
        this.steps = steps;
        this.afterUnwrap = afterUnwrap;
        this.state = new LineState(stream);
        this.source = source;
        this.unwrap = unwrap;
        this.unwrapped = unwrap == null ? "" : unwrap.label().intern();
        this.series = series;
    }

    @Override
    public boolean process(long timestampNanos, byte[] buffer, int offset, int length, Labels metadata) {
        state.begin(timestampNanos, buffer, offset, length, metadata);
        for (Step step : steps) {
            if (!step.apply(state)) {
                return false;
            }
        }
        switch (source) {
            case ONE -> value = 1;
            case LINE_LENGTH -> value = state.length();
            case LABEL -> {
                if (unwrap == null || !unwrap(unwrap)) {
                    return false;
                }
            }
        }
        for (Step step : afterUnwrap) {
            if (!step.apply(state)) {
                return false;
            }
        }
        return true;
    }

    /** A line without the label gives no sample; one whose label cannot be read gives 0 and an error. */
    private boolean unwrap(SampleExpr.Unwrap u) {
        int slot = state.slot(unwrapped);
        if (slot >= 0 && state.isPlainSlice(slot)) {
            double known = plain(u, state.sliceBuffer(slot), state.sliceOffset(slot), state.sliceLength(slot));
            if (known >= 0) {
                value = known;
                return true;
            }
        }
        String text = state.getLabel(u.label());
        if (text == null || text.isEmpty()) {
            return false;
        }
        value = switch (u.conversion()) {
            case NUMBER -> conversion.number(text);
            case BYTES -> conversion.bytes(text);
            case DURATION, DURATION_SECONDS -> conversion.durationNanos(text) / 1e9;
        };
        String error = conversion.error();
        if (error != null) {
            value = 0;
            state.fail(EXTRACTION_ERROR, error);
        }
        return true;
    }

    /** The value of what most values are made of; negative for all others. */
    private static double plain(SampleExpr.Unwrap u, byte[] b, int from, int length) {
        return switch (u.conversion()) {
            case NUMBER -> Conversion.plain(b, from, length);
            case BYTES -> Math.floor(Conversion.plain(b, from, length));
            case DURATION, DURATION_SECONDS -> {
                long nanos = Conversion.plainDuration(b, from, length);
                yield nanos < 0 ? -1 : nanos / 1e9;
            }
        };
    }

    @Override
    public double value() {
        return value;
    }

    @Override
    public Labels seriesLabels() {
        return series.of(state);
    }

    SeriesLabels series() {
        return series;
    }

    @Override
    public int seriesNumber() {
        return series.number(state);
    }
}
