/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import io.skald.core.config.Limits;
import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.model.StoreException;
import io.skald.core.scan.Direction;
import io.skald.core.scan.LogSource;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.engine.QueryRequest;
import io.skald.logql.engine.QueryResult;
import io.skald.logql.engine.QueryResult.Line;
import io.skald.logql.parser.Parser;
import io.skald.logql.pipeline.ValueType;
import io.skald.querier.source.MultiTenantSource;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** {@code detected_labels}, {@code detected_fields} and their values: what a client may offer for filtering. Thread-safe. */
final class DetectedHandlers {
    private static final int DEFAULT_FIELDS = 1000;
    private static final int DEFAULT_LINES = 100;

    /** Labels that are shown whatever their values look like. */
    private static final Set<String> ALWAYS = Set.of("cluster", "namespace", "instance", "pod");

    private static final Pattern UUID =
            Pattern.compile("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}");

    private final QueryServices services;

    DetectedHandlers(QueryServices services) {
        this.services = services;
    }

    HttpResponse labels(HttpRequest http) throws StoreException {
        MetadataRequest request = MetadataRequest.of(http, services);
        String query = request.query();
        List<Matcher> matchers =
                query.isEmpty() || query.strip().equals("{}") ? List.of() : Parser.parseSelector(query);
        LogSource.Found<Labels> found = request.source()
                .series(matchers, request.range().startNanos(), request.range().endNanos());
        Map<String, Set<String>> values = new TreeMap<>();
        for (Labels l : found.items()) {
            for (int i = 0; i < l.size(); i++) {
                values.computeIfAbsent(l.name(i), n -> new TreeSet<>()).add(l.value(i));
            }
        }
        values.keySet().remove(MultiTenantSource.TENANT_LABEL);
        values.entrySet().removeIf(e -> !ALWAYS.contains(e.getKey()) && onlyIds(e.getValue()));
        return JsonAnswer.of(g -> {
            if (!values.isEmpty()) {
                g.writeArrayFieldStart("detectedLabels");
                for (Map.Entry<String, Set<String>> e : values.entrySet()) {
                    g.writeStartObject();
                    g.writeStringField("label", e.getKey());
                    g.writeNumberField("cardinality", e.getValue().size());
                    g.writeEndObject();
                }
                g.writeEndArray();
            }
            JsonAnswer.warnings(g, found.warnings());
        });
    }

    /** Whether values are numbers and UUIDs, which nobody picks from a list. */
    private static boolean onlyIds(Set<String> values) {
        return values.stream().allMatch(v -> switch (ValueType.of(v)) {
            case INT, FLOAT -> true;
            case BOOLEAN, DURATION, BYTES, STRING -> UUID.matcher(v).matches();
        });
    }

    /** A sample of lines, and how many fields or values are wanted of them. */
    private record Sample(List<Line> lines, int limit, List<String> warnings) {}

    private Sample sample(HttpRequest http) throws StoreException, InterruptedException {
        MetadataRequest request = MetadataRequest.of(http, services);
        String limitName = http.paramOr("limit", "").isEmpty() ? "field_limit" : "limit";
        int limit = positive(http, limitName, DEFAULT_FIELDS);
        int lines = positive(http, "line_limit", DEFAULT_LINES);
        for (Limits l : request.limits()) {
            // a sample: what a query may not return needs not be looked at either
            lines = l.maxEntriesLimitPerQuery() > 0 ? Math.min(lines, l.maxEntriesLimitPerQuery()) : lines;
        }
        // clients send the step of their graphs; nothing is counted by steps here, but a bad one is told
        LimitChecks.points(request.range(), TimeParams.step(http, request.range()));
        LogExpr query = Parser.parseLog(request.query());
        LimitChecks.expression(request.limits(), query);
        TimeParams.Range range = request.range();
        QueryRequest ask = new QueryRequest(
                query, range.startNanos(), range.endNanos(), TimeParams.SECOND, Direction.BACKWARD, lines);
        QueryResult result = services.run(
                        http,
                        request.tenants(),
                        request.limits(),
                        "fields",
                        (engine, strictest, cancelled) -> engine.run(ask, request.source(), strictest, cancelled))
                .answer();
        List<Line> found = result.data() instanceof QueryResult.Lines l ? l.lines() : List.of();
        return new Sample(found, limit, result.warnings());
    }

    private static int positive(HttpRequest http, String name, int fallback) {
        String text = http.paramOr(name, "");
        if (text.isEmpty()) {
            return fallback;
        }
        int n = QueryHandlers.integer(text);
        if (n <= 0) {
            throw LimitChecks.bad((name.equals("line_limit") ? "line_limit" : "limit") + " must be a positive value");
        }
        return n;
    }

    HttpResponse fields(HttpRequest http) throws StoreException, InterruptedException {
        Sample sample = sample(http);
        Map<String, DetectedFields.Field> fields = DetectedFields.of(sample.lines, sample.limit);
        return JsonAnswer.of(g -> {
            if (!fields.isEmpty()) {
                g.writeArrayFieldStart("fields");
                for (Map.Entry<String, DetectedFields.Field> e : fields.entrySet()) {
                    DetectedFields.Field f = e.getValue();
                    g.writeStartObject();
                    g.writeStringField("label", e.getKey());
                    g.writeStringField("type", f.type().label());
                    g.writeNumberField("cardinality", f.cardinality());
                    if (f.parsers().isEmpty()) {
                        g.writeNullField("parsers");
                    } else {
                        QueryJson.strings(g, "parsers", List.copyOf(f.parsers()));
                    }
                    if (!f.jsonPath().isEmpty()) {
                        QueryJson.strings(g, "jsonPath", f.jsonPath());
                    }
                    g.writeEndObject();
                }
                g.writeEndArray();
                g.writeNumberField("limit", sample.limit);
            }
            JsonAnswer.warnings(g, sample.warnings);
        });
    }

    HttpResponse values(HttpRequest http) throws StoreException, InterruptedException {
        Sample sample = sample(http);
        Collection<String> values = DetectedFields.values(sample.lines, http.pathParam("name"), sample.limit);
        return JsonAnswer.of(g -> {
            if (!values.isEmpty()) {
                QueryJson.strings(g, "values", List.copyOf(values));
                g.writeNumberField("limit", sample.limit);
            }
            JsonAnswer.warnings(g, sample.warnings);
        });
    }
}
