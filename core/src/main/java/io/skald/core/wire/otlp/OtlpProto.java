/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.wire.otlp;

import com.google.protobuf.CodedInputStream;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.core.wire.DecodeBudget;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads OpenTelemetry's log export request in protobuf into the same tree that its JSON form gives. */
final class OtlpProto {
    private static final int MAX_DEPTH = 64;

    private enum Kind {
        STRING,
        BOOL,
        INT64,
        UINT32,
        DOUBLE,
        FIXED64,
        FIXED32,
        HEX,
        BASE64,
        MESSAGE
    }

    private record Field(int number, String name, Kind kind, boolean repeated, String message) {}

    private static final Map<String, List<Field>> MESSAGES = Map.of(
            "Request", List.of(many(1, "resourceLogs", "ResourceLogs")),
            "ResourceLogs", List.of(one(1, "resource", "Resource"), many(2, "scopeLogs", "ScopeLogs")),
            "Resource", List.of(many(1, "attributes", "KeyValue")),
            "ScopeLogs", List.of(one(1, "scope", "Scope"), many(2, "logRecords", "LogRecord")),
            "Scope",
                    List.of(
                            plain(1, "name", Kind.STRING),
                            plain(2, "version", Kind.STRING),
                            many(3, "attributes", "KeyValue")),
            "LogRecord",
                    List.of(
                            plain(1, "timeUnixNano", Kind.FIXED64),
                            plain(2, "severityNumber", Kind.UINT32),
                            plain(3, "severityText", Kind.STRING),
                            one(5, "body", "AnyValue"),
                            many(6, "attributes", "KeyValue"),
                            plain(7, "droppedAttributesCount", Kind.UINT32),
                            plain(8, "flags", Kind.FIXED32),
                            plain(9, "traceId", Kind.HEX),
                            plain(10, "spanId", Kind.HEX),
                            plain(11, "observedTimeUnixNano", Kind.FIXED64)),
            "KeyValue", List.of(plain(1, "key", Kind.STRING), one(2, "value", "AnyValue")),
            "AnyValue",
                    List.of(
                            plain(1, "stringValue", Kind.STRING),
                            plain(2, "boolValue", Kind.BOOL),
                            plain(3, "intValue", Kind.INT64),
                            plain(4, "doubleValue", Kind.DOUBLE),
                            one(5, "arrayValue", "ArrayValue"),
                            one(6, "kvlistValue", "KeyValueList"),
                            plain(7, "bytesValue", Kind.BASE64)),
            "ArrayValue", List.of(many(1, "values", "AnyValue")),
            "KeyValueList", List.of(many(1, "values", "KeyValue")));

    private final CodedInputStream in;
    private final DecodeBudget budget;

    private OtlpProto(byte[] body, int length) {
        in = CodedInputStream.newInstance(body, 0, length);
        budget = new DecodeBudget(length);
    }

    private static Field plain(int number, String name, Kind kind) {
        return new Field(number, name, kind, false, "");
    }

    private static Field one(int number, String name, String message) {
        return new Field(number, name, Kind.MESSAGE, false, message);
    }

    private static Field many(int number, String name, String message) {
        return new Field(number, name, Kind.MESSAGE, true, message);
    }

    /** @throws RequestException if the body is not such a message */
    static List<EntryBatch> decode(byte[] body, int length) {
        try {
            return OtlpMapper.map(new OtlpProto(body, length).message("Request", 0), length);
        } catch (IOException e) {
            throw new RequestException(ErrorCode.BAD_REQUEST, "unexpected EOF", e);
        }
    }

    private Map<String, Object> message(String type, int depth) throws IOException {
        if (depth > MAX_DEPTH) {
            throw new RequestException(ErrorCode.BAD_REQUEST, "message nested deeper than " + MAX_DEPTH);
        }
        budget.take(DecodeBudget.NODE);
        Map<String, Object> to = new LinkedHashMap<>(4);
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            Field f = field(type, tag >>> 3);
            if (f == null) {
                if (!in.skipField(tag)) {
                    throw new RequestException(ErrorCode.BAD_REQUEST, "unexpected end of group");
                }
                continue;
            }
            Object value = value(f, depth);
            if (!f.repeated) {
                to.put(f.name, value);
            } else if (to.computeIfAbsent(f.name, n -> new ArrayList<>()) instanceof List<?> list) {
                append(list, value);
            }
        }
        return to;
    }

    @SuppressWarnings("unchecked") // the lists of repeated fields are made above, and hold anything
    private static void append(List<?> list, Object value) {
        ((List<Object>) list).add(value);
    }

    private static @Nullable Field field(String type, int number) {
        for (Field f : MESSAGES.getOrDefault(type, List.of())) {
            if (f.number == number) {
                return f;
            }
        }
        return null;
    }

    private Object value(Field f, int depth) throws IOException {
        return switch (f.kind) {
            case STRING -> in.readString();
            case BOOL -> in.readBool();
            case INT64 -> in.readInt64();
            case UINT32 -> (long) in.readUInt32();
            case DOUBLE -> in.readDouble();
            case FIXED64 -> in.readFixed64();
            case FIXED32 -> in.readFixed32() & 0xffffffffL;
            case HEX -> HexFormat.of().formatHex(in.readByteArray());
            case BASE64 -> Base64.getEncoder().encodeToString(in.readByteArray());
            case MESSAGE -> {
                int limit = in.pushLimit(in.readRawVarint32());
                Map<String, Object> m = message(f.message, depth + 1);
                in.popLimit(limit);
                yield m;
            }
        };
    }
}
