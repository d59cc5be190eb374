/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.StreamReadException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import io.skald.core.wire.DecodeBudget;
import io.skald.core.wire.PushedJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads Loki's JSON push ({@code {"streams":[{"stream":{..},"values":[["<ns>","line",{metadata}]]}]}}) and its older form
 * ({@code {"streams":[{"labels":"{..}","entries":[{"ts":"..","line":".."}]}]}}).
 */
final class PushJson {
    private static final byte[] NO_LINE = {};

    private final JsonParser in;
    private final DecodeBudget budget;
    private final List<EntryBatch> streams = new ArrayList<>();
    private final List<Intake.Invalid> invalid = new ArrayList<>();

    private PushJson(JsonParser in, int length) {
        this.in = in;
        this.budget = new DecodeBudget(length);
    }

    /** @throws RequestException if the body is not such a document */
    static Intake.Decoded decode(byte[] body, int length) {
        if (length == 0) {
            throw bad("EOF", null);
        }
        try (JsonParser in = PushedJson.FACTORY.createParser(body, 0, length)) {
            return new PushJson(in, length).request();
        } catch (JsonEOFException e) {
            throw bad("unexpected EOF", e);
        } catch (StreamReadException e) {
            throw bad("invalid JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw bad("invalid JSON: " + e.getMessage(), e);
        }
    }

    static RequestException bad(String message, @Nullable Exception cause) {
        return cause == null
                ? new RequestException(ErrorCode.BAD_REQUEST, message)
                : new RequestException(ErrorCode.BAD_REQUEST, message, cause);
    }

    private RequestException wrong(String expected) {
        return bad(
                "loghttp.PushRequest.Streams: invalid value at line "
                        + in.currentLocation().getLineNr() + ", column "
                        + in.currentLocation().getColumnNr() + ": expected " + expected + ", can't find it",
                null);
    }

    private Intake.Decoded request() throws IOException {
        JsonToken first = in.nextToken();
        if (first == JsonToken.VALUE_NULL) {
            return new Intake.Decoded(streams, invalid);
        }
        if (first != JsonToken.START_OBJECT) {
            throw bad("readObjectStart: expect { or n", null);
        }
        while (in.nextToken() == JsonToken.FIELD_NAME) {
            String name = in.currentName();
            JsonToken value = in.nextToken();
            if (!name.equals("streams") || value == JsonToken.VALUE_NULL) {
                in.skipChildren();
                continue;
            }
            if (value != JsonToken.START_ARRAY) {
                throw bad("loghttp.PushRequest.Streams: []loghttp.LogProtoStream: decode slice: expect [ or n", null);
            }
            while (in.nextToken() != JsonToken.END_ARRAY) {
                stream();
            }
        }
        return new Intake.Decoded(streams, invalid);
    }

    private void stream() throws IOException {
        if (in.currentToken() != JsonToken.START_OBJECT) {
            throw wrong("an object, closing '}'");
        }
        Labels labels = Labels.EMPTY;
        String why = null;
        budget.take(DecodeBudget.STREAM);
        EntryBatch entries = new EntryBatch(Labels.EMPTY, 4);
        while (in.nextToken() == JsonToken.FIELD_NAME) {
            String name = in.currentName();
            in.nextToken();
            switch (name) {
                case "stream", "labels" -> {
                    boolean map = name.equals("stream");
                    Map<String, String> pairs = map ? strings() : Map.of();
                    String text = map ? "" : string();
                    try {
                        labels = map ? LabelParser.of(pairs) : LabelParser.parse(text);
                    } catch (RequestException e) {
                        why = e.getMessage();
                    }
                }
                case "values" -> array(entries, false);
                case "entries" -> array(entries, true);
                default -> in.skipChildren();
            }
        }
        if (why == null) {
            streams.add(entries.withLabels(labels));
        } else {
            invalid.add(new Intake.Invalid(why, entries.size(), entries.lineBytes()));
        }
    }

    private void array(EntryBatch to, boolean objects) throws IOException {
        if (in.currentToken() == JsonToken.VALUE_NULL) {
            return;
        }
        if (in.currentToken() != JsonToken.START_ARRAY) {
            throw wrong("an array");
        }
        while (in.nextToken() != JsonToken.END_ARRAY) {
            if (objects) {
                object(to);
            } else {
                value(to);
            }
        }
    }

    private String string() throws IOException {
        if (in.currentToken() != JsonToken.VALUE_STRING) {
            throw wrong("a string, closing '\"'");
        }
        return in.getText();
    }

    private Map<String, String> strings() throws IOException {
        if (in.currentToken() != JsonToken.START_OBJECT) {
            throw wrong("an object, closing '}'");
        }
        Map<String, String> map = new LinkedHashMap<>();
        while (in.nextToken() == JsonToken.FIELD_NAME) {
            String name = in.currentName();
            in.nextToken();
            budget.take(DecodeBudget.PAIR);
            map.put(name, string());
        }
        return map;
    }

    /** {@code ["<nanoseconds>", "line", {metadata}]}; what follows is ignored. */
    private void value(EntryBatch to) throws IOException {
        if (in.currentToken() != JsonToken.START_ARRAY) {
            throw wrong("an array");
        }
        budget.take(DecodeBudget.ENTRY);
        long nanos = 0;
        byte[] line = NO_LINE;
        Labels metadata = Labels.EMPTY;
        int i = 0;
        for (; in.nextToken() != JsonToken.END_ARRAY; i++) {
            switch (i) {
                case 0 -> nanos = nanos(string());
                case 1 -> line = string().getBytes(StandardCharsets.UTF_8);
                case 2 -> metadata = metadata(strings());
                default -> in.skipChildren();
            }
        }
        if (i > 0) {
            to.add(nanos, line, 0, line.length, metadata);
        }
    }

    /** {@code {"ts":"<RFC 3339>", "line":".."}}. */
    private void object(EntryBatch to) throws IOException {
        if (in.currentToken() != JsonToken.START_OBJECT) {
            throw wrong("an object, closing '}'");
        }
        budget.take(DecodeBudget.ENTRY);
        long nanos = 0;
        byte[] line = NO_LINE;
        Labels metadata = Labels.EMPTY;
        while (in.nextToken() == JsonToken.FIELD_NAME) {
            String name = in.currentName();
            in.nextToken();
            switch (name) {
                case "ts" -> nanos = time(string());
                case "line" -> line = string().getBytes(StandardCharsets.UTF_8);
                case "structuredMetadata" -> metadata = metadata(strings());
                default -> in.skipChildren();
            }
        }
        to.add(nanos, line, 0, line.length, metadata);
    }

    private static Labels metadata(Map<String, String> map) {
        return map.isEmpty() ? Labels.EMPTY : Labels.of(map);
    }

    private static long nanos(String s) {
        try {
            return Long.parseLong(s);
        } catch (NumberFormatException e) {
            throw bad("loghttp.PushRequest.Streams: timestamp can't be read: \"" + s + "\" is not in nanoseconds", e);
        }
    }

    private static long time(String s) {
        try {
            Instant t = OffsetDateTime.parse(s).toInstant();
            return Times.nanos(t.getEpochSecond(), t.getNano());
        } catch (DateTimeException e) {
            throw bad("parsing time \"" + s + "\" as RFC 3339 failed", e);
        }
    }
}
