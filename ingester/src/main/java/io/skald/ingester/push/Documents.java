/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.StreamReadException;
import io.skald.core.http.HttpRequest;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.MetadataNames;
import io.skald.core.model.RequestException;
import io.skald.core.wire.DecodeBudget;
import io.skald.core.wire.PushedJson;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes entries of JSON documents, as log shippers send them to Elasticsearch: one field is the line, one the time, some are the labels of the
 * stream, the rest is structured metadata. Fields of objects within are named by their path, {@code a.b}. A document without a field for the
 * line is the line itself. Confined to one thread, for one push.
 */
final class Documents {
    private static final List<String> MESSAGES = List.of("message", "msg", "_msg", "log");
    private static final List<String> TIMES = List.of("@timestamp", "timestamp", "_time", "time");
    private static final List<String> STREAMS = List.of(
            "service.name",
            "host.name",
            "container.name",
            "kubernetes.namespace",
            "kubernetes.namespace_name",
            "kubernetes.pod.name",
            "kubernetes.pod_name",
            "kubernetes.container.name",
            "kubernetes.container_name",
            "data_stream.dataset");

    /**
     * Which fields are what. The first that a document has counts, for line and time.
     *
     * @param ignored fields that are left out
     */
    record Fields(List<String> messages, List<String> times, List<String> streams, List<String> ignored) {
        /** From the parameters {@code _msg_field}, {@code _time_field}, {@code _stream_fields} and {@code ignore_fields}. */
        static Fields of(HttpRequest request) {
            return new Fields(
                    list(request, "_msg_field", MESSAGES),
                    list(request, "_time_field", TIMES),
                    list(request, "_stream_fields", STREAMS),
                    list(request, "ignore_fields", List.of()));
        }

        private static List<String> list(HttpRequest request, String name, List<String> fallback) {
            String v = request.param(name);
            if (v == null) {
                return fallback;
            }
            return Arrays.stream(v.split(",", -1))
                    .map(String::trim)
                    .filter(f -> !f.isEmpty())
                    .toList();
        }
    }

    /** Where a document's entry went. */
    record Place(int batch, int row) {}

    private final DecodeBudget budget;
    private final Fields fields;
    private final long nowNanos;
    private final Map<Labels, Integer> numbers = new LinkedHashMap<>();
    private final List<EntryBatch> batches = new ArrayList<>();

    /** @param length bytes of all documents together */
    Documents(Fields fields, long nowNanos, int length) {
        this.budget = new DecodeBudget(length);
        this.fields = fields;
        this.nowNanos = nowNanos;
    }

    /** What was made of the documents. */
    List<EntryBatch> batches() {
        return batches;
    }

    /**
     * Adds the document at a range of bytes.
     *
     * @param index label {@code index} of a stream that has no other
     * @throws RequestException if it is no JSON object, or its time none; nothing was added then
     */
    Place add(byte[] bytes, int from, int to, String index) {
        Map<String, String> all = new LinkedHashMap<>();
        try (JsonParser in = PushedJson.FACTORY.createParser(bytes, from, to - from)) {
            if (in.nextToken() != JsonToken.START_OBJECT) {
                throw PushJson.bad("document is no JSON object", null);
            }
            budget.take(DecodeBudget.ENTRY);
            object(in, "", all);
            if (in.nextToken() != null) {
                throw PushJson.bad("document is followed by something else on its line", null);
            }
        } catch (StreamReadException e) {
            throw PushJson.bad("invalid JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw PushJson.bad("invalid JSON: " + e.getMessage(), e);
        }
        all.keySet().removeAll(fields.ignored);
        String time = first(all, fields.times);
        long nanos = time == null ? nowNanos : time(time);
        Labels.Builder stream = new Labels.Builder();
        for (String f : fields.streams) {
            String v = all.remove(f);
            if (v != null) {
                stream.set(MetadataNames.clean(f), v);
            }
        }
        Labels labels = stream.build();
        if (labels.isEmpty() && !index.isEmpty()) {
            labels = Labels.of("index", index);
        }
        String message = first(all, fields.messages);
        Labels.Builder metadata = new Labels.Builder();
        byte[] line;
        if (message == null) {
            line = Arrays.copyOfRange(bytes, from, to);
        } else {
            line = message.getBytes(StandardCharsets.UTF_8);
            all.forEach((k, v) -> metadata.set(MetadataNames.clean(k), v));
        }
        int batch = numbers.computeIfAbsent(labels, l -> {
            budget.take(DecodeBudget.STREAM);
            batches.add(new EntryBatch(l, 4));
            return batches.size() - 1;
        });
        EntryBatch b = batches.get(batch);
        b.add(nanos, line, 0, line.length, metadata.build());
        return new Place(batch, b.size() - 1);
    }

    /** Takes the first of these fields that is there out of a document. */
    private static @Nullable String first(Map<String, String> all, List<String> names) {
        for (String n : names) {
            String v = all.remove(n);
            if (v != null) {
                return v;
            }
        }
        return null;
    }

    private void object(JsonParser in, String prefix, Map<String, String> to) throws IOException {
        while (in.nextToken() == JsonToken.FIELD_NAME) {
            String name = prefix + in.currentName();
            budget.take(DecodeBudget.PAIR + prefix.length());
            switch (in.nextToken()) {
                case START_OBJECT -> object(in, name + ".", to);
                case START_ARRAY -> to.put(name, array(in));
                case VALUE_NULL -> {}
                default -> to.put(name, in.getText());
            }
        }
    }

    private static String array(JsonParser in) throws IOException {
        StringWriter out = new StringWriter();
        try (JsonGenerator g = PushedJson.FACTORY.createGenerator(out)) {
            g.copyCurrentStructure(in);
        }
        return out.toString();
    }

    /** A time in RFC 3339, or a number of seconds, milliseconds, microseconds or nanoseconds, told apart by its size. */
    private static long time(String s) {
        try {
            if (!s.isEmpty() && s.chars().allMatch(c -> c >= '0' && c <= '9')) {
                long n = Long.parseLong(s);
                return n < 100_000_000_000L
                        ? Times.nanos(n, 0)
                        : n < 100_000_000_000_000L
                                ? Math.multiplyExact(n, 1_000_000L)
                                : n < 100_000_000_000_000_000L ? Math.multiplyExact(n, 1000L) : n;
            }
            Instant t = OffsetDateTime.parse(s.replace(' ', 'T')).toInstant();
            return Times.nanos(t.getEpochSecond(), t.getNano());
        } catch (DateTimeException | NumberFormatException | ArithmeticException e) {
            throw PushJson.bad("\"" + s + "\" is neither a time as in RFC 3339 nor one since the epoch", e);
        }
    }

    /** The end of the line that begins at {@code from}: its line feed, or the end. */
    static int lineEnd(byte[] bytes, int from, int length) {
        int i = from;
        while (i < length && bytes[i] != '\n') {
            i++;
        }
        return i;
    }

    /** Whether there is nothing but white space. */
    static boolean blank(byte[] bytes, int from, int to) {
        for (int i = from; i < to; i++) {
            if (bytes[i] != ' ' && bytes[i] != '\t' && bytes[i] != '\r') {
                return false;
            }
        }
        return true;
    }
}
