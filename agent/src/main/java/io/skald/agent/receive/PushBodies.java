/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.google.protobuf.CodedInputStream;
import io.skald.core.http.HttpRequest;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.model.MetadataNames;
import io.skald.core.model.RequestException;
import io.skald.core.model.TenantId;
import io.skald.logql.parser.Parser;
import io.skald.logql.parser.SyntaxException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import org.xerial.snappy.Snappy;

/** Reads the bodies of pushes as Loki's clients send them. Thread-safe. */
final class PushBodies {
    static final JsonFactory JSON = new JsonFactory();
    static final int MAX_BYTES = 64 << 20;

    private final boolean useTimes;

    /** @param useTimes whether entries keep the times that they come with */
    PushBodies(boolean useTimes) {
        this.useTimes = useTimes;
    }

    /** Entries of a push, JSON or protobuf. */
    List<Received> loki(HttpRequest r, @Nullable TenantId tenant) {
        try {
            String type = r.header("Content-Type");
            if (type != null && type.startsWith("application/json")) {
                return json(body(r), tenant);
            }
            byte[] b = r.body();
            if (Snappy.uncompressedLength(b) > MAX_BYTES) {
                throw new RequestException(ErrorCode.PAYLOAD_TOO_LARGE, "push of more than " + MAX_BYTES + " bytes");
            }
            return proto(Snappy.uncompress(b), tenant);
        } catch (IOException | SyntaxException | NumberFormatException e) {
            throw new RequestException(ErrorCode.BAD_REQUEST, "not a push: " + e.getMessage(), e);
        }
    }

    /** Every line of a body as it is. */
    List<Received> raw(HttpRequest r, @Nullable TenantId tenant) {
        List<Received> out = new ArrayList<>();
        for (String line : new String(body(r), StandardCharsets.UTF_8).split("\n")) {
            if (!line.isEmpty()) {
                out.add(new Received(Map.of(), 0, line.getBytes(StandardCharsets.UTF_8), Labels.EMPTY, tenant));
            }
        }
        return out;
    }

    /** The body, unpacked. */
    static byte[] body(HttpRequest r) {
        String encoding = r.header("Content-Encoding");
        if (encoding == null || encoding.isBlank() || encoding.trim().equalsIgnoreCase("identity")) {
            return r.body();
        }
        if (!encoding.trim().equalsIgnoreCase("gzip")) {
            throw new RequestException(
                    ErrorCode.UNSUPPORTED_MEDIA_TYPE,
                    "Content-Encoding " + encoding + " is not supported: use gzip or none");
        }
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(r.body()))) {
            byte[] b = in.readNBytes(MAX_BYTES + 1);
            if (b.length > MAX_BYTES) {
                throw new RequestException(ErrorCode.PAYLOAD_TOO_LARGE, "body of more than " + MAX_BYTES + " bytes");
            }
            return b;
        } catch (IOException e) {
            throw new RequestException(ErrorCode.BAD_REQUEST, "not gzip: " + e.getMessage(), e);
        }
    }

    /** Of a body in JSON. */
    List<Received> json(byte[] body, @Nullable TenantId tenant) throws IOException {
        List<Received> out = new ArrayList<>();
        try (JsonParser p = JSON.createParser(body)) {
            expect(p.nextToken(), JsonToken.START_OBJECT);
            while (p.nextToken() == JsonToken.FIELD_NAME) {
                boolean streams = p.currentName().equals("streams");
                JsonToken t = p.nextToken();
                if (!streams) {
                    p.skipChildren();
                    continue;
                }
                expect(t, JsonToken.START_ARRAY);
                while (p.nextToken() == JsonToken.START_OBJECT) {
                    stream(p, tenant, out);
                }
                expect(p.currentToken(), JsonToken.END_ARRAY);
            }
            if (p.nextToken() != null) {
                throw new IOException("there is more behind the push");
            }
        }
        return out;
    }

    private void stream(JsonParser p, @Nullable TenantId tenant, List<Received> out) throws IOException {
        Map<String, String> labels = new TreeMap<>();
        List<Received> entries = new ArrayList<>();
        while (p.nextToken() == JsonToken.FIELD_NAME) {
            String name = p.currentName();
            JsonToken t = p.nextToken();
            if (name.equals("stream")) {
                expect(t, JsonToken.START_OBJECT);
                for (Map.Entry<String, String> e : strings(p).entrySet()) {
                    if (!MetadataNames.isName(e.getKey())) {
                        throw new IOException("'" + e.getKey() + "' is no name of a label");
                    }
                    labels.put(e.getKey(), e.getValue());
                }
            } else if (name.equals("values")) {
                expect(t, JsonToken.START_ARRAY);
                while (p.nextToken() == JsonToken.START_ARRAY) {
                    long time = Long.parseLong(string(p, p.nextToken()));
                    byte[] line = string(p, p.nextToken()).getBytes(StandardCharsets.UTF_8);
                    Labels metadata = Labels.EMPTY;
                    JsonToken next = p.nextToken();
                    if (next == JsonToken.START_OBJECT) {
                        metadata = Labels.of(strings(p));
                        next = p.nextToken();
                    }
                    if (next != JsonToken.END_ARRAY) {
                        throw new IOException("a value is a time, a line, and metadata, and not " + next);
                    }
                    entries.add(new Received(labels, useTimes ? time : 0, line, metadata, tenant));
                }
                expect(p.currentToken(), JsonToken.END_ARRAY);
            } else if (name.equals("labels")) {
                labels.putAll(labels(string(p, t)));
            } else if (name.equals("entries")) {
                expect(t, JsonToken.START_ARRAY);
                while (p.nextToken() == JsonToken.START_OBJECT) {
                    entries.add(entry(p, labels, tenant));
                }
                expect(p.currentToken(), JsonToken.END_ARRAY);
            } else {
                p.skipChildren();
            }
        }
        out.addAll(entries);
    }

    /** {@code {"ts": "2026-01-02T03:04:05Z", "line": ".."}}. */
    private Received entry(JsonParser p, Map<String, String> labels, @Nullable TenantId tenant) throws IOException {
        long time = 0;
        byte[] line = {};
        Labels metadata = Labels.EMPTY;
        while (p.nextToken() == JsonToken.FIELD_NAME) {
            String name = p.currentName();
            JsonToken t = p.nextToken();
            switch (name) {
                case "ts" -> time = time(string(p, t));
                case "line" -> line = string(p, t).getBytes(StandardCharsets.UTF_8);
                case "structuredMetadata" -> {
                    expect(t, JsonToken.START_OBJECT);
                    metadata = Labels.of(strings(p));
                }
                default -> p.skipChildren();
            }
        }
        return new Received(labels, useTimes ? time : 0, line, metadata, tenant);
    }

    private static long time(String text) throws IOException {
        try {
            Instant t = OffsetDateTime.parse(text).toInstant();
            return Math.addExact(Math.multiplyExact(t.getEpochSecond(), 1_000_000_000L), t.getNano());
        } catch (DateTimeException | ArithmeticException e) {
            throw new IOException("'" + text + "' is no time like 2026-01-02T03:04:05Z", e);
        }
    }

    private static Map<String, String> labels(String text) throws IOException {
        Map<String, String> labels = new TreeMap<>();
        for (Matcher m : Parser.parseMatchers(text)) {
            if (m.op() != Matcher.Op.EQUAL) {
                throw new IOException("labels are written with =, and not " + m);
            }
            labels.put(m.name(), m.value());
        }
        return labels;
    }

    private static Map<String, String> strings(JsonParser p) throws IOException {
        Map<String, String> out = new TreeMap<>();
        while (p.nextToken() == JsonToken.FIELD_NAME) {
            String name = p.currentName();
            out.put(name, string(p, p.nextToken()));
        }
        return out;
    }

    static void expect(@Nullable JsonToken found, JsonToken wanted) throws IOException {
        if (found != wanted) {
            throw new IOException(wanted + " is expected, and not " + found);
        }
    }

    static String string(JsonParser p, @Nullable JsonToken t) throws IOException {
        if (t != JsonToken.VALUE_STRING) {
            throw new IOException("text is expected, and not " + t);
        }
        return p.getText();
    }

    private List<Received> proto(byte[] body, @Nullable TenantId tenant) throws IOException {
        List<Received> out = new ArrayList<>();
        CodedInputStream in = CodedInputStream.newInstance(body);
        int tag;
        while ((tag = in.readTag()) != 0) {
            if (tag >>> 3 == 1) {
                protoStream(in.readByteArray(), tenant, out);
            } else {
                skip(in, tag);
            }
        }
        return out;
    }

    private void protoStream(byte[] bytes, @Nullable TenantId tenant, List<Received> out) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(bytes);
        Map<String, String> labels = new TreeMap<>();
        List<byte[]> entries = new ArrayList<>();
        int tag;
        while ((tag = in.readTag()) != 0) {
            switch (tag >>> 3) {
                case 1 -> labels.putAll(labels(in.readString()));
                case 2 -> entries.add(in.readByteArray());
                default -> skip(in, tag);
            }
        }
        for (byte[] e : entries) {
            out.add(protoEntry(e, labels, tenant));
        }
    }

    private Received protoEntry(byte[] bytes, Map<String, String> labels, @Nullable TenantId tenant)
            throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(bytes);
        long time = 0;
        byte[] line = new byte[0];
        Labels.Builder metadata = new Labels.Builder();
        int tag;
        while ((tag = in.readTag()) != 0) {
            switch (tag >>> 3) {
                case 1 -> {
                    long[] t = numbers(in.readByteArray());
                    time = t[0] * 1_000_000_000 + t[1];
                }
                case 2 -> line = in.readByteArray();
                case 3 -> {
                    String[] pair = pair(in.readByteArray());
                    metadata.set(pair[0], pair[1]);
                }
                default -> skip(in, tag);
            }
        }
        return new Received(labels, useTimes ? time : 0, line, metadata.build(), tenant);
    }

    private static long[] numbers(byte[] bytes) throws IOException {
        long[] out = new long[2];
        CodedInputStream in = CodedInputStream.newInstance(bytes);
        int tag;
        while ((tag = in.readTag()) != 0) {
            int field = tag >>> 3;
            if (field == 1 || field == 2) {
                out[field - 1] = in.readInt64();
            } else {
                skip(in, tag);
            }
        }
        return out;
    }

    private static String[] pair(byte[] bytes) throws IOException {
        String[] out = {"", ""};
        CodedInputStream in = CodedInputStream.newInstance(bytes);
        int tag;
        while ((tag = in.readTag()) != 0) {
            int field = tag >>> 3;
            if (field == 1 || field == 2) {
                out[field - 1] = in.readString();
            } else {
                skip(in, tag);
            }
        }
        return Arrays.copyOf(out, 2);
    }

    static void skip(CodedInputStream in, int tag) throws IOException {
        if (!in.skipField(tag)) {
            throw new IOException("unexpected end of a group");
        }
    }
}
