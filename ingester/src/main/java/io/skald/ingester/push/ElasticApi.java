/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import com.fasterxml.jackson.core.JsonGenerator;
import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.http.Router;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.wire.PushSink.PushResult;
import io.skald.core.wire.PushSink.Rejection;
import io.skald.core.wire.PushedJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * As much of Elasticsearch as log shippers need: {@code _bulk}, and what they ask before it, each also below {@code /elasticsearch}.
 * Templates, pipelines and policies are acknowledged and have no effect, as there is nothing to prepare. Thread-safe.
 */
final class ElasticApi {
    private static final List<String> PREFIXES = List.of("", "/elasticsearch");
    private static final List<String> ASK = List.of("GET", "HEAD");
    private static final List<String> ASK_AND_PUT = List.of("GET", "HEAD", "PUT", "POST");
    /** What shippers check: newer ones refuse older servers. */
    private static final String VERSION = "8.19.0";

    private static final String ROOT = """
            {"name":"skald","cluster_name":"skald","cluster_uuid":"skald","version":{"number":"%s","build_flavor":"default",\
            "build_type":"tar","build_hash":"unknown","build_date":"2026-01-01T00:00:00Z","build_snapshot":false,"lucene_version":"9.12.0",\
            "minimum_wire_compatibility_version":"7.17.0","minimum_index_compatibility_version":"7.0.0"},"tagline":"You Know, for Search"}
            """.formatted(VERSION);

    private static final String LICENSE = """
            {"license":{"status":"active","uid":"skald","type":"basic","issue_date_in_millis":0,"max_nodes":1000,\
            "issued_to":"skald","issuer":"skald","start_date_in_millis":0,"expiry_date_in_millis":4102444800000}}
            """;

    private static final String HEALTH = """
            {"cluster_name":"skald","status":"green","timed_out":false,"number_of_nodes":1,"number_of_data_nodes":1,\
            "active_primary_shards":1,"active_shards":1,"relocating_shards":0,"initializing_shards":0,"unassigned_shards":0}
            """;

    private static final String XPACK = """
            {"build":{"hash":"unknown","date":"2026-01-01T00:00:00Z"},"features":{"ilm":{"available":false,"enabled":false},\
            "security":{"available":false,"enabled":false}}}
            """;

    private static final String NODES = """
            {"_nodes":{"total":1,"successful":1,"failed":0},"cluster_name":"skald","nodes":{}}
            """;

    /** What may be asked for and set up, by any name. */
    private static final List<String> PREPARED = List.of(
            "/_ilm/policy/{name}",
            "/_index_template/{name}",
            "/_component_template/{name}",
            "/_template/{name}",
            "/_ingest/pipeline/{name}",
            "/_data_stream/{name}",
            "/_alias/{name}");

    private final Intake intake;
    private final Clock clock;

    ElasticApi(Intake intake, Clock clock) {
        this.intake = intake;
        this.clock = clock;
    }

    void register(Router router) {
        router.route(ASK, "/", r -> json(200, ROOT));
        router.route(ASK, "/elasticsearch", r -> json(200, ROOT));
        router.route(ASK, "/elasticsearch/", r -> json(200, ROOT));
        for (String p : PREFIXES) {
            router.route(List.of("POST", "PUT"), p + "/_bulk", r -> bulk(r, ""));
            router.route(List.of("POST", "PUT"), p + "/{index}/_bulk", r -> bulk(r, r.pathParam("index")));
            router.route(ASK, p + "/_license", r -> json(200, LICENSE));
            router.route(ASK, p + "/_xpack", r -> json(200, XPACK));
            router.route(ASK, p + "/_cluster/health", r -> json(200, HEALTH));
            router.route(ASK, p + "/_nodes", r -> json(200, NODES));
            router.route(ASK, p + "/_nodes/{what}", r -> json(200, NODES));
            router.route(ASK, p + "/_nodes/{which}/{what}", r -> json(200, NODES));
            for (String pattern : PREPARED) {
                router.route(ASK_AND_PUT, p + pattern, ElasticApi::prepared);
            }
        }
    }

    private static HttpResponse prepared(HttpRequest request) {
        boolean ask = ASK.contains(request.method());
        return json(200, ask ? "{}\n" : "{\"acknowledged\":true}\n");
    }

    private static HttpResponse json(int status, String body) {
        // without this header newer clients refuse to talk
        return new HttpResponse(
                status,
                Map.of("Content-Type", "application/json", "X-Elastic-Product", "Elasticsearch"),
                out -> out.write(body.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
    }

    private HttpResponse bulk(HttpRequest request, String index)
            throws StoreException, InterruptedException, IOException {
        TenantId tenant = intake.tenant(request);
        Intake.noForm(request);
        long start = System.nanoTime();
        BulkDecoder decoder =
                new BulkDecoder(Documents.Fields.of(request), clock.instant(), index, request.body().length);
        PushResult result;
        try {
            result = intake.pushAny(tenant, request, decoder::decode);
        } catch (RequestException e) {
            if (e.code().httpStatus() == 400) {
                return error(e.getMessage());
            }
            throw e;
        }
        return answer(decoder.items(), result, (System.nanoTime() - start) / 1_000_000);
    }

    private static HttpResponse error(String reason) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator g = PushedJson.FACTORY.createGenerator(out)) {
            g.writeStartObject();
            g.writeObjectFieldStart("error");
            g.writeStringField("type", "illegal_argument_exception");
            g.writeStringField("reason", reason);
            g.writeEndObject();
            g.writeNumberField("status", 400);
            g.writeEndObject();
        }
        return json(400, out.toString(java.nio.charset.StandardCharsets.UTF_8));
    }

    private static HttpResponse answer(List<BulkDecoder.Item> items, PushResult result, long tookMillis)
            throws IOException {
        Map<Documents.Place, String> refused = new HashMap<>();
        for (Rejection r : result.rejections()) {
            refused.put(new Documents.Place(r.batch(), r.row()), r.message());
        }
        boolean errors =
                result.rejected() > 0 || items.stream().anyMatch(i -> !i.error().isEmpty());
        ByteArrayOutputStream out = new ByteArrayOutputStream(64 + 160 * items.size());
        try (JsonGenerator g = PushedJson.FACTORY.createGenerator(out)) {
            g.writeStartObject();
            g.writeNumberField("took", tookMillis);
            g.writeBooleanField("errors", errors);
            g.writeArrayFieldStart("items");
            for (BulkDecoder.Item i : items) {
                String why = i.error().isEmpty() ? refusal(i, refused) : i.error();
                item(g, i, why, i.error().isEmpty() ? result.status() : 400);
            }
            g.writeEndArray();
            g.writeEndObject();
        }
        return json(200, out.toString(java.nio.charset.StandardCharsets.UTF_8));
    }

    private static @Nullable String refusal(BulkDecoder.Item i, Map<Documents.Place, String> refused) {
        if (i.place() == null) {
            return null;
        }
        String why = refused.get(i.place());
        if (why == null) {
            why = refused.get(new Documents.Place(i.place().batch(), -1));
        }
        return why != null ? why : refused.get(new Documents.Place(-1, -1));
    }

    private static void item(JsonGenerator g, BulkDecoder.Item i, @Nullable String why, int status) throws IOException {
        g.writeStartObject();
        g.writeObjectFieldStart(i.name());
        g.writeStringField("_index", i.index());
        g.writeStringField("_id", i.id());
        if (why == null) {
            g.writeNumberField("_version", 1);
            g.writeStringField("result", "created");
            g.writeNumberField("status", 201);
        } else {
            g.writeNumberField("status", status == 429 ? 429 : 400);
            g.writeObjectFieldStart("error");
            g.writeStringField(
                    "type", status == 429 ? "es_rejected_execution_exception" : "document_parsing_exception");
            g.writeStringField("reason", why);
            g.writeEndObject();
        }
        g.writeEndObject();
        g.writeEndObject();
    }
}
