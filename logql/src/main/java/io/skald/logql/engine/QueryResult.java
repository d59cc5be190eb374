/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import io.skald.core.model.Labels;
import io.skald.core.scan.ScanStats;
import java.util.List;

/** The answer to a query, with what was read for it and what the caller should be told. */
public record QueryResult(Data data, ScanStats stats, List<String> warnings) {
    public QueryResult {
        warnings = List.copyOf(warnings);
    }

    /** What a query gives. */
    public sealed interface Data {}

    /** Lines, in the order of the request's direction over all streams. */
    public record Lines(List<Line> lines) implements Data {
        public Lines {
            lines = List.copyOf(lines);
        }
    }

    /**
     * One line after the pipeline; labels by where they come from, disjoint.
     *
     * @param line text after the pipeline (bytes that are not UTF-8 are shown as U+FFFD)
     */
    public record Line(long timestampNanos, String line, Labels stream, Labels metadata, Labels parsed) {}

    /** Series with a value at some of the steps; sorted by labels unless the query sorts. */
    public record Matrix(List<Series> series) implements Data {
        public Matrix {
            series = List.copyOf(series);
        }
    }

    /** A labelled row of samples; parallel arrays in order of time, which the caller must not change. */
    public record Series(Labels labels, long[] timestampNanos, double[] values) {}

    /** One sample per series, all at one moment; in the order that the query asks for. */
    public record VectorData(List<Sample> samples) implements Data {
        public VectorData {
            samples = List.copyOf(samples);
        }
    }

    /** A labelled value. */
    public record Sample(Labels labels, long timestampNanos, double value) {}

    /** A single number. */
    public record Scalar(long timestampNanos, double value) implements Data {}
}
