/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import com.fasterxml.jackson.core.JsonGenerator;
import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.core.model.TenantId;
import io.skald.core.wire.otlp.OtlpLogs;
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads log records of OpenTelemetry, in protobuf and JSON, as the ingester's endpoint does: the same attributes become labels. Answers are in the
 * encoding of the request. Thread-safe.
 */
final class OtlpBodies {
    private static final String JSON = "application/json";
    private static final String PROTOBUF = "application/x-protobuf";
    // of google.rpc.Code
    private static final int INVALID_ARGUMENT = 3;
    private static final int RESOURCE_EXHAUSTED = 8;
    private static final int UNAVAILABLE = 14;

    private OtlpBodies() {}

    /** The entries of an export. */
    static List<Received> read(HttpRequest r, @Nullable TenantId tenant) {
        String type = mediaType(r);
        if (!type.equals(JSON) && !type.equals(PROTOBUF)) {
            throw new RequestException(
                    ErrorCode.UNSUPPORTED_MEDIA_TYPE,
                    "content type " + type + " is neither " + PROTOBUF + " nor " + JSON);
        }
        byte[] b = PushBodies.body(r);
        return entries(type.equals(JSON) ? OtlpLogs.json(b, b.length) : OtlpLogs.proto(b, b.length), tenant);
    }

    private static List<Received> entries(List<EntryBatch> streams, @Nullable TenantId tenant) {
        List<Received> out = new ArrayList<>();
        for (EntryBatch s : streams) {
            Map<String, String> labels = new HashMap<>(s.labels().toMap());
            labels.putIfAbsent("service_name", "unknown_service");
            for (int i = 0; i < s.size(); i++) {
                byte[] line = Arrays.copyOfRange(s.buffer(i), s.offset(i), s.offset(i) + s.length(i));
                out.add(new Received(labels, s.timestampNanos(i), line, s.metadata(i), tenant));
            }
        }
        return out;
    }

    private static String mediaType(HttpRequest r) {
        String type = r.header("Content-Type");
        return type == null ? PROTOBUF : type.split(";", 2)[0].trim().toLowerCase(Locale.ROOT);
    }

    /** An answer that everything was taken: there is no partial success. */
    static HttpResponse taken(HttpRequest r) {
        return mediaType(r).equals(JSON)
                ? HttpResponse.of(200, JSON, "{\"partialSuccess\":{}}")
                : HttpResponse.of(200, PROTOBUF, new byte[0]);
    }

    /** An answer that nothing was taken, and why. */
    static HttpResponse refused(HttpRequest r, RequestException e) {
        int status = e.code().httpStatus();
        String message = String.valueOf(e.getMessage());
        HttpResponse plain = mediaType(r).equals(JSON)
                ? HttpResponse.of(status, JSON, json(e.code(), message))
                : HttpResponse.of(status, PROTOBUF, OtlpLogs.status(message));
        return e.code().retryable() ? plain.with("Retry-After", "1") : plain;
    }

    private static String json(ErrorCode code, String message) {
        StringWriter out = new StringWriter();
        try (JsonGenerator g = PushBodies.JSON.createGenerator(out)) {
            g.writeStartObject();
            g.writeNumberField(
                    "code",
                    code == ErrorCode.UNAVAILABLE
                            ? UNAVAILABLE
                            : code == ErrorCode.PAYLOAD_TOO_LARGE ? RESOURCE_EXHAUSTED : INVALID_ARGUMENT);
            g.writeStringField("message", message);
            g.writeEndObject();
        } catch (IOException e) {
            throw new IllegalStateException("a string writer failed", e);
        }
        return out.toString();
    }
}
