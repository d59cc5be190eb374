/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.store;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.http.Router;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.storage.StoreMetrics;
import io.skald.storage.StoreMetrics.Usage;
import io.skald.storage.index.CommitLog;
import io.skald.storage.segment.SegmentRef;
import java.io.IOException;
import java.io.StringWriter;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * {@code GET /skald/api/v1/cost}: what the calls of this process have cost since it started, and what storing costs a month, by AWS' list
 * prices. Thread-safe.
 */
public final class CostApi {
    private static final JsonFactory JSON = new JsonFactory();
    /** AWS' list prices, us-east-1, US dollars; standard storage class, table on demand. */
    private static final double PUT = 0.005 / 1000;

    private static final double GET = 0.0004 / 1000;
    private static final double READ_UNIT = 0.125 / 1e6;
    private static final double WRITE_UNIT = 0.625 / 1e6;
    private static final double STORED_GIB_MONTH = 0.023;

    private final StoreMetrics metrics;
    private final CommitLog log;
    private final Instant since = Instant.now();

    public CostApi(StoreMetrics metrics, CommitLog log) {
        this.metrics = metrics;
        this.log = log;
    }

    public void register(Router router) {
        router.get("/skald/api/v1/cost", this::answer);
    }

    /** Sums of what is counted together. */
    private static final class Sum {
        long requests;
        long sentBytes;
        long receivedBytes;
        double readUnits;
        double writeUnits;
        long storedBytes;
        double requestDollars;

        void add(Usage u) {
            requests += u.requests();
            sentBytes += u.sentBytes();
            receivedBytes += u.receivedBytes();
            readUnits += u.readUnits();
            writeUnits += u.writeUnits();
            requestDollars += price(u);
        }

        void write(JsonGenerator g) throws IOException {
            g.writeNumberField("requests", requests);
            g.writeNumberField("sentBytes", sentBytes);
            g.writeNumberField("receivedBytes", receivedBytes);
            g.writeNumberField("readUnits", readUnits);
            g.writeNumberField("writeUnits", writeUnits);
            g.writeNumberField("requestDollars", requestDollars);
            g.writeNumberField("storedBytes", storedBytes);
            g.writeNumberField("storageDollarsPerMonth", storedBytes / (double) (1 << 30) * STORED_GIB_MONTH);
        }
    }

    /** What a row of calls costs. Deleting and giving up uploads are free. */
    static double price(Usage u) {
        if (u.store().equals("dynamodb")) {
            return u.readUnits() * READ_UNIT + u.writeUnits() * WRITE_UNIT;
        }
        return switch (u.operation()) {
            case "PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "ListObjectsV2" ->
                u.requests() * PUT;
            case "DeleteObject", "AbortMultipartUpload" -> 0;
            default -> u.requests() * GET;
        };
    }

    private HttpResponse answer(HttpRequest request) throws StoreException, IOException {
        String by = request.paramOr("by", "store");
        Function<Usage, String> key = switch (by) {
            case "store" -> Usage::store;
            case "operation" -> u -> u.store() + "." + u.operation();
            case "tenant" -> Usage::tenant;
            default ->
                throw new RequestException(
                        ErrorCode.BAD_REQUEST, "by must be store, operation or tenant, not '" + by + "'");
        };
        Map<String, Sum> sums = new TreeMap<>();
        Sum total = new Sum();
        for (Usage u : metrics.usage()) {
            sums.computeIfAbsent(key.apply(u), k -> new Sum()).add(u);
            total.add(u);
        }
        for (TenantId tenant : log.tenants()) {
            long stored = log.read(tenant).segments().stream()
                    .mapToLong(SegmentRef::sizeBytes)
                    .sum();
            total.storedBytes += stored;
            if (by.equals("tenant")) {
                sums.computeIfAbsent(tenant.value(), k -> new Sum()).storedBytes += stored;
            }
        }
        return HttpResponse.json(json(by, sums, total));
    }

    private String json(String by, Map<String, Sum> sums, Sum total) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator g = JSON.createGenerator(text)) {
            g.writeStartObject();
            g.writeStringField("since", since.toString());
            g.writeStringField("prices", "AWS list prices, us-east-1, US dollars");
            g.writeStringField("by", by);
            g.writeArrayFieldStart("costs");
            for (Map.Entry<String, Sum> e : sums.entrySet()) {
                g.writeStartObject();
                g.writeStringField(by, e.getKey());
                e.getValue().write(g);
                g.writeEndObject();
            }
            g.writeEndArray();
            g.writeObjectFieldStart("total");
            total.write(g);
            g.writeEndObject();
            g.writeEndObject();
        }
        return text.toString();
    }
}
