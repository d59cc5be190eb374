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
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** {@code index/volume} and {@code index/volume_range}: bytes of lines, added up by labels. Thread-safe. */
final class VolumeHandlers {
    private static final int DEFAULT_LIMIT = 100;
    private static final long MILLI = 1_000_000;

    /** Steps that are counted in one pass, and what is held of them: streams times steps. */
    private static final int MOST_STEPS_AT_ONCE = 512;

    private static final int STATS_AT_ONCE = 200_000;

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
        int atOnce = 1;
        while (from < range.endNanos()) {
            if (http.disconnected().getAsBoolean()) {
                throw new RequestException(ErrorCode.CLIENT_CLOSED, "the client has hung up");
            }
            long[] bounds = bounds(from, range.endNanos(), step, atOnce);
            LogSource.Found<List<LogSource.StreamStats>> found =
                    a.request.source().streamStats(a.volumes.matchers(), bounds);
            int most = 1;
            for (int i = 0; i < found.items().size(); i++) {
                // steps are shown by their last millisecond; the last one ends with the range
                long shown = bounds[i + 1] == range.endNanos() ? bounds[i + 1] : bounds[i + 1] - MILLI;
                List<LogSource.StreamStats> streams = found.items().get(i);
                most = Math.max(most, streams.size());
                for (Volumes.Volume v : a.volumes.of(streams, a.limit)) {
                    series.computeIfAbsent(v.labels(), l -> new ArrayList<>()).add(new Point(shown, v.bytes()));
                }
            }
            warnings.addAll(found.warnings());
            from = bounds[bounds.length - 1];
            atOnce = Math.clamp(STATS_AT_ONCE / most, 1, Math.min(MOST_STEPS_AT_ONCE, 8 * atOnce));
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

    /** Where steps begin and end: on multiples of their length, and with the range. */
    private static long[] bounds(long from, long end, long step, int most) {
        long[] bounds = new long[most + 1];
        bounds[0] = from;
        int n = 0;
        while (n < most && bounds[n] < end) {
            bounds[n + 1] = Math.min((Math.floorDiv(bounds[n], step) + 1) * step, end);
            n++;
        }
        return Arrays.copyOf(bounds, n + 1);
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
