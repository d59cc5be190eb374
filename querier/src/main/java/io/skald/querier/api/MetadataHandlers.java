/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import com.fasterxml.jackson.core.JsonGenerator;
import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.model.StoreException;
import io.skald.core.scan.LogSource;
import io.skald.logql.parser.ByteText;
import io.skald.logql.parser.Parser;
import io.skald.logql.parser.Printer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** What there is rather than what was logged: labels, values, series, sizes. Thread-safe. */
final class MetadataHandlers {
    /** Bytes of a shard unless the request says, as Loki has it. */
    private static final long DEFAULT_SHARD_BYTES = 600L << 20;

    private final QueryServices services;

    MetadataHandlers(QueryServices services) {
        this.services = services;
    }

    private static List<Matcher> selector(MetadataRequest request) {
        String query = request.query();
        return query.isEmpty() ? List.of() : Parser.parseSelector(query);
    }

    HttpResponse labels(HttpRequest request) throws StoreException {
        MetadataRequest a = MetadataRequest.of(request, services);
        TreeSet<String> names = new TreeSet<>();
        LogSource.Found<Labels> found = series(a, selector(a));
        for (Labels l : found.items()) {
            names.addAll(l.names());
        }
        return names(names, found.warnings());
    }

    HttpResponse labelValues(HttpRequest request) throws StoreException {
        MetadataRequest a = MetadataRequest.of(request, services);
        String name = request.pathParam("name");
        TreeSet<String> values = new TreeSet<>();
        LogSource.Found<Labels> found = series(a, selector(a));
        for (Labels l : found.items()) {
            String v = l.get(name);
            if (v != null) {
                values.add(v);
            }
        }
        return names(values, found.warnings());
    }

    private static LogSource.Found<Labels> series(MetadataRequest a, List<Matcher> matchers) throws StoreException {
        return a.source().series(matchers, a.range().startNanos(), a.range().endNanos());
    }

    private static HttpResponse names(Collection<String> names, List<String> warnings) {
        return JsonAnswer.success(warnings, g -> {
            if (!names.isEmpty()) {
                QueryJson.strings(g, "data", List.copyOf(names));
            }
        });
    }

    HttpResponse seriesList(HttpRequest request) throws StoreException {
        MetadataRequest a = MetadataRequest.of(request, services);
        List<String> selectors = new ArrayList<>(request.paramValues("match[]"));
        selectors.addAll(request.paramValues("match"));
        List<List<Matcher>> parsed = new ArrayList<>();
        for (String s : selectors) {
            parsed.add(s.equals("{}") ? List.of() : Parser.parseSelector(s));
        }
        if (parsed.isEmpty()) {
            parsed.add(List.of());
        }
        TreeSet<Labels> all = new TreeSet<>();
        Set<String> warnings = new LinkedHashSet<>();
        for (List<Matcher> m : parsed) {
            LogSource.Found<Labels> found = series(a, m);
            all.addAll(found.items());
            warnings.addAll(found.warnings());
        }
        return JsonAnswer.success(List.copyOf(warnings), g -> {
            g.writeArrayFieldStart("data");
            for (Labels l : all) {
                g.writeStartObject();
                for (int i = 0; i < l.size(); i++) {
                    g.writeStringField(l.name(i), l.value(i));
                }
                g.writeEndObject();
            }
            g.writeEndArray();
        });
    }

    /** Sums over streams. */
    private record Totals(long streams, long chunks, long bytes, long entries, List<String> warnings) {
        static Totals of(List<LogSource.StreamStats> streams, List<String> warnings) {
            long chunks = 0;
            long bytes = 0;
            long entries = 0;
            for (LogSource.StreamStats s : streams) {
                chunks += s.chunks();
                bytes += s.bytes();
                entries += s.entries();
            }
            return new Totals(streams.size(), chunks, bytes, entries, warnings);
        }

        void write(JsonGenerator g) throws IOException {
            g.writeNumberField("streams", streams);
            g.writeNumberField("chunks", chunks);
            g.writeNumberField("bytes", bytes);
            g.writeNumberField("entries", entries);
        }
    }

    private Totals totals(MetadataRequest a) throws StoreException {
        List<Matcher> matchers = Parser.parseSelector(a.query());
        LogSource.Found<LogSource.StreamStats> found = a.source()
                .streamStats(matchers, a.range().startNanos(), a.range().endNanos());
        return Totals.of(found.items(), found.warnings());
    }

    HttpResponse indexStats(HttpRequest request) throws StoreException {
        Totals totals = totals(MetadataRequest.of(request, services));
        return JsonAnswer.of(g -> {
            totals.write(g);
            JsonAnswer.warnings(g, totals.warnings);
        });
    }

    /**
     * As many shards as the bytes need, a power of two, each a range of fingerprints of streams with what is in it. A client need not split a
     * query by them: it spreads over the cores by itself.
     */
    HttpResponse indexShards(HttpRequest request) throws StoreException {
        MetadataRequest a = MetadataRequest.of(request, services);
        String target = request.paramOr("targetBytesPerShard", "");
        if (!target.isEmpty() && ByteText.parse(target).isEmpty()) {
            throw LimitChecks.bad("could not parse 'targetBytesPerShard' parameter: \"" + target + "\" is not a size");
        }
        LogSource.Found<LogSource.StreamStats> found = a.source()
                .streamStats(
                        Parser.parseSelector(a.query()),
                        a.range().startNanos(),
                        a.range().endNanos());
        long size =
                target.isEmpty() ? DEFAULT_SHARD_BYTES : ByteText.parse(target).getAsLong();
        List<Shards.Shard> shards = Shards.of(found.items(), size);
        return JsonAnswer.of(g -> {
            g.writeArrayFieldStart("shards");
            for (Shards.Shard s : shards) {
                g.writeStartObject();
                g.writeObjectFieldStart("bounds");
                g.writeFieldName("min");
                g.writeNumber(Long.toUnsignedString(s.min()));
                g.writeFieldName("max");
                g.writeNumber(Long.toUnsignedString(s.max()));
                g.writeEndObject();
                g.writeObjectFieldStart("stats");
                Totals.of(s.streams(), List.of()).write(g);
                g.writeEndObject();
                g.writeEndObject();
            }
            g.writeEndArray();
            JsonAnswer.warnings(g, found.warnings());
        });
    }

    HttpResponse formatQuery(HttpRequest request) {
        String text = Printer.pretty(QueryText.parse(request, List.of()));
        return JsonAnswer.success(List.of(), g -> g.writeStringField("data", text));
    }
}
