/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.Labels;
import io.skald.core.model.MetadataNames;
import io.skald.core.model.RequestException;
import io.skald.core.model.TenantId;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/** Reads what Amazon Data Firehose delivers: records as they are, and subscriptions of CloudWatch Logs unpacked. Thread-safe. */
final class FirehoseBodies {
    private static final JsonFactory JSON = new JsonFactory();
    private static final String ATTRIBUTES = "X-Amz-Firehose-Common-Attributes";

    private final boolean useTimes;

    FirehoseBodies(boolean useTimes) {
        this.useTimes = useTimes;
    }

    /** The entries of a delivery. */
    List<Received> read(HttpRequest r, @Nullable TenantId tenant) {
        Map<String, String> labels = new TreeMap<>();
        put(labels, "__aws_firehose_request_id", r.header("X-Amz-Firehose-Request-Id"));
        put(labels, "__aws_firehose_source_arn", r.header("X-Amz-Firehose-Source-Arn"));
        List<Received> out = new ArrayList<>();
        try {
            attributes(r.header(ATTRIBUTES), labels);
            long millis = 0;
            List<byte[]> records = new ArrayList<>();
            try (JsonParser p = JSON.createParser(PushBodies.body(r))) {
                PushBodies.expect(p.nextToken(), JsonToken.START_OBJECT);
                while (p.nextToken() == JsonToken.FIELD_NAME) {
                    String name = p.currentName();
                    JsonToken t = p.nextToken();
                    if (name.equals("timestamp")) {
                        millis = p.getValueAsLong();
                        p.skipChildren();
                    } else if (name.equals("records")) {
                        PushBodies.expect(t, JsonToken.START_ARRAY);
                        while (p.nextToken() == JsonToken.START_OBJECT) {
                            record(p, records);
                        }
                        PushBodies.expect(p.currentToken(), JsonToken.END_ARRAY);
                    } else {
                        p.skipChildren();
                    }
                }
            }
            int[] room = {PushBodies.MAX_BYTES};
            for (byte[] b : records) {
                entries(b, millis, labels, tenant, out, room);
            }
        } catch (IOException | IllegalArgumentException e) {
            throw new RequestException(ErrorCode.BAD_REQUEST, "not a delivery of Firehose: " + e.getMessage(), e);
        }
        return out;
    }

    private static void put(Map<String, String> labels, String name, @Nullable String value) {
        if (value != null && !value.isEmpty()) {
            labels.put(name, value);
        }
    }

    /** Labels that the delivery stream was given: {@code lbl_app} is {@code app}. */
    private static void attributes(@Nullable String json, Map<String, String> labels) throws IOException {
        if (json == null || json.isEmpty()) {
            return;
        }
        try (JsonParser p = JSON.createParser(json)) {
            String name = "";
            while (p.nextToken() != null) {
                if (p.currentToken() == JsonToken.FIELD_NAME) {
                    name = p.currentName();
                } else if (p.currentToken() == JsonToken.VALUE_STRING && name.startsWith("lbl_")) {
                    put(labels, MetadataNames.clean(name.substring(4)), p.getText());
                }
            }
        }
    }

    private static void record(JsonParser p, List<byte[]> into) throws IOException {
        while (p.nextToken() == JsonToken.FIELD_NAME) {
            boolean data = p.currentName().equals("data");
            JsonToken t = p.nextToken();
            if (data) {
                into.add(Base64.getDecoder().decode(PushBodies.string(p, t)));
            } else {
                p.skipChildren();
            }
        }
    }

    private void entries(
            byte[] record,
            long millis,
            Map<String, String> labels,
            @Nullable TenantId tenant,
            List<Received> out,
            int[] room)
            throws IOException {
        byte[] b = record;
        if (b.length > 2 && b[0] == 0x1f && b[1] == (byte) 0x8b) {
            try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(b))) {
                b = in.readNBytes(room[0] + 1);
            }
            room[0] -= b.length;
            if (room[0] < 0) {
                throw new RequestException(
                        ErrorCode.PAYLOAD_TOO_LARGE, "records of more than " + PushBodies.MAX_BYTES + " bytes");
            }
            cloudWatch(b, labels, tenant, out);
            return;
        }
        int n = b.length;
        while (n > 0 && (b[n - 1] == '\n' || b[n - 1] == '\r')) {
            n--;
        }
        out.add(new Received(
                labels, useTimes ? millis * 1_000_000 : 0, java.util.Arrays.copyOf(b, n), Labels.EMPTY, tenant));
    }

    private void cloudWatch(byte[] json, Map<String, String> labels, @Nullable TenantId tenant, List<Received> out)
            throws IOException {
        Map<String, String> all = new TreeMap<>(labels);
        List<Received> events = new ArrayList<>();
        boolean control = false;
        try (JsonParser p = JSON.createParser(json)) {
            PushBodies.expect(p.nextToken(), JsonToken.START_OBJECT);
            while (p.nextToken() == JsonToken.FIELD_NAME) {
                String name = p.currentName();
                JsonToken t = p.nextToken();
                if (name.equals("logEvents")) {
                    PushBodies.expect(t, JsonToken.START_ARRAY);
                    while (p.nextToken() == JsonToken.START_OBJECT) {
                        events.add(event(p, all, tenant));
                    }
                    PushBodies.expect(p.currentToken(), JsonToken.END_ARRAY);
                } else if (t == JsonToken.VALUE_STRING) {
                    control |= name.equals("messageType") && p.getText().equals("CONTROL_MESSAGE");
                    String label = switch (name) {
                        case "owner" -> "__aws_owner";
                        case "logGroup" -> "__aws_cw_log_group";
                        case "logStream" -> "__aws_cw_log_stream";
                        case "messageType" -> "__aws_cw_msg_type";
                        default -> MetadataNames.clean("__aws_cw_" + name.toLowerCase(Locale.ROOT));
                    };
                    put(all, label, p.getText());
                } else {
                    p.skipChildren();
                }
            }
        }
        if (!control) {
            out.addAll(events);
        }
    }

    private Received event(JsonParser p, Map<String, String> labels, @Nullable TenantId tenant) throws IOException {
        long millis = 0;
        String message = "";
        String id = "";
        while (p.nextToken() == JsonToken.FIELD_NAME) {
            String name = p.currentName();
            JsonToken t = p.nextToken();
            switch (name) {
                case "timestamp" -> {
                    millis = p.getValueAsLong();
                    p.skipChildren();
                }
                case "message" -> message = PushBodies.string(p, t);
                case "id" -> id = PushBodies.string(p, t);
                default -> p.skipChildren();
            }
        }
        // a delivery that is repeated brings the same events
        Labels metadata = id.isEmpty() ? Labels.EMPTY : Labels.of("event_id", id);
        return new Received(
                labels, useTimes ? millis * 1_000_000 : 0, message.getBytes(StandardCharsets.UTF_8), metadata, tenant);
    }

    /** An answer as Firehose wants it. */
    static HttpResponse answer(int status, @Nullable String requestId, String error) {
        StringWriter out = new StringWriter();
        try (JsonGenerator g = JSON.createGenerator(out)) {
            g.writeStartObject();
            g.writeStringField("requestId", requestId == null ? "" : requestId);
            g.writeNumberField("timestamp", System.currentTimeMillis());
            if (!error.isEmpty()) {
                g.writeStringField("errorMessage", error);
            }
            g.writeEndObject();
        } catch (IOException e) {
            throw new IllegalStateException("a string writer failed", e);
        }
        return HttpResponse.of(status, "application/json", out.toString());
    }
}
