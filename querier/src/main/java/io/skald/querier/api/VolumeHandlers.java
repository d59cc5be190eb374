/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import com.fasterxml.jackson.core.JsonGenerator;
import io.skald.core.config.Limits;
import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.scan.LogSource;
import io.skald.logql.parser.Parser;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** {@code index/volume} and {@code index/volume_range}: bytes of lines, added up by labels. Thread-safe. */
final class VolumeHandlers {
    private static final int DEFAULT_LIMIT = 100;
    private static final long MILLI = 1_000_000;

    private record Asked(MetadataRequest request, Volumes volumes, int limit) {}

    /** What a label set holds at one moment. */
    private record Point(long nanos, long bytes) {}

    private final QueryServices services;

    VolumeHandlers(QueryServices services) {
        this.services = services;
    }

    private Asked asked(HttpRequest http) {
        Tenants tenants = Tenants.of(http, services.multiTenant());
        for (Limits l : tenants.limits(services.limits())) {
            if (!l.volumeEnabled()) {
                throw new RequestException(
                        ErrorCode.NOT_FOUND, "not found: volumes are turned off for this tenant (volume_enabled)");
            }
        }
        String query = http.paramOr("query", "");
        List<Matcher> matchers = query.strip().equals("{}") ? List.of() : Parser.parseSelector(query);
        boolean byLabel = switch (http.paramOr("aggregateBy", "series")) {
            case "series" -> false;
            case "labels" -> true;
            default -> throw LimitChecks.bad("invalid aggregation option");
        };
        List<String> targets = new ArrayList<>();
        for (String t : http.paramOr("targetLabels", "").split(",", -1)) {
            if (!t.isBlank()) {
                targets.add(t.strip());
            }
        }
        int limit = limit(http);
        MetadataRequest request = MetadataRequest.of(http, services);
        for (Limits l : request.limits()) {
            limit = Math.min(limit, l.volumeMaxSeries());
        }
        return new Asked(request, Volumes.of(matchers, targets, byLabel), limit);
    }

    private static int limit(HttpRequest http) {
        String text = http.paramOr("limit", "");
        int limit = text.isEmpty() ? 0 : QueryHandlers.integer(text);
        if (limit < 0) {
            throw LimitChecks.bad("limit must be a positive value");
        }
        return limit == 0 ? DEFAULT_LIMIT : limit;
    }

    HttpResponse instant(HttpRequest http) throws StoreException {
        Asked a = asked(http);
        TimeParams.Range range = a.request.range();
        LogSource.Found<LogSource.StreamStats> found =
                a.request.source().streamStats(a.volumes.matchers(), range.startNanos(), range.endNanos());
        List<Volumes.Volume> volumes = a.volumes.of(found.items(), a.limit);
        return answer("vector", found.warnings(), g -> {
            for (Volumes.Volume v : volumes) {
                g.writeStartObject();
                QueryJson.labels(g, "metric", v.labels());
                g.writeFieldName("value");
                point(g, new Point(range.endNanos(), v.bytes()));
                g.writeEndObject();
            }
        });
    }

    HttpResponse range(HttpRequest http) throws StoreException {
        Asked a = asked(http);
        TimeParams.Range range = a.request.range();
        long step = TimeParams.step(http, range);
        LimitChecks.points(range, step);
        Map<Labels, List<Point>> series = new LinkedHashMap<>();
        Set<String> warnings = new LinkedHashSet<>();
        long from = range.startNanos();
        while (from < range.endNanos()) {
            if (http.disconnected().getAsBoolean()) {
                throw new RequestException(ErrorCode.CLIENT_CLOSED, "the client has hung up");
            }
            // steps end on their multiples, shown by their last millisecond; the last one ends with the range
            long next = Math.min((Math.floorDiv(from, step) + 1) * step, range.endNanos());
            long shown = next == range.endNanos() ? next : next - MILLI;
            LogSource.Found<LogSource.StreamStats> found =
                    a.request.source().streamStats(a.volumes.matchers(), from, next);
            for (Volumes.Volume v : a.volumes.of(found.items(), a.limit)) {
                series.computeIfAbsent(v.labels(), l -> new ArrayList<>()).add(new Point(shown, v.bytes()));
            }
            warnings.addAll(found.warnings());
            from = next;
        }
        return answer(series.isEmpty() ? "vector" : "matrix", List.copyOf(warnings), g -> {
            for (Map.Entry<Labels, List<Point>> s : series.entrySet()) {
                g.writeStartObject();
                QueryJson.labels(g, "metric", s.getKey());
                g.writeArrayFieldStart("values");
                for (Point p : s.getValue()) {
                    point(g, p);
                }
                g.writeEndArray();
                g.writeEndObject();
            }
        });
    }

    private static void point(JsonGenerator g, Point p) throws IOException {
        g.writeStartArray();
        g.writeNumber(QueryJson.seconds(p.nanos));
        g.writeString(Long.toString(p.bytes));
        g.writeEndArray();
    }

    private static HttpResponse answer(String type, List<String> warnings, JsonAnswer.Members result) {
        return JsonAnswer.success(warnings, g -> {
            g.writeObjectFieldStart("data");
            g.writeStringField("resultType", type);
            g.writeArrayFieldStart("result");
            result.write(g);
            g.writeEndArray();
            g.writeEndObject();
        });
    }
}
