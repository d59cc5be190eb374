/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.config.Limits;
import io.skald.core.disk.Disk;
import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.http.Router;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.wire.PushSink.PushResult;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Elasticsearch's bulk requests and JSON lines, from the request to what is stored. */
class DocumentApisTest {
    private static final Instant NOW = Instant.parse("2027-01-15T08:00:00Z");

    @SuppressWarnings("NullAway.Init") // set by JUnit
    @TempDir
    Path dir;

    private final Map<String, Router.Handler> routes = new HashMap<>();
    private final List<String> stored = new ArrayList<>();
    private final Discards discards = new Discards((tenant, reason, lines, bytes) -> {});

    @BeforeEach
    void register() throws StoreException {
        TenantGates gates = TenantGates.open(Disk.REAL, dir.resolve("demoted"));
        Intake intake = new Intake(
                (tenant, batches) -> store(gates, tenant, batches), new Admission(1 << 20), discards, 1 << 20, false);
        Router router = new Router() {
            @Override
            public void route(List<String> methods, String pattern, Handler handler) {
                methods.forEach(m -> routes.put(m + " " + pattern, handler));
            }

            @Override
            public void socket(String pattern, SocketHandler handler) {
                throw new IllegalStateException("no socket is expected");
            }
        };
        Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);
        new ElasticApi(intake, clock).register(router);
        new JsonLinesApi(intake, clock).register(router);
    }

    private PushResult store(TenantGates gates, TenantId tenant, List<EntryBatch> batches) {
        long now = NOW.getEpochSecond() * 1_000_000_000L;
        Validator v = new Validator(tenant, Limits.DEFAULTS, now, discards, gates);
        long n = 0;
        for (EntryBatch b : v.apply(batches)) {
            n += b.size();
            for (int i = 0; i < b.size(); i++) {
                stored.add(b.labels() + " " + (b.timestampNanos(i) - now) / 1_000_000 + " " + b.metadata(i) + " "
                        + new String(b.buffer(i), b.offset(i), b.length(i), StandardCharsets.UTF_8));
            }
        }
        return v.result(n);
    }

    private String ask(int status, String route, Map<String, String> params, String body) throws Exception {
        String[] parts = route.split(" ", 2);
        Map<String, List<String>> lists = new HashMap<>();
        params.forEach((k, v) -> lists.put(k, List.of(v)));
        HttpRequest request = new HttpRequest(
                parts[0],
                parts[1],
                Map.of("index", "logs-web", "name", "x", "what", "http", "which", "a"),
                lists,
                Map.of(),
                body.getBytes(StandardCharsets.UTF_8),
                () -> false);
        HttpResponse response = Objects.requireNonNull(routes.get(route), route).handle(request);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        response.body().writeTo(out);
        assertThat(response.status()).as(out.toString(StandardCharsets.UTF_8)).isEqualTo(status);
        if (!parts[1].startsWith("/skald")) {
            assertThat(response.headers()).containsEntry("X-Elastic-Product", "Elasticsearch");
        }
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void takesWhatFilebeatSends() throws Exception {
        String answer = ask(200, "POST /_bulk", Map.of(), """
                {"create":{"_index":"filebeat-8"}}
                {"@timestamp":"2027-01-15T07:59:59.500Z","message":"level=warn slow","host":{"name":"n1"},"log":{"offset":7,"file":{"path":"/a.log"}},"tags":["x",1]}
                {"index":{"_index":"filebeat-8","_id":"7"}}
                {"@timestamp":"2027-01-15T07:59:58Z","message":"two","agent":{"version":null}}
                """);
        assertThat(answer.replaceAll("\"took\":\\d+", "\"took\":0"))
                .isEqualTo(
                        "{\"took\":0,\"errors\":false,\"items\":["
                                + "{\"create\":{\"_index\":\"filebeat-8\",\"_id\":\"\",\"_version\":1,\"result\":\"created\",\"status\":201}},"
                                + "{\"index\":{\"_index\":\"filebeat-8\",\"_id\":\"7\",\"_version\":1,\"result\":\"created\",\"status\":201}}]}");
        assertThat(stored)
                .containsExactly(
                        "{host_name=\"n1\", service_name=\"unknown_service\"} -500 {detected_level=\"warn\","
                                + " log_file_path=\"/a.log\", log_offset=\"7\", tags=\"[\\\"x\\\",1]\"} level=warn slow",
                        "{index=\"filebeat-8\", service_name=\"unknown_service\"} -2000 {detected_level=\"unknown\"} two");
    }

    @Test
    void tellsOfEachItemWhatBecameOfIt() throws Exception {
        String answer = ask(200, "POST /{index}/_bulk", Map.of("_stream_fields", "app"), """
                {"create":{}}
                {"@timestamp":"2026-01-01T00:00:00Z","message":"old","app":"a"}
                {"create":{}}
                {"@timestamp":"2027-01-15T08:00:00Z","message":"good","app":"a"}
                {"create":{}}
                no json
                {"delete":{"_id":"1"}}
                {"create":{}}
                {"@timestamp":"yesterday","message":"x"}
                {"update":{}}
                {"doc":{}}
                """);
        assertThat(answer)
                .contains("\"errors\":true")
                .contains("timestamp too old")
                .contains("invalid JSON")
                .contains("delete is not supported")
                .contains("\\\"yesterday\\\" is neither a time")
                .contains("update is not supported");
        assertThat(answer.split("\"status\":201", -1)).hasSize(2);
        assertThat(answer.split("\"status\":400", -1)).hasSize(6);
        assertThat(stored).hasSize(1).first().asString().contains("good").contains("app=\"a\"");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`` | request body is required",
                "{\"create\":{}} | action 0 has no document",
                "{\"merge\":{}} | unknown action merge",
                "[] | expected an object with the name of the action",
                "{\"create\" | malformed action 0"
            })
    void refusesWhatIsNoBulk(String body, String reason) throws Exception {
        assertThat(ask(400, "POST /_bulk", Map.of(), body)).contains(reason);
        assertThat(stored).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET / | You Know, for Search",
                "HEAD / | 8.",
                "GET /elasticsearch/ | \"number\":\"8.",
                "GET /_license | \"status\":\"active\"",
                "GET /elasticsearch/_license | \"status\":\"active\"",
                "GET /_xpack | features",
                "GET /_cluster/health | green",
                "GET /_nodes | nodes",
                "GET /_nodes/{what} | nodes",
                "GET /_ilm/policy/{name} | {}",
                "PUT /_ilm/policy/{name} | acknowledged",
                "HEAD /_index_template/{name} | {}",
                "PUT /elasticsearch/_index_template/{name} | acknowledged",
                "PUT /_template/{name} | acknowledged",
                "PUT /_data_stream/{name} | acknowledged",
                "PUT /_ingest/pipeline/{name} | acknowledged"
            })
    void answersWhatShippersAskFirst(String route, String part) throws Exception {
        assertThat(ask(200, route, Map.of(), "")).contains(part);
    }

    @Test
    void takesJsonLines() throws Exception {
        ask(204, "POST /skald/api/v1/jsonline", Map.of(), """
                {"time":"2027-01-15T08:00:00+00:00","msg":"one","trace.id":"t"}

                {"timestamp":1800000001,"message":"s"}
                {"timestamp":1800000001000,"message":"ms"}
                {"timestamp":1800000001000000,"message":"us"}
                {"timestamp":"1800000001000000000","message":"ns"}
                {"a":{"b":1}}""");
        assertThat(stored)
                .containsExactly(
                        "{service_name=\"unknown_service\"} 0 {detected_level=\"unknown\", trace_id=\"t\"} one",
                        "{service_name=\"unknown_service\"} 1000 {detected_level=\"unknown\"} s",
                        "{service_name=\"unknown_service\"} 1000 {detected_level=\"unknown\"} ms",
                        "{service_name=\"unknown_service\"} 1000 {detected_level=\"unknown\"} us",
                        "{service_name=\"unknown_service\"} 1000 {detected_level=\"unknown\"} ns",
                        "{service_name=\"unknown_service\"} 0 {detected_level=\"unknown\"} {\"a\":{\"b\":1}}");
    }

    @Test
    void takesTheFieldsThatAreNamed() throws Exception {
        ask(
                204,
                "POST /skald/api/v1/jsonline",
                Map.of(
                        "_msg_field", "text",
                        "_time_field", "at",
                        "_stream_fields", "app, k8s.ns",
                        "ignore_fields", "secret"),
                "{\"at\":1800000000,\"text\":\"one\",\"app\":\"web\",\"k8s\":{\"ns\":\"shop\"},\"secret\":\"s\",\"n\":1}");
        assertThat(stored)
                .containsExactly("{app=\"web\", k8s_ns=\"shop\", service_name=\"web\"} 0"
                        + " {detected_level=\"unknown\", n=\"1\"} one");
    }

    @Test
    void refusesLinesThatAreNoDocumentsAndTakesTheOthers() throws Exception {
        String answer = ask(400, "POST /skald/api/v1/jsonline", Map.of(), """
                {"msg":"one"}
                {"msg":"two"
                [1]
                {"msg":"three"} {"msg":"four"}
                """);
        assertThat(answer)
                .contains("line 2: ")
                .contains("line 3: document is no JSON object")
                .contains("line 4: ");
        assertThat(stored).hasSize(1);
    }
}
