/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import com.google.protobuf.CodedInputStream;
import io.skald.core.http.HttpRequest;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import io.skald.core.model.TenantId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Reads log records of OpenTelemetry in protobuf. What names the service becomes labels, all else metadata. Thread-safe. */
final class OtlpBodies {
    private static final Set<String> LABELS = Set.of(
            "service.name",
            "service.namespace",
            "deployment.environment",
            "k8s.namespace.name",
            "k8s.container.name",
            "k8s.cluster.name",
            "cloud.region",
            "container.name");

    /** The entries of an export. */
    List<Received> read(HttpRequest r, @Nullable TenantId tenant) {
        String type = r.header("Content-Type");
        if (type != null && type.startsWith("application/json")) {
            throw new RequestException(
                    ErrorCode.UNSUPPORTED_MEDIA_TYPE, "this receiver takes OTLP as application/x-protobuf");
        }
        List<Received> out = new ArrayList<>();
        try {
            fields(PushBodies.body(r), (field, in) -> {
                if (field == 1) {
                    resource(in.readByteArray(), tenant, out);
                    return true;
                }
                return false;
            });
        } catch (IOException e) {
            throw new RequestException(ErrorCode.BAD_REQUEST, "not an export of logs: " + e.getMessage(), e);
        }
        return out;
    }

    /** Takes a field of a message; returns whether it did. */
    private interface Field {
        boolean take(int field, CodedInputStream in) throws IOException;
    }

    private static void fields(byte[] message, Field f) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(message);
        int tag;
        while ((tag = in.readTag()) != 0) {
            if (!f.take(tag >>> 3, in)) {
                PushBodies.skip(in, tag);
            }
        }
    }

    private static void resource(byte[] message, @Nullable TenantId tenant, List<Received> out) throws IOException {
        Map<String, String> attributes = new TreeMap<>();
        List<byte[]> scopes = new ArrayList<>();
        fields(message, (field, in) -> {
            if (field == 1) {
                fields(in.readByteArray(), (f, x) -> f == 1 && attribute(x.readByteArray(), attributes));
                return true;
            }
            return field == 2 && scopes.add(in.readByteArray());
        });
        Map<String, String> labels = new TreeMap<>();
        Labels.Builder metadata = new Labels.Builder();
        attributes.forEach((k, v) -> {
            if (LABELS.contains(k)) {
                labels.put(k.replace('.', '_'), v);
            } else {
                metadata.set(k.replaceAll("[^A-Za-z0-9_]", "_"), v);
            }
        });
        labels.putIfAbsent("service_name", "unknown_service");
        Labels common = metadata.build();
        for (byte[] s : scopes) {
            fields(s, (field, in) -> field == 2 && out.add(record(in.readByteArray(), labels, common, tenant)));
        }
    }

    private static Received record(byte[] message, Map<String, String> labels, Labels common, @Nullable TenantId tenant)
            throws IOException {
        Labels.Builder m = common.toBuilder();
        long[] times = new long[2];
        String[] body = {""};
        Map<String, String> attributes = new TreeMap<>();
        fields(message, (field, in) -> {
            switch (field) {
                case 1 -> times[0] = in.readFixed64();
                case 11 -> times[1] = in.readFixed64();
                case 2 -> m.set("severity_number", Integer.toString(in.readEnum()));
                case 3 -> m.set("severity_text", in.readString());
                case 5 -> body[0] = value(in.readByteArray());
                case 6 -> {
                    return attribute(in.readByteArray(), attributes);
                }
                case 9 -> m.set("trace_id", HexFormat.of().formatHex(in.readByteArray()));
                case 10 -> m.set("span_id", HexFormat.of().formatHex(in.readByteArray()));
                default -> {
                    return false;
                }
            }
            return true;
        });
        attributes.forEach((k, v) -> m.set(k.replaceAll("[^A-Za-z0-9_]", "_"), v));
        long time = times[0] != 0 ? times[0] : times[1];
        return new Received(labels, time, body[0].getBytes(StandardCharsets.UTF_8), m.build(), tenant);
    }

    private static boolean attribute(byte[] message, Map<String, String> into) throws IOException {
        String[] kv = {"", ""};
        fields(message, (field, in) -> {
            if (field == 1) {
                kv[0] = in.readString();
            } else if (field == 2) {
                kv[1] = value(in.readByteArray());
            } else {
                return false;
            }
            return true;
        });
        into.put(kv[0], kv[1]);
        return true;
    }

    /** A value as text; lists and maps in brackets. */
    private static String value(byte[] message) throws IOException {
        StringBuilder out = new StringBuilder();
        fields(message, (field, in) -> {
            switch (field) {
                case 1 -> out.append(in.readString());
                case 2 -> out.append(in.readBool());
                case 3 -> out.append(in.readInt64());
                case 4 -> out.append(in.readDouble());
                case 5 -> {
                    List<String> items = new ArrayList<>();
                    fields(in.readByteArray(), (f, x) -> f == 1 && items.add(value(x.readByteArray())));
                    out.append(items);
                }
                case 6 -> {
                    Map<String, String> map = new TreeMap<>();
                    fields(in.readByteArray(), (f, x) -> f == 1 && attribute(x.readByteArray(), map));
                    out.append(map);
                }
                case 7 -> out.append(HexFormat.of().formatHex(in.readByteArray()));
                default -> {
                    return false;
                }
            }
            return true;
        });
        return out.toString();
    }
}
