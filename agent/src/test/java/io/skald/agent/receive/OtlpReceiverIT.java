/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import static io.skald.agent.receive.ReceiversIT.PUSH;
import static io.skald.agent.receive.ReceiversIT.gzip;
import static io.skald.agent.receive.ReceiversIT.message;
import static io.skald.agent.receive.ReceiversIT.post;
import static org.assertj.core.api.Assertions.assertThat;

import io.skald.agent.AgentRig;
import io.skald.agent.RecordingSink;
import io.skald.core.model.Labels;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** OpenTelemetry's exports in both encodings, and what is answered. */
@Timeout(60)
class OtlpReceiverIT {
    private static final String JSON = "application/json";
    private static final String PROTO = "application/x-protobuf";
    private static final String EXPORT = """
            {"resourceLogs":[{"resource":{"attributes":[
              {"key":"service.name","value":{"stringValue":"cart"}},{"key":"host.name","value":{"stringValue":"h1"}}]},
             "scopeLogs":[{"logRecords":[{"timeUnixNano":"1767323045000000001","severityNumber":17,"severityText":"ERROR",
               "body":{"stringValue":"it broke"},"attributes":[{"key":"user.id","value":{"intValue":"7"}}],
               "traceId":"00000000000000000000000000000000"}]}]}]}""";

    private static byte[] proto() throws IOException {
        byte[] service = message(1, "service.name", 2, message(1, "cart"));
        byte[] host = message(1, "host.name", 2, message(1, "h1"));
        byte[] user = message(1, "user.id", 2, message(3, 7));
        byte[] record = message(
                1, 1_767_323_045_000_000_001L, 2, 17, 3, "ERROR", 5, message(1, "it broke"), 6, user, 9, new byte[16]);
        return message(1, message(1, message(1, service, 1, host), 2, message(2, record)));
    }

    private static byte[] bytes(String s) {
        return s.getBytes(StandardCharsets.UTF_8);
    }

    /** @param answer of what media type, and what is in it */
    private record Case(
            String path, byte[] body, String type, String encoding, int status, String answerType, String answer) {}

    private static Case taken(String path, byte[] body, String type, String encoding, String answer) {
        return new Case(path, body, type, encoding, 200, type.startsWith(JSON) ? JSON : PROTO, answer);
    }

    @Test
    void takesBothEncodingsAndAnswersInThem(@TempDir Path dir) throws Exception {
        String all = "{\"partialSuccess\":{}}";
        String text = new String(proto(), StandardCharsets.ISO_8859_1);
        List<Case> good = List.of(
                taken("/otlp/v1/logs", proto(), PROTO, "", ""),
                taken("/v1/logs", proto(), PROTO, "identity", ""),
                taken("/v1/logs", gzip(proto()), PROTO, "gzip", ""),
                taken("/otlp/v1/logs", bytes(EXPORT), JSON, "", all),
                taken("/v1/logs", bytes(EXPORT), JSON + "; charset=utf-8", "", all),
                taken("/v1/logs", gzip(EXPORT), JSON, "GZIP", all));
        List<Case> other = List.of(
                // nothing is in them
                taken("/v1/logs", new byte[0], PROTO, "", ""),
                taken("/v1/logs", bytes("{}"), JSON, "", all),
                new Case("/v1/logs", bytes("{"), JSON, "", 400, JSON, "{\"code\":3,\"message\":\"invalid JSON: "),
                new Case("/v1/logs", bytes("[]"), JSON, "", 400, JSON, "body is not a JSON object"),
                new Case("/v1/logs", bytes("{\"resourceLogs\":5}"), JSON, "", 400, JSON, "expected an array"),
                new Case(
                        "/v1/logs",
                        bytes(EXPORT.replace("1767323045000000001", "soon")),
                        JSON,
                        "",
                        400,
                        JSON,
                        "\\\"soon\\\" is not a number"),
                new Case("/v1/logs", bytes(text.substring(0, 40)), PROTO, "", 400, PROTO, "unexpected EOF"),
                new Case("/v1/logs", bytes(EXPORT), JSON, "gzip", 400, JSON, "not gzip"),
                new Case("/v1/logs", bytes(EXPORT), JSON, "zstd", 415, JSON, "Content-Encoding zstd is not supported"),
                new Case(
                        "/v1/logs", bytes(EXPORT), "text/plain", "", 415, PROTO, "content type text/plain is neither"));
        try (AgentRig rig = new AgentRig(dir, PUSH)) {
            List<Case> cases = new ArrayList<>(good);
            cases.addAll(other);
            for (Case c : cases) {
                List<String> headers = new ArrayList<>(List.of("Content-Type", c.type));
                if (!c.encoding.isEmpty()) {
                    headers.addAll(List.of("Content-Encoding", c.encoding));
                }
                HttpResponse<String> r = post(rig, c.path, c.body, headers.toArray(String[]::new));
                assertThat(r.statusCode()).as(c + ": " + r.body()).isEqualTo(c.status);
                assertThat(r.headers().firstValue("Content-Type"))
                        .as(c.toString())
                        .hasValue(c.answerType);
                assertThat(r.body()).as(c.toString()).contains(c.answer);
                assertThat(r.body().isEmpty()).as(c.toString()).isEqualTo(c.answer.isEmpty());
            }
            List<RecordingSink.Stored> stored = rig.await(good.size());
            assertThat(stored).hasSize(good.size()).allSatisfy(one -> {
                assertThat(one.line()).isEqualTo("it broke");
                assertThat(one.stream()).isEqualTo(Labels.of(Map.of("service_name", "cart", "via", "push")));
                assertThat(one.metadata().toMap())
                        .containsEntry("host_name", "h1")
                        .containsEntry("user_id", "7")
                        .containsEntry("severity_text", "ERROR")
                        .containsEntry("severity_number", "17")
                        .containsEntry("trace_id", "0".repeat(32));
            });
            assertThat(stored.stream()
                            .mapToLong(RecordingSink.Stored::timestampNanos)
                            .min())
                    .hasValue(1_767_323_045_000_000_001L);
            long refused = other.stream().filter(c -> c.status != 200).count();
            assertThat(rig.metric("skald_agent_malformed_entries_total", new String[] {"job", "reason"}, new String[] {
                        "push", "request"
                    }))
                    .isEqualTo((double) refused);
        }
    }
}
