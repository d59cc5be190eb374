/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import com.fasterxml.jackson.core.JsonGenerator;
import io.skald.core.config.Limits;
import io.skald.core.config.TenantLimits;
import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.model.StoreException;
import io.skald.core.scan.LogSource;
import io.skald.logql.parser.Parser;
import io.skald.logql.parser.Printer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.LongSupplier;

/** What there is rather than what was logged: labels, values, series, sizes. Thread-safe. */
final class MetadataHandlers {
    /** Writes one JSON value. */
    private interface Value {
        void write(JsonGenerator g) throws IOException;
    }

    private record Asked(LogSource source, TimeParams.Range range) {}

    private final Sources sources;
    private final TenantLimits tenantLimits;
    private final boolean multiTenant;
    private final LongSupplier clockNanos;

    MetadataHandlers(Sources sources, TenantLimits tenantLimits, boolean multiTenant, LongSupplier clockNanos) {
        this.sources = sources;
        this.tenantLimits = tenantLimits;
        this.multiTenant = multiTenant;
        this.clockNanos = clockNanos;
    }

    private Asked asked(HttpRequest request) {
        Tenants tenants = Tenants.of(request, multiTenant);
        long now = clockNanos.getAsLong();
        TimeParams.Range range = TimeParams.range(request, now);
        List<Limits> limits = tenants.limits(tenantLimits);
        return new Asked(tenants.source(sources), LimitChecks.range(limits, range, 0, now));
    }

    private static List<Matcher> selector(HttpRequest request) {
        String query = request.paramOr("query", "");
        return query.isEmpty() ? List.of() : Parser.parseSelector(query);
    }

    HttpResponse labels(HttpRequest request) throws StoreException {
        Asked a = asked(request);
        TreeSet<String> names = new TreeSet<>();
        for (Labels l : series(a, selector(request))) {
            names.addAll(l.names());
        }
        return names(names);
    }

    HttpResponse labelValues(HttpRequest request) throws StoreException {
        Asked a = asked(request);
        String name = request.pathParam("name");
        TreeSet<String> values = new TreeSet<>();
        for (Labels l : series(a, selector(request))) {
            String v = l.get(name);
            if (v != null) {
                values.add(v);
            }
        }
        return names(values);
    }

    private static List<Labels> series(Asked a, List<Matcher> matchers) throws StoreException {
        return a.source.series(matchers, a.range.startNanos(), a.range.endNanos());
    }

    private static HttpResponse names(Collection<String> names) {
        return json(g -> {
            g.writeStartObject();
            g.writeStringField("status", "success");
            if (!names.isEmpty()) {
                QueryJson.strings(g, "data", List.copyOf(names));
            }
            g.writeEndObject();
        });
    }

    HttpResponse seriesList(HttpRequest request) throws StoreException {
        Asked a = asked(request);
        List<String> selectors = new ArrayList<>(request.paramValues("match[]"));
        selectors.addAll(request.paramValues("match"));
        TreeSet<Labels> found = new TreeSet<>();
        if (selectors.isEmpty()) {
            found.addAll(series(a, List.of()));
        }
        List<List<Matcher>> parsed = new ArrayList<>();
        for (String s : selectors) {
            parsed.add(s.equals("{}") ? List.of() : Parser.parseSelector(s));
        }
        for (List<Matcher> m : parsed) {
            found.addAll(series(a, m));
        }
        return json(g -> {
            g.writeStartObject();
            g.writeStringField("status", "success");
            g.writeArrayFieldStart("data");
            for (Labels l : found) {
                g.writeStartObject();
                for (int i = 0; i < l.size(); i++) {
                    g.writeStringField(l.name(i), l.value(i));
                }
                g.writeEndObject();
            }
            g.writeEndArray();
            g.writeEndObject();
        });
    }

    HttpResponse indexStats(HttpRequest request) throws StoreException {
        Asked a = asked(request);
        List<Matcher> matchers = Parser.parseSelector(request.paramOr("query", ""));
        long streams = 0;
        long chunks = 0;
        long bytes = 0;
        long entries = 0;
        for (LogSource.StreamStats s : a.source.streamStats(matchers, a.range.startNanos(), a.range.endNanos())) {
            streams++;
            chunks += s.chunks();
            bytes += s.bytes();
            entries += s.entries();
        }
        long[] sums = {streams, chunks, bytes, entries};
        return json(g -> {
            g.writeStartObject();
            g.writeNumberField("streams", sums[0]);
            g.writeNumberField("chunks", sums[1]);
            g.writeNumberField("bytes", sums[2]);
            g.writeNumberField("entries", sums[3]);
            g.writeEndObject();
        });
    }

    HttpResponse formatQuery(HttpRequest request) {
        String text = Printer.pretty(Parser.parse(request.paramOr("query", "")));
        return json(g -> {
            g.writeStartObject();
            g.writeStringField("status", "success");
            g.writeStringField("data", text);
            g.writeEndObject();
        });
    }

    private static HttpResponse json(Value value) {
        return new HttpResponse(200, Map.of("Content-Type", HttpResponse.JSON), out -> {
            try (JsonGenerator g =
                    QueryJson.JSON.createGenerator(out).disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET)) {
                value.write(g);
            }
        });
    }
}
