/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import com.fasterxml.jackson.core.JsonGenerator;
import io.skald.core.http.HttpResponse;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes entries of OpenTelemetry's log records: some attributes of the resource become labels, the rest of what is said about a record
 * becomes structured metadata. Works on the tree of the request's JSON form.
 */
final class OtlpMapper {
    /** Attributes of a resource that become labels. */
    private static final Set<String> LABELS = Set.of(
            "service.name",
            "service.namespace",
            "service.instance.id",
            "deployment.environment",
            "deployment.environment.name",
            "cloud.region",
            "cloud.availability_zone",
            "k8s.cluster.name",
            "k8s.namespace.name",
            "k8s.pod.name",
            "k8s.container.name",
            "container.name",
            "k8s.replicaset.name",
            "k8s.deployment.name",
            "k8s.statefulset.name",
            "k8s.daemonset.name",
            "k8s.cronjob.name",
            "k8s.job.name");

    private final Map<Labels, EntryBatch> streams = new LinkedHashMap<>();

    private OtlpMapper() {}

    /** @throws RequestException if a value is not what it must be */
    static List<EntryBatch> map(Map<String, Object> request) {
        OtlpMapper m = new OtlpMapper();
        for (Object r : list(request.get("resourceLogs"))) {
            m.resource(object(r));
        }
        return List.copyOf(m.streams.values());
    }

    /** An error as OTLP's clients expect it: a {@code google.rpc.Status} with the message in field 2. */
    static HttpResponse status(int httpStatus, String message) {
        byte[] text = message.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream out = new ByteArrayOutputStream(text.length + 6);
        out.write(2 << 3 | 2);
        int n = text.length;
        while (n > 0x7f) {
            out.write(n & 0x7f | 0x80);
            n >>>= 7;
        }
        out.write(n);
        out.writeBytes(text);
        HttpResponse plain = HttpResponse.of(httpStatus, "application/octet-stream", out.toByteArray());
        return httpStatus == 429 || httpStatus == 503
                ? new HttpResponse(
                        httpStatus,
                        Map.of("Content-Type", "application/octet-stream", "Retry-After", "1"),
                        plain.body())
                : plain;
    }

    private void resource(Map<String, Object> resourceLogs) {
        Labels.Builder labels = new Labels.Builder();
        Labels.Builder shared = new Labels.Builder();
        for (Object a : list(object(resourceLogs.get("resource")).get("attributes"))) {
            Map<String, Object> kv = object(a);
            String key = string(kv.get("key"));
            attribute(LABELS.contains(key) ? labels : shared, key, object(kv.get("value")));
        }
        Labels stream = labels.build();
        for (Object s : list(resourceLogs.get("scopeLogs"))) {
            scope(stream, shared.build(), object(s));
        }
    }

    private void scope(Labels stream, Labels resource, Map<String, Object> scopeLogs) {
        Labels.Builder shared = resource.toBuilder();
        Map<String, Object> scope = object(scopeLogs.get("scope"));
        attributes(shared, scope.get("attributes"));
        shared.set("scope_name", string(scope.get("name")));
        shared.set("scope_version", string(scope.get("version")));
        Labels common = shared.build();
        for (Object r : list(scopeLogs.get("logRecords"))) {
            record(stream, common, object(r));
        }
    }

    private void record(Labels stream, Labels common, Map<String, Object> r) {
        Labels.Builder metadata = common.toBuilder();
        attributes(metadata, r.get("attributes"));
        long observed = number(r.get("observedTimeUnixNano"));
        positive(metadata, "observed_timestamp", observed);
        positive(metadata, "severity_number", number(r.get("severityNumber")));
        metadata.set("severity_text", string(r.get("severityText")));
        positive(metadata, "dropped_attributes_count", number(r.get("droppedAttributesCount")));
        positive(metadata, "flags", number(r.get("flags")));
        metadata.set("trace_id", string(r.get("traceId")));
        metadata.set("span_id", string(r.get("spanId")));
        long time = number(r.get("timeUnixNano"));
        if (time == 0) {
            time = observed != 0 ? observed : now();
        }
        byte[] line = body(object(r.get("body"))).getBytes(StandardCharsets.UTF_8);
        streams.computeIfAbsent(stream, EntryBatch::new).add(time, line, 0, line.length, metadata.build());
    }

    private static long now() {
        Instant t = Instant.now();
        return Times.nanos(t.getEpochSecond(), t.getNano());
    }

    private static void positive(Labels.Builder to, String name, long value) {
        if (value != 0) {
            to.set(name, Long.toUnsignedString(value));
        }
    }

    private static void attributes(Labels.Builder to, @Nullable Object attributes) {
        for (Object a : list(attributes)) {
            Map<String, Object> kv = object(a);
            attribute(to, string(kv.get("key")), object(kv.get("value")));
        }
    }

    /** A nested attribute becomes one per leaf, named by its path. */
    private static void attribute(Labels.Builder to, String key, Map<String, Object> value) {
        if (value.containsKey("kvlistValue")) {
            for (Object a : list(object(value.get("kvlistValue")).get("values"))) {
                Map<String, Object> kv = object(a);
                attribute(to, key + "_" + string(kv.get("key")), object(kv.get("value")));
            }
        } else if (!key.isEmpty()) {
            to.set(MetadataNames.clean(key), body(value));
        }
    }

    /** A value as text: strings as they are, the rest as JSON. */
    private static String body(Map<String, Object> value) {
        if (value.isEmpty()) {
            return "";
        }
        if (value.get("stringValue") instanceof String s) {
            return s;
        }
        if (value.get("bytesValue") instanceof String s) {
            return s;
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator g = PushJson.FACTORY.createGenerator(out)) {
            json(g, value);
        } catch (IOException e) {
            throw new IllegalStateException("writing JSON to memory", e);
        }
        return out.toString(StandardCharsets.UTF_8);
    }

    private static void json(JsonGenerator g, Map<String, Object> value) throws IOException {
        if (value.containsKey("stringValue")) {
            g.writeString(string(value.get("stringValue")));
        } else if (value.containsKey("bytesValue")) {
            g.writeString(string(value.get("bytesValue")));
        } else if (value.containsKey("boolValue")) {
            g.writeBoolean(Boolean.parseBoolean(string(value.get("boolValue"))));
        } else if (value.containsKey("intValue")) {
            g.writeNumber(number(value.get("intValue")));
        } else if (value.containsKey("doubleValue")) {
            number(g, string(value.get("doubleValue")));
        } else if (value.containsKey("arrayValue")) {
            g.writeStartArray();
            for (Object v : list(object(value.get("arrayValue")).get("values"))) {
                json(g, object(v));
            }
            g.writeEndArray();
        } else if (value.containsKey("kvlistValue")) {
            g.writeStartObject();
            for (Object a : list(object(value.get("kvlistValue")).get("values"))) {
                Map<String, Object> kv = object(a);
                g.writeFieldName(string(kv.get("key")));
                json(g, object(kv.get("value")));
            }
            g.writeEndObject();
        } else {
            g.writeNull();
        }
    }

    private static void number(JsonGenerator g, String text) throws IOException {
        double d;
        try {
            d = Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw PushJson.bad("\"" + text + "\" is not a number: invalid syntax", e);
        }
        if (Double.isFinite(d) && d == Math.rint(d) && Math.abs(d) < 1e15) {
            g.writeNumber((long) d);
        } else {
            g.writeNumber(d);
        }
    }

    private static List<?> list(@Nullable Object o) {
        if (o == null) {
            return List.of();
        }
        if (o instanceof List<?> l) {
            return l;
        }
        throw PushJson.bad("expected an array, found " + o, null);
    }

    @SuppressWarnings("unchecked") // the trees are made by OtlpJson and OtlpProto, with names as keys
    private static Map<String, Object> object(@Nullable Object o) {
        if (o == null) {
            return Map.of();
        }
        if (o instanceof Map<?, ?> m) {
            return (Map<String, Object>) m;
        }
        throw PushJson.bad("expected an object, found " + o, null);
    }

    private static String string(@Nullable Object o) {
        return o == null ? "" : String.valueOf(o);
    }

    private static long number(@Nullable Object o) {
        if (o instanceof Long l) {
            return l;
        }
        String s = string(o);
        if (s.isEmpty()) {
            return 0;
        }
        try {
            return Long.parseLong(s);
        } catch (NumberFormatException e) {
            throw PushJson.bad("\"" + s + "\" is not a number: invalid syntax", e);
        }
    }
}
