/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.skald.core.model.Labels;
import io.skald.core.scan.ScanStats;
import io.skald.logql.engine.QueryResult;
import io.skald.logql.engine.QueryResult.Data;
import io.skald.logql.engine.QueryResult.Line;
import io.skald.logql.engine.QueryResult.Sample;
import io.skald.logql.engine.QueryResult.Series;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Answers to queries as JSON, written as they are made. */
final class QueryJson {
    static final JsonFactory JSON = new JsonFactory();

    /** How long a query ran, and how long it waited before. */
    record Times(long runNanos, long queuedNanos) {}

    private QueryJson() {}

    /**
     * A whole answer.
     *
     * @param categorize whether labels are told apart by origin: stream, structured metadata, parsed
     * @param cursor where the rest of the answer begins, if this is a part; or null
     */
    static void write(QueryResult result, boolean categorize, Times times, @Nullable String cursor, OutputStream out)
            throws IOException {
        try (JsonGenerator g = JSON.createGenerator(out).disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET)) {
            g.writeStartObject();
            g.writeStringField("status", "success");
            g.writeObjectFieldStart("data");
            long returned = data(g, result.data(), categorize);
            stats(g, result.stats(), returned, times);
            g.writeEndObject();
            if (!result.warnings().isEmpty()) {
                strings(g, "warnings", result.warnings());
            }
            if (cursor != null) {
                g.writeStringField("cursor", cursor);
            }
            g.writeEndObject();
        }
    }

    static void strings(JsonGenerator g, String name, List<String> values) throws IOException {
        g.writeArrayFieldStart(name);
        for (String v : values) {
            g.writeString(v);
        }
        g.writeEndArray();
    }

    private static long data(JsonGenerator g, Data data, boolean categorize) throws IOException {
        return switch (data) {
            case QueryResult.Lines lines -> {
                g.writeStringField("resultType", "streams");
                if (categorize) {
                    strings(g, "encodingFlags", List.of("categorize-labels"));
                }
                g.writeFieldName("result");
                streams(g, lines.lines(), categorize);
                yield lines.lines().size();
            }
            case QueryResult.Matrix matrix -> {
                g.writeStringField("resultType", "matrix");
                g.writeArrayFieldStart("result");
                for (Series s : matrix.series()) {
                    series(g, s);
                }
                g.writeEndArray();
                yield matrix.series().size();
            }
            case QueryResult.VectorData vector -> {
                g.writeStringField("resultType", "vector");
                g.writeArrayFieldStart("result");
                for (Sample s : vector.samples()) {
                    g.writeStartObject();
                    labels(g, "metric", s.labels());
                    g.writeFieldName("value");
                    sample(g, s.timestampNanos(), s.value());
                    g.writeEndObject();
                }
                g.writeEndArray();
                yield vector.samples().size();
            }
            case QueryResult.Scalar scalar -> {
                g.writeStringField("resultType", "scalar");
                g.writeFieldName("result");
                sample(g, scalar.timestampNanos(), scalar.value());
                yield 1;
            }
        };
    }

    /** Lines grouped by their labels, groups in the order of their first lines. */
    static void streams(JsonGenerator g, List<Line> lines, boolean categorize) throws IOException {
        Map<Labels, List<Line>> groups = new LinkedHashMap<>();
        for (Line l : lines) {
            groups.computeIfAbsent(categorize ? l.stream() : all(l), k -> new ArrayList<>())
                    .add(l);
        }
        g.writeStartArray();
        for (Map.Entry<Labels, List<Line>> group : groups.entrySet()) {
            g.writeStartObject();
            labels(g, "stream", group.getKey());
            g.writeArrayFieldStart("values");
            for (Line l : group.getValue()) {
                g.writeStartArray();
                g.writeString(Long.toString(l.timestampNanos()));
                g.writeString(l.line());
                if (categorize) {
                    g.writeStartObject();
                    if (!l.metadata().isEmpty()) {
                        labels(g, "structuredMetadata", l.metadata());
                    }
                    if (!l.parsed().isEmpty()) {
                        labels(g, "parsed", l.parsed());
                    }
                    g.writeEndObject();
                }
                g.writeEndArray();
            }
            g.writeEndArray();
            g.writeEndObject();
        }
        g.writeEndArray();
    }

    private static Labels all(Line l) {
        if (l.metadata().isEmpty() && l.parsed().isEmpty()) {
            return l.stream();
        }
        Labels.Builder b = l.stream().toBuilder();
        for (Labels more : List.of(l.metadata(), l.parsed())) {
            for (int i = 0; i < more.size(); i++) {
                b.put(more.name(i), more.value(i));
            }
        }
        return b.build();
    }

    static void series(JsonGenerator g, Series s) throws IOException {
        g.writeStartObject();
        labels(g, "metric", s.labels());
        g.writeArrayFieldStart("values");
        for (int i = 0; i < s.values().length; i++) {
            sample(g, s.timestampNanos()[i], s.values()[i]);
        }
        g.writeEndArray();
        g.writeEndObject();
    }

    static void labels(JsonGenerator g, String name, Labels labels) throws IOException {
        g.writeObjectFieldStart(name);
        for (int i = 0; i < labels.size(); i++) {
            g.writeStringField(labels.name(i), labels.value(i));
        }
        g.writeEndObject();
    }

    private static void sample(JsonGenerator g, long timestampNanos, double value) throws IOException {
        g.writeStartArray();
        g.writeNumber(seconds(timestampNanos));
        g.writeString(number(value));
        g.writeEndArray();
    }

    /** Seconds with milliseconds where there are some. */
    static String seconds(long nanos) {
        return BigDecimal.valueOf(Math.floorDiv(nanos, 1_000_000L), 3)
                .stripTrailingZeros()
                .toPlainString();
    }

    /** The shortest decimal that reads back as the value, never with an exponent. */
    static String number(double v) {
        if (Double.isNaN(v)) {
            return "NaN";
        }
        if (Double.isInfinite(v)) {
            return v > 0 ? "+Inf" : "-Inf";
        }
        if (v == Math.rint(v) && Math.abs(v) < 1e15) {
            return v == 0 && 1 / v < 0 ? "-0" : Long.toString((long) v);
        }
        return new BigDecimal(Double.toString(v)).stripTrailingZeros().toPlainString();
    }

    static void stats(JsonGenerator g, ScanStats s, long returned, Times times) throws IOException {
        long bytes = s.headBytes.sum() + s.storedBytes.sum();
        long lines = s.headLines.sum() + s.storedLines.sum();
        double seconds = times.runNanos / 1e9;
        g.writeObjectFieldStart("stats");
        g.writeObjectFieldStart("summary");
        g.writeNumberField("bytesProcessedPerSecond", seconds > 0 ? (long) (bytes / seconds) : 0);
        g.writeNumberField("linesProcessedPerSecond", seconds > 0 ? (long) (lines / seconds) : 0);
        g.writeNumberField("totalBytesProcessed", bytes);
        g.writeNumberField("totalLinesProcessed", lines);
        g.writeNumberField("execTime", seconds);
        g.writeNumberField("queueTime", times.queuedNanos / 1e9);
        g.writeNumberField("subqueries", 0);
        g.writeNumberField("totalEntriesReturned", returned);
        g.writeNumberField("splits", 0);
        g.writeNumberField("shards", 0);
        g.writeNumberField("totalPostFilterLines", s.matchedLines.sum());
        g.writeNumberField("totalStructuredMetadataBytesProcessed", s.metadataBytes.sum());
        g.writeEndObject();
        g.writeObjectFieldStart("querier");
        part(g, s, s.storedBytes.sum(), s.storedLines.sum(), true);
        g.writeEndObject();
        g.writeObjectFieldStart("ingester");
        g.writeNumberField("totalReached", s.ingesters.sum());
        g.writeNumberField("totalChunksMatched", s.headStreams.sum());
        g.writeNumberField("totalBatches", 0);
        g.writeNumberField("totalLinesSent", s.headLines.sum());
        part(g, s, s.headBytes.sum(), s.headLines.sum(), false);
        g.writeEndObject();
        g.writeEndObject();
    }

    private static void part(JsonGenerator g, ScanStats s, long bytes, long lines, boolean stored) throws IOException {
        g.writeObjectFieldStart("store");
        g.writeNumberField("totalChunksRef", stored ? s.chunks.sum() : 0);
        g.writeNumberField("totalChunksDownloaded", stored ? s.blocks.sum() : 0);
        g.writeNumberField("chunksDownloadTime", stored ? s.loadNanos.sum() : 0);
        g.writeObjectFieldStart("chunk");
        g.writeNumberField("headChunkBytes", stored ? 0 : bytes);
        g.writeNumberField("headChunkLines", stored ? 0 : lines);
        g.writeNumberField("decompressedBytes", stored ? bytes : 0);
        g.writeNumberField("decompressedLines", stored ? lines : 0);
        g.writeNumberField("compressedBytes", stored ? s.compressedBytes.sum() : 0);
        g.writeNumberField("totalDuplicates", s.duplicates.sum());
        g.writeEndObject();
        g.writeEndObject();
    }
}
