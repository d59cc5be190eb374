/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import io.skald.core.model.Labels;

/**
 * A compiled log range bound to one stream: turns an entry into at most one sample. Confined to one thread; values are valid until the next
 * {@code process}.
 */
public interface SamplePipeline {
    /** Runs the stages and, where there is one, the unwrap. Returns false if the entry gives no sample. */
    boolean process(long timestampNanos, byte[] buffer, int offset, int length, Labels metadata);

    /**
     * The sample's value: 1 for counting functions, the line's length in bytes for bytes functions, the converted label for unwrapped
     * ranges.
     */
    double value();

    /**
     * The labels of the series that the sample belongs to, with the grouping of the range aggregation applied, the unwrapped label removed,
     * and {@code __error__} kept so that the engine can report it. The same instance for equal label sets wherever that is cheap.
     */
    Labels seriesLabels();

    /**
     * A small number that stands for the labels of the series as long as the pipeline lives, 0 or more: equal numbers mean equal labels, but equal
     * labels may have several numbers. -1 if only the labels themselves tell.
     */
    int seriesNumber();
}
