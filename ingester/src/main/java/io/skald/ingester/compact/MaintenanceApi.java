/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.compact;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.skald.core.config.Durations;
import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.http.Router;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.storage.compact.CompactionResult;
import io.skald.storage.index.DeleteRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * {@code /loki/api/v1/delete} (PUT and POST make a delete request, GET lists them, DELETE cancels one) and {@code POST
 * /skald/api/v1/compact}. Thread-safe.
 */
public final class MaintenanceApi {
    private static final JsonFactory JSON = new JsonFactory();
    private static final BigDecimal SECOND = BigDecimal.valueOf(1_000_000_000L);

    private final CompactionService compaction;
    private final DeleteRequests deletes;
    private final FlushAll ingesters;
    private final LongSupplier nowMillis;
    private final boolean multiTenant;

    /** Puts everything that is acknowledged into segments. */
    public interface FlushAll {
        /** @throws StoreException some of it is still only in a write-ahead log */
        void flush() throws StoreException;
    }

    /** @param ingesters all that may hold entries that are not in segments */
    public MaintenanceApi(
            CompactionService compaction,
            DeleteRequests deletes,
            FlushAll ingesters,
            LongSupplier nowMillis,
            boolean multiTenant) {
        this.compaction = compaction;
        this.deletes = deletes;
        this.ingesters = ingesters;
        this.nowMillis = nowMillis;
        this.multiTenant = multiTenant;
    }

    /** Adds the routes. */
    public void register(Router router) {
        router.route(List.of("PUT", "POST"), "/loki/api/v1/delete", this::create);
        router.get("/loki/api/v1/delete", this::list);
        router.route(List.of("DELETE"), "/loki/api/v1/delete", this::cancel);
        router.post("/skald/api/v1/compact", this::compact);
    }

    private static RequestException bad(String message) {
        return new RequestException(ErrorCode.BAD_REQUEST, message);
    }

    private HttpResponse create(HttpRequest request) throws StoreException {
        TenantId tenant = request.tenant(multiTenant);
        String query = request.paramOr("query", "");
        if (query.isEmpty()) {
            throw bad("query not set");
        }
        String start = request.param("start");
        if (start == null || start.isEmpty()) {
            throw bad("start time not set");
        }
        long now = nowMillis.getAsLong() * 1_000_000;
        long from = time("start", start);
        String end = request.param("end");
        long to = end == null || end.isEmpty() ? now : time("end", end);
        if (to > now) {
            throw bad("deletes in the future are not allowed");
        }
        if (from > to) {
            throw bad("start time can't be greater than end time");
        }
        String interval = request.param("max_interval");
        if (interval != null && !interval.isEmpty()) {
            checkInterval(interval);
        }
        String id = deletes.create(tenant, query, from, to);
        return new HttpResponse(204, Map.of("X-Skald-Request-Id", id), out -> {});
    }

    /** Requests are not split here, so any interval will do. */
    private static void checkInterval(String text) {
        try {
            if (Durations.parse(text).isZero()) {
                throw bad("max_interval must be greater than 0");
            }
        } catch (IllegalArgumentException e) {
            throw bad("invalid max_interval: " + e.getMessage());
        }
    }

    /** Seconds since the epoch (nanoseconds when there are more than ten digits), or RFC 3339. */
    private static long time(String name, String text) {
        try {
            if (text.matches("[0-9]{11,19}")) {
                return Long.parseLong(text);
            }
            if (text.matches("-?[0-9]{1,10}(\\.[0-9]{1,18})?")) {
                return new BigDecimal(text).multiply(SECOND).longValue();
            }
            Instant t = OffsetDateTime.parse(text).toInstant();
            return Math.addExact(Math.multiplyExact(t.getEpochSecond(), 1_000_000_000L), t.getNano());
        } catch (DateTimeException | ArithmeticException | NumberFormatException e) {
            throw new RequestException(
                    ErrorCode.BAD_REQUEST, "invalid " + name + " time: require unix seconds or RFC3339 format", e);
        }
    }

    private HttpResponse list(HttpRequest request) throws StoreException, IOException {
        List<DeleteRequests.Progress> all = deletes.list(request.tenant(multiTenant));
        return json(g -> {
            g.writeStartArray();
            for (DeleteRequests.Progress p : all) {
                DeleteRequest r = p.deletion().request();
                g.writeStartObject();
                g.writeStringField("request_id", r.id());
                g.writeNumberField("start_time", seconds(r.startNanos()));
                g.writeNumberField("end_time", seconds(r.endNanos()));
                g.writeStringField("query", r.query());
                g.writeStringField("status", p.done() ? "processed" : "received");
                g.writeNumberField("created_at", seconds(r.createdMillis() * 1_000_000));
                g.writeNumberField("deleted_lines", p.deletion().lines());
                g.writeNumberField("deleted_bytes", p.deletion().bytes());
                g.writeNumberField("segments_left", p.segmentsLeft());
                g.writeNumberField("segment_bytes_left", p.bytesLeft());
                g.writeNumberField("ingesters_left", p.unstored().size());
                g.writeEndObject();
            }
            g.writeEndArray();
        });
    }

    private static BigDecimal seconds(long nanos) {
        BigDecimal s = BigDecimal.valueOf(nanos).divide(SECOND).stripTrailingZeros();
        return s.scale() < 0 ? s.setScale(0) : s;
    }

    private HttpResponse cancel(HttpRequest request) throws StoreException {
        String id = request.param("request_id");
        if (id == null || id.isEmpty()) {
            throw bad("request_id not set");
        }
        String force = request.paramOr("force", "false");
        if (!force.equals("true") && !force.equals("false")) {
            throw bad("invalid force: '" + force + "' is not true or false");
        }
        deletes.cancel(request.tenant(multiTenant), id, force.equals("true"));
        return HttpResponse.noContent();
    }

    private HttpResponse compact(HttpRequest request) throws StoreException, InterruptedException, IOException {
        long start = System.nanoTime();
        TenantId tenant = request.tenant(multiTenant);
        if (deletes.list(tenant).stream().anyMatch(p -> !p.unstored().isEmpty())) {
            // what is deleted must be gone from write-ahead logs, too
            ingesters.flush();
        }
        CompactionResult r = compaction.compact(tenant, true);
        double took = (System.nanoTime() - start) / 1e9;
        return json(g -> {
            g.writeStartObject();
            g.writeNumberField("segmentsIn", r.inputs());
            g.writeNumberField("segmentsOut", r.outputs());
            g.writeNumberField("bytesIn", r.bytesIn());
            g.writeNumberField("bytesOut", r.bytesOut());
            g.writeNumberField("entries", r.entries());
            g.writeNumberField("lineBytes", r.lineBytes());
            g.writeNumberField("duplicates", r.duplicates());
            g.writeNumberField("deletedLines", r.deleted());
            g.writeNumberField("seconds", Math.round(took * 1e3) / 1e3);
            g.writeEndObject();
        });
    }

    private interface Writing {
        void to(JsonGenerator g) throws IOException;
    }

    private static HttpResponse json(Writing w) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator g = JSON.createGenerator(out)) {
            w.to(g);
        }
        out.write('\n');
        return HttpResponse.of(200, HttpResponse.JSON, out.toByteArray());
    }
}
