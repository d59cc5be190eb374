/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.wire.otlp;

import com.fasterxml.jackson.core.JsonGenerator;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.MetadataNames;
import io.skald.core.model.RequestException;
import io.skald.core.wire.DecodeBudget;
import io.skald.core.wire.PushedJson;
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

    private static final int MOST_SHOWN = 100;

    private final Map<Labels, EntryBatch> streams = new LinkedHashMap<>();

    private final DecodeBudget budget;

    private OtlpMapper(int bodyLength) {
        this.budget = new DecodeBudget(bodyLength);
    }

    /**
     * Entries of a request.
     *
     * @param bodyLength of which it was read, bytes
     * @throws RequestException if a value is not what it must be, or too much comes of it
     */
    static List<EntryBatch> map(Map<String, Object> request, int bodyLength) {
        OtlpMapper m = new OtlpMapper(bodyLength);
        for (Object r : list(request.get("resourceLogs"))) {
            m.resource(object(r));
        }
        return List.copyOf(m.streams.values());
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
        budget.take(DecodeBudget.REFERENCES_OF_PAIR * common.size());
        for (Object r : list(scopeLogs.get("logRecords"))) {
            record(stream, common, object(r));
        }
    }

    private void record(Labels stream, Labels common, Map<String, Object> r) {
        // what is said of the resource is held once more for every record
        budget.take(DecodeBudget.REFERENCES_OF_PAIR * common.size());
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
        return t.getEpochSecond() * 1_000_000_000L + t.getNano();
    }

    private static void positive(Labels.Builder to, String name, long value) {
        if (value != 0) {
            to.set(name, Long.toUnsignedString(value));
        }
    }

    private void attributes(Labels.Builder to, @Nullable Object attributes) {
        for (Object a : list(attributes)) {
            Map<String, Object> kv = object(a);
            attribute(to, string(kv.get("key")), object(kv.get("value")));
        }
    }

    /** A nested attribute becomes one per leaf, named by its path. */
    private void attribute(Labels.Builder to, String key, Map<String, Object> value) {
        if (value.containsKey("kvlistValue")) {
            for (Object a : list(object(value.get("kvlistValue")).get("values"))) {
                Map<String, Object> kv = object(a);
                budget.take(2 * key.length());
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
        try (JsonGenerator g = PushedJson.FACTORY.createGenerator(out)) {
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
            throw OtlpLogs.bad("\"" + text + "\" is not a number: invalid syntax", e);
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
        throw OtlpLogs.bad("expected an array, found " + shown(o), null);
    }

    @SuppressWarnings("unchecked") // the trees are made by OtlpJson and OtlpProto, with names as keys
    private static Map<String, Object> object(@Nullable Object o) {
        if (o == null) {
            return Map.of();
        }
        if (o instanceof Map<?, ?> m) {
            return (Map<String, Object>) m;
        }
        throw OtlpLogs.bad("expected an object, found " + shown(o), null);
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
            throw OtlpLogs.bad("\"" + s + "\" is not a number: invalid syntax", e);
        }
    }

    private static String shown(Object o) {
        String s = o instanceof String text ? text : o instanceof Map<?, ?> ? "an object" : "an array";
        return s.length() > MOST_SHOWN ? s.substring(0, MOST_SHOWN) + "…" : s;
    }
}
