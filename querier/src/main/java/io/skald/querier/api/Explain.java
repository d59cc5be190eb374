/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import com.fasterxml.jackson.core.JsonGenerator;
import io.skald.core.config.Limits;
import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.model.Quote;
import io.skald.core.model.StoreException;
import io.skald.core.scan.LogSource;
import io.skald.core.scan.Requirement;
import io.skald.core.scan.ScanPlan;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import io.skald.logql.engine.QueryProfile;
import io.skald.logql.engine.QueryRequest;
import io.skald.logql.engine.QueryResult;
import io.skald.logql.parser.Printer;
import io.skald.logql.pipeline.StageProfile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a query would read ({@code explain=plan}), or what it read and how long each part took ({@code explain=analyze}), instead of its
 * answer.
 */
final class Explain {
    private record Part(ScanRequest request, ScanPlan plan) {}

    private Explain() {}

    static HttpResponse answer(
            QueryServices services,
            HttpRequest request,
            Tenants tenants,
            LogSource source,
            List<Limits> limits,
            QueryRequest query,
            String kind)
            throws StoreException, InterruptedException {
        String how = request.paramOr("explain", "");
        if (!how.equals("plan") && !how.equals("analyze")) {
            throw LimitChecks.bad("explain must be plan or analyze, not '" + how + "'");
        }
        long begin = System.nanoTime();
        List<Part> parts = new ArrayList<>();
        for (ScanRequest r : services.scheduler().engine(tenants.key()).scanRequests(query, source)) {
            parts.add(new Part(r, source.plan(r)));
        }
        long planNanos = System.nanoTime() - begin;
        if (how.equals("plan")) {
            return JsonAnswer.success(List.of(), g -> {
                g.writeObjectFieldStart("data");
                plan(g, query, parts);
                g.writeEndObject();
            });
        }
        QueryProfile profile = QueryProfile.ofStages();
        long run = System.nanoTime();
        QueryResult result = services.run(
                        request,
                        tenants,
                        limits,
                        kind,
                        (engine, strictest, cancelled) -> engine.run(query, source, strictest, cancelled, profile))
                .answer();
        long runNanos = System.nanoTime() - run;
        return JsonAnswer.success(result.warnings(), g -> {
            g.writeObjectFieldStart("data");
            plan(g, query, parts);
            g.writeObjectFieldStart("analyze");
            read(g, result);
            g.writeObjectFieldStart("seconds");
            seconds(g, "plan", planNanos);
            seconds(g, "open", profile.openNanos());
            seconds(g, "read", profile.readNanos());
            seconds(g, "combine", Math.max(0, runNanos - profile.openNanos() - profile.readNanos()));
            seconds(g, "total", runNanos);
            g.writeEndObject();
            stages(g, profile.stages());
            g.writeEndObject();
            g.writeEndObject();
        });
    }

    private static void plan(JsonGenerator g, QueryRequest query, List<Part> parts) throws IOException {
        g.writeStringField("query", Printer.print(query.expr()));
        g.writeArrayFieldStart("reads");
        for (Part p : parts) {
            ScanRequest r = p.request;
            g.writeStartObject();
            g.writeStringField("selector", Printer.print(r.matchers()));
            g.writeStringField("start", Long.toString(r.startNanos()));
            g.writeStringField("end", Long.toString(r.endNanos()));
            List<String> columns = new ArrayList<>(List.of("time"));
            if (r.columns().lines()) {
                columns.add("line");
            } else if (r.columns().lineLengths()) {
                columns.add("length");
            }
            if (r.columns().metadata()) {
                columns.add("metadata");
            }
            QueryJson.strings(g, "columns", columns);
            QueryJson.strings(
                    g,
                    "requirements",
                    r.requirements().stream().map(Explain::text).toList());
            counts(g, p.plan);
            g.writeEndObject();
        }
        g.writeEndArray();
    }

    /** What entries must have: quoted text, {@code ~"text"} in either case, or {@code name="value"}; several alternatives with {@code or}. */
    private static String text(Requirement r) {
        return r.anyOf().stream()
                .map(t -> switch (t) {
                    case Requirement.Text x ->
                        (x.ignoreCase() ? "~" : "") + Quote.quote(new String(x.bytes(), StandardCharsets.UTF_8));
                    case Requirement.Metadata m -> m.name() + "=" + Quote.quote(m.value());
                })
                .collect(Collectors.joining(" or "));
    }

    private static void counts(JsonGenerator g, ScanPlan p) throws IOException {
        g.writeObjectFieldStart("segments");
        g.writeNumberField("considered", p.segments());
        g.writeNumberField("prunedByTime", p.segmentsByTime());
        g.writeEndObject();
        g.writeObjectFieldStart("chunks");
        g.writeNumberField("considered", p.chunks());
        g.writeNumberField("prunedByTime", p.chunksByTime());
        g.writeNumberField("prunedByLabels", p.chunksByLabels());
        g.writeEndObject();
        g.writeObjectFieldStart("blocks");
        g.writeNumberField("considered", p.blocks());
        g.writeNumberField("prunedByTime", p.blocksByTime());
        g.writeEndObject();
        g.writeNumberField("storedBytes", p.storedBytes());
        g.writeObjectFieldStart("recent");
        g.writeNumberField("streams", p.recentStreams());
        g.writeNumberField("bytes", p.recentBytes());
        g.writeEndObject();
    }

    private static void read(JsonGenerator g, QueryResult result) throws IOException {
        ScanStats s = result.stats();
        long returned = switch (result.data()) {
            case QueryResult.Lines l -> l.lines().size();
            case QueryResult.Matrix m -> m.series().size();
            case QueryResult.VectorData v -> v.samples().size();
            case QueryResult.Scalar c -> 1;
        };
        g.writeNumberField("returned", returned);
        g.writeObjectFieldStart("blocks");
        g.writeNumberField("read", s.blocks.sum());
        g.writeNumberField("prunedByFilter", s.prunedBlocks.sum());
        g.writeEndObject();
        g.writeObjectFieldStart("stored");
        g.writeNumberField("lines", s.storedLines.sum());
        g.writeNumberField("bytes", s.storedBytes.sum());
        g.writeNumberField("compressedBytes", s.compressedBytes.sum());
        g.writeEndObject();
        g.writeObjectFieldStart("recent");
        g.writeNumberField("lines", s.headLines.sum());
        g.writeNumberField("bytes", s.headBytes.sum());
        g.writeEndObject();
        g.writeNumberField("duplicates", s.duplicates.sum());
    }

    private static void stages(JsonGenerator g, @Nullable StageProfile profile) throws IOException {
        g.writeArrayFieldStart("stages");
        for (StageProfile.Row row : profile == null ? List.<StageProfile.Row>of() : profile.rows()) {
            g.writeStartObject();
            g.writeStringField("stage", row.stage());
            g.writeNumberField("linesIn", row.linesIn());
            g.writeNumberField("linesOut", row.linesOut());
            seconds(g, "seconds", row.nanos());
            g.writeEndObject();
        }
        g.writeEndArray();
    }

    private static void seconds(JsonGenerator g, String name, long nanos) throws IOException {
        g.writeNumberField(name, nanos / 1e9);
    }
}
