/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.CodedOutputStream;
import io.skald.agent.AgentRig;
import io.skald.agent.RecordingSink;
import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import io.skald.logql.parser.SyntaxException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Loki's pushes, OTLP, Firehose and the journal, as their senders write them. */
@Timeout(120)
class ReceiversIT {
    @TempDir
    private Path dir;

    static HttpResponse<String> post(AgentRig rig, String path, byte[] body, String... headers) throws Exception {
        int port = ((HttpSource) rig.sources().getFirst()).port();
        try (HttpClient c = HttpClient.newHttpClient()) {
            return c.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                            .headers(headers)
                            .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        }
    }

    static byte[] gzip(String text) throws IOException {
        return gzip(text.getBytes(StandardCharsets.UTF_8));
    }

    static byte[] gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream z = new GZIPOutputStream(out)) {
            z.write(bytes);
        }
        return out.toByteArray();
    }

    static byte[] message(Object... fields) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        for (int i = 0; i < fields.length; i += 2) {
            int n = (Integer) fields[i];
            switch (fields[i + 1]) {
                case byte[] b -> out.writeByteArray(n, b);
                case String s -> out.writeString(n, s);
                case Long fixed -> out.writeFixed64(n, fixed);
                case Integer v -> out.writeInt32(n, v);
                default -> throw new IllegalArgumentException();
            }
        }
        out.flush();
        return bytes.toByteArray();
    }

    static final String PUSH = """
              - job_name: push
                loki_push_api: {server: {http_listen_address: 127.0.0.1, http_listen_port: 0}, use_incoming_timestamp: true, labels: {via: push}}
            """;

    @Test
    void lokiPushesInEveryForm() throws Exception {
        try (AgentRig rig = new AgentRig(dir, PUSH)) {
            String json =
                    "{\"streams\":[{\"stream\":{\"app\":\"web\"},\"values\":[[\"1767323045000000001\",\"json\",{\"trace\":\"t1\"}]]}]}";
            assertThat(post(
                                    rig,
                                    "/loki/api/v1/push",
                                    gzip(json),
                                    "Content-Type",
                                    "application/json",
                                    "Content-Encoding",
                                    "gzip")
                            .statusCode())
                    .isEqualTo(204);
            RecordingSink.Stored one = rig.await(1).getFirst();
            assertThat(one)
                    .isEqualTo(new RecordingSink.Stored(
                            Labels.of(Map.of("app", "web", "via", "push")),
                            1_767_323_045_000_000_001L,
                            "json",
                            Labels.of("trace", "t1")));
            byte[] entry = message(1, message(1, 1_767_323_046, 2, 7), 2, "proto", 3, message(1, "k", 2, "v"));
            byte[] push = message(1, message(1, "{app=\"web\"}", 2, entry));
            assertThat(post(
                                    rig,
                                    "/loki/api/v1/push",
                                    org.xerial.snappy.Snappy.compress(push),
                                    "Content-Type",
                                    "application/x-protobuf")
                            .statusCode())
                    .isEqualTo(204);
            assertThat(rig.await(2).get(1).timestampNanos()).isEqualTo(1_767_323_046_000_000_007L);
            assertThat(post(
                                    rig,
                                    "/promtail/api/v1/raw",
                                    "a\nb\n".getBytes(StandardCharsets.UTF_8),
                                    "Content-Type",
                                    "text/plain")
                            .statusCode())
                    .isEqualTo(204);
            rig.await(4);
            for (String bad : List.of("{", "{\"streams\":[{\"values\":[[\"x\",\"y\"]]}]}")) {
                assertThat(post(
                                        rig,
                                        "/loki/api/v1/push",
                                        bad.getBytes(StandardCharsets.UTF_8),
                                        "Content-Type",
                                        "application/json")
                                .statusCode())
                        .isEqualTo(400);
            }
            assertThat(post(rig, "/loki/api/v1/push", new byte[] {1, 2, 3}, "Content-Type", "application/x-protobuf")
                            .statusCode())
                    .isEqualTo(400);
            assertThat(rig.metric("skald_agent_malformed_entries_total", new String[] {"job", "reason"}, new String[] {
                        "push", "request"
                    }))
                    .isEqualTo(3);
            assertThat(rig.metric("skald_agent_received_entries_total", new String[] {"job"}, new String[] {"push"}))
                    .isEqualTo(4);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[[\"1\"]]}]}",
                "{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[[\"x\",\"l\"]]}]}",
                "{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[[\"1\",null]]}]}",
                "{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[[\"1\",\"l\",\"x\"]]}]}",
                "{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[[\"1\",\"l\",{\"m\":1}]]}]}",
                "{\"streams\":[{\"stream\":\"a\",\"values\":[[\"1\",\"l\"]]}]}",
                "{\"streams\":[{\"stream\":{\"a\":{}},\"values\":[[\"1\",\"l\"]]}]}",
                "{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[[\"1\",\"l\"]",
                "[]",
                "5",
                "{\"streams\":{}}",
                "{\"streams\":[5]}",
                "{\"streams\":[]} {}",
                "{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":{}}]}",
                "{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[5]}]}",
                "{\"streams\":[{\"stream\":{\"a.b\":\"b\"},\"values\":[[\"1\",\"l\"]]}]}",
                "{\"streams\":[{\"stream\":{\"\":\"b\"},\"values\":[[\"1\",\"l\"]]}]}",
                "{\"streams\":[{\"labels\":\"{a=~\\\"b\\\"}\",\"entries\":[]}]}",
                "{\"streams\":[{\"labels\":\"{\",\"entries\":[]}]}",
                "{\"streams\":[{\"labels\":\"{}\",\"entries\":[{\"ts\":\"now\",\"line\":\"l\"}]}]}",
                "{\"streams\":[{\"labels\":\"{}\",\"entries\":[5]}]}",
            })
    void malformedPushesAreRefused(String body) {
        PushBodies bodies = new PushBodies(true);
        assertThatThrownBy(() -> bodies.json(body.getBytes(StandardCharsets.UTF_8), null))
                .isInstanceOfAny(IOException.class, NumberFormatException.class, SyntaxException.class);
    }

    /** As clients wrote before Loki 1.0, and some do. */
    @Test
    void pushesOfTheOldForm() throws Exception {
        String body =
                "{\"streams\":[{\"labels\":\"{a=\\\"b\\\"}\",\"entries\":[{\"ts\":\"2026-01-02T03:04:05.000000007+01:00\",\"line\":\"l\"},"
                        + "{\"ts\":\"2026-01-02T03:04:06Z\",\"line\":\"m\",\"structuredMetadata\":{\"k\":\"v\"}}]}]}";
        List<Received> two = new PushBodies(true).json(body.getBytes(StandardCharsets.UTF_8), null);
        assertThat(two)
                .extracting(Received::timeNanos)
                .containsExactly(1_767_319_445_000_000_007L, 1_767_323_046_000_000_000L);
        assertThat(two).extracting(Received::labels).containsOnly(Map.of("a", "b"));
        assertThat(two.get(1).metadata()).isEqualTo(Labels.of("k", "v"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "{\"records\":5}",
                "{\"records\":[5]}",
                "{\"records\":[{\"data\":{}}]}",
                "{\"records\":[{\"data\":\"eA==\"}",
                "{\"records\":[{\"data\":\"%%\"}]}"
            })
    void malformedDeliveriesAreRefused(String body) {
        assertThatThrownBy(() -> SourceFuzz.read("firehose-body", body.getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(RequestException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "{\"logEvents\":{}}",
                "{\"logEvents\":[5]}",
                "{\"logEvents\":[{\"id\":\"1\",\"message\":{\"a\":1}}]}",
                "{\"logEvents\":[{\"id\":\"1\""
            })
    void malformedSubscriptionsAreRefused(String data) {
        assertThatThrownBy(() -> SourceFuzz.read("cloudwatch", data.getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(RequestException.class);
    }

    @Test
    void firehoseBringsSubscriptionsOfCloudWatch() throws Exception {
        String yaml = """
                  - job_name: aws
                    awsfirehose: {server: {http_listen_address: 127.0.0.1, http_listen_port: 0}, access_key: sesame}
                    relabel_configs:
                      - {source_labels: [__aws_cw_log_group], target_label: group}
                      - {source_labels: [__aws_owner], target_label: owner}
                """;
        try (AgentRig rig = new AgentRig(dir, yaml)) {
            String data =
                    "{\"messageType\":\"DATA_MESSAGE\",\"owner\":\"123\",\"logGroup\":\"/aws/lambda/f\",\"logStream\":\"s\","
                            + "\"subscriptionFilters\":[\"all\"],\"logEvents\":[{\"id\":\"e1\",\"timestamp\":1767323045123,\"message\":\"START\"},"
                            + "{\"id\":\"e2\",\"timestamp\":1767323045124,\"message\":\"END\"}]}";
            String control =
                    "{\"messageType\":\"CONTROL_MESSAGE\",\"owner\":\"CloudwatchLogs\",\"logEvents\":[{\"id\":\"\",\"timestamp\":1,\"message\":\"CWL CONTROL MESSAGE: Checking health\"}]}";
            Base64.Encoder b64 = Base64.getEncoder();
            String body = "{\"requestId\":\"r-1\",\"timestamp\":1767323046000,\"records\":[{\"data\":\""
                    + b64.encodeToString(gzip(data)) + "\"},{\"data\":\"" + b64.encodeToString(gzip(control))
                    + "\"},{\"data\":\"" + b64.encodeToString("direct\n".getBytes(StandardCharsets.UTF_8)) + "\"}]}";
            String[] headers = {
                "X-Amz-Firehose-Request-Id",
                "r-1",
                "X-Amz-Firehose-Access-Key",
                "sesame",
                "X-Amz-Firehose-Common-Attributes",
                "{\"commonAttributes\":{\"lbl_env\":\"prod\"}}",
                "Content-Type",
                "application/json"
            };
            HttpResponse<String> ok =
                    post(rig, "/awsfirehose/api/v1/push", body.getBytes(StandardCharsets.UTF_8), headers);
            assertThat(ok.statusCode()).isEqualTo(200);
            assertThat(ok.headers().firstValue("Content-Type")).hasValue("application/json");
            assertThat(ok.body()).matches("\\{\"requestId\":\"r-1\",\"timestamp\":\\d{13}}");
            List<RecordingSink.Stored> three = rig.await(3);
            assertThat(three)
                    .extracting(RecordingSink.Stored::line)
                    .containsExactlyInAnyOrder("START", "END", "direct");
            RecordingSink.Stored start = three.stream()
                    .filter(s -> s.line().equals("START"))
                    .findFirst()
                    .orElseThrow();
            assertThat(start.stream())
                    .isEqualTo(Labels.of(Map.of("group", "/aws/lambda/f", "owner", "123", "env", "prod")));
            assertThat(start.timestampNanos()).isEqualTo(1_767_323_045_123_000_000L);

            headers[3] = "wrong";
            HttpResponse<String> refused =
                    post(rig, "/awsfirehose/api/v1/push", body.getBytes(StandardCharsets.UTF_8), headers);
            assertThat(refused.statusCode()).isEqualTo(401);
            assertThat(refused.body())
                    .contains("\"requestId\":\"r-1\"")
                    .contains("\"errorMessage\":\"the access key is wrong\"");
            headers[3] = "sesame";
            HttpResponse<String> bad = post(
                    rig,
                    "/awsfirehose/api/v1/push",
                    "{\"records\":[{\"data\":\"%%\"}]}".getBytes(StandardCharsets.UTF_8),
                    headers);
            assertThat(bad.statusCode()).isEqualTo(400);
            assertThat(bad.body()).contains("errorMessage");
        }
    }

    @Test
    void theJournalGoesOnBehindItsCursor() throws Exception {
        Path command = dir.resolve("journalctl");
        Path calls = dir.resolve("calls");
        Files.writeString(command, """
                #!/bin/sh
                echo "$*" >> %s
                case "$*" in
                *--after-cursor=c3*) exec sleep 60 ;;
                esac
                echo '{"__CURSOR":"c1","__REALTIME_TIMESTAMP":"1767323045000001","PRIORITY":"3","_SYSTEMD_UNIT":"ssh.service","MESSAGE":"one"}'
                echo 'this is no JSON'
                echo '{"__CURSOR":"c3","__REALTIME_TIMESTAMP":"1767323045000002","_SYSTEMD_UNIT":"ssh.service","MESSAGE":[98,105,110]}'
                exec sleep 60
                """.formatted(calls));
        assertThat(command.toFile().setExecutable(true)).isTrue();
        String yaml = """
                  - job_name: journal
                    journal: {command: %s, max_age: 12h, matches: '_TRANSPORT=syslog', labels: {job: j}}
                    relabel_configs:
                      - {source_labels: [__journal__systemd_unit], target_label: unit}
                      - {source_labels: [__journal_priority_keyword], target_label: level}
                """.formatted(command);
        try (AgentRig rig = new AgentRig(dir, yaml)) {
            List<RecordingSink.Stored> two = rig.await(2);
            assertThat(two).extracting(RecordingSink.Stored::line).containsExactlyInAnyOrder("one", "bin");
            assertThat(two.stream()
                            .filter(s -> s.line().equals("one"))
                            .findFirst()
                            .orElseThrow())
                    .isEqualTo(new RecordingSink.Stored(
                            Labels.of(Map.of("job", "j", "unit", "ssh.service", "level", "error")),
                            1_767_323_045_000_001_000L,
                            "one",
                            Labels.EMPTY));
            assertThat(rig.metric("skald_agent_malformed_entries_total", new String[] {"job", "reason"}, new String[] {
                        "journal", "journal entry"
                    }))
                    .isEqualTo(1);
            rig.killAndStart();
            AgentRig.until(
                    () -> {
                        try {
                            return Files.readString(calls).contains("--after-cursor=c3 _TRANSPORT=syslog");
                        } catch (IOException e) {
                            return false;
                        }
                    },
                    () -> "started again");
            assertThat(rig.sink().lines()).hasSize(2);
        }
    }
}
