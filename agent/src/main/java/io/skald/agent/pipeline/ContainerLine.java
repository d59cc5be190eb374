/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.skald.agent.spool.FileState.Format;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a container runtime wraps around a line.
 *
 * @param timestampNanos when it was written, nanoseconds since 1970
 * @param stream {@code stdout} or {@code stderr}
 * @param complete whether the entry ends here, or the next line of the stream goes on with it
 * @param buffer holds the text
 * @param offset of the text
 * @param length of the text, bytes
 */
public record ContainerLine(
        long timestampNanos, String stream, boolean complete, byte[] buffer, int offset, int length) {
    private static final JsonFactory JSON = new JsonFactory();

    /** Tells by a file's first line how its lines are written. */
    public static Format detect(byte[] b, int off, int len) {
        if (parseCri(b, off, len) != null) {
            return Format.CRI;
        }
        return parseDocker(b, off, len) != null ? Format.DOCKER : Format.PLAIN;
    }

    /** {@code 2024-05-01T10:00:00.123456789Z stdout F text}, or null if it is not that. */
    public static @Nullable ContainerLine parseCri(byte[] b, int off, int len) {
        int end = off + len;
        int space = indexOf(b, ' ', off, end);
        if (space < 0) {
            return null;
        }
        long time = parseTime(b, off, space);
        int space2 = time == INVALID ? -1 : indexOf(b, ' ', space + 1, end);
        if (space2 != space + 7) {
            return null;
        }
        String stream = new String(b, space + 1, 6, StandardCharsets.ISO_8859_1);
        if (!stream.equals("stdout") && !stream.equals("stderr")) {
            return null;
        }
        int space3 = indexOf(b, ' ', space2 + 1, end);
        int tagsEnd = space3 < 0 ? end : space3;
        if (tagsEnd == space2 + 1) {
            return null;
        }
        byte tag = b[space2 + 1];
        boolean oneTag = tagsEnd == space2 + 2 || b[space2 + 2] == ':';
        if (!oneTag || tag != 'F' && tag != 'P') {
            return null;
        }
        int text = space3 < 0 ? end : space3 + 1;
        return new ContainerLine(time, stream, tag == 'F', b, text, end - text);
    }

    /** {@code {"log":"text\n","stream":"stdout","time":"…"}}, or null if it is not that. */
    public static @Nullable ContainerLine parseDocker(byte[] b, int off, int len) {
        if (len < 2 || b[off] != '{') {
            return null;
        }
        String log = null;
        String stream = "";
        long time = INVALID;
        try (JsonParser json = JSON.createParser(b, off, len)) {
            json.nextToken();
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String name = json.currentName();
                JsonToken value = json.nextToken();
                if (value == JsonToken.VALUE_STRING) {
                    switch (name) {
                        case "log" -> log = json.getText();
                        case "stream" -> stream = json.getText();
                        case "time" -> {
                            byte[] t = json.getText().getBytes(StandardCharsets.UTF_8);
                            time = parseTime(t, 0, t.length);
                        }
                        default -> {} // attrs and what later versions add
                    }
                } else {
                    json.skipChildren();
                }
            }
            if (json.currentToken() != JsonToken.END_OBJECT || json.nextToken() != null) {
                return null;
            }
        } catch (IOException e) {
            return null; // not JSON: the caller takes it as a plain line
        }
        if (log == null || time == INVALID) {
            return null;
        }
        byte[] text = log.getBytes(StandardCharsets.UTF_8);
        int n = text.length;
        boolean complete = n > 0 && text[n - 1] == '\n';
        if (complete) {
            n--;
            if (n > 0 && text[n - 1] == '\r') {
                n--;
            }
        }
        return new ContainerLine(time, stream, complete, text, 0, n);
    }

    /** What Promtail's stages extract from such a line, by its names there; nothing if it is not such a line. */
    static Map<String, String> fields(Format format, String line) {
        return format == Format.DOCKER ? dockerFields(line) : criFields(line);
    }

    private static Map<String, String> criFields(String line) {
        String[] parts = line.split(" ", 4);
        if (parts.length < 3) {
            return Map.of();
        }
        String content = parts.length == 3 ? "" : parts[3];
        return Map.of(
                "time", parts[0], "timestamp", parts[0], "stream", parts[1], "flags", parts[2], "content", content);
    }

    private static Map<String, String> dockerFields(String line) {
        Map<String, String> out = new HashMap<>();
        try (JsonParser json = JSON.createParser(line)) {
            json.nextToken();
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String name = json.currentName();
                if (json.nextToken() != JsonToken.VALUE_STRING) {
                    json.skipChildren();
                    continue;
                }
                switch (name) {
                    case "log" -> out.put("output", json.getText().replaceFirst("\\r?\\n$", ""));
                    case "stream" -> out.put("stream", json.getText());
                    case "time" -> out.put("timestamp", json.getText());
                    default -> {} // attrs and what later versions add
                }
            }
        } catch (IOException e) {
            return Map.of(); // not JSON: nothing was taken off it
        }
        return out;
    }

    private static final long INVALID = Long.MIN_VALUE;

    /** RFC 3339 with up to nine digits of a second, or {@link #INVALID}. */
    private static long parseTime(byte[] b, int from, int to) {
        if (to - from < 20 || b[from + 4] != '-' || b[from + 7] != '-' || b[from + 10] != 'T') {
            return INVALID;
        }
        if (b[from + 13] != ':' || b[from + 16] != ':') {
            return INVALID;
        }
        int year = digits(b, from, 4);
        int month = digits(b, from + 5, 2);
        int day = digits(b, from + 8, 2);
        int hour = digits(b, from + 11, 2);
        int minute = digits(b, from + 14, 2);
        int second = digits(b, from + 17, 2);
        if ((year | month | day | hour | minute | second) < 0 || hour > 23 || minute > 59 || second > 60) {
            return INVALID;
        }
        int at = from + 19;
        long nanos = 0;
        if (b[at] == '.') {
            int scale = 100_000_000;
            for (at++; at < to && b[at] >= '0' && b[at] <= '9'; at++) {
                nanos += (long) (b[at] - '0') * scale;
                scale /= 10;
            }
        }
        int zone = zoneSeconds(b, at, to);
        if (zone == Integer.MIN_VALUE || year < 1678 || year > 2261) {
            return INVALID;
        }
        try {
            long days = LocalDate.of(year, month, day).toEpochDay();
            return (days * 86_400 + hour * 3600L + minute * 60L + second - zone) * 1_000_000_000 + nanos;
        } catch (DateTimeException e) {
            return INVALID;
        }
    }

    private static int zoneSeconds(byte[] b, int at, int to) {
        if (to - at == 1 && b[at] == 'Z') {
            return 0;
        }
        if (to - at != 6 || b[at + 3] != ':' || b[at] != '+' && b[at] != '-') {
            return Integer.MIN_VALUE;
        }
        int hours = digits(b, at + 1, 2);
        int minutes = digits(b, at + 4, 2);
        if (hours < 0 || minutes < 0) {
            return Integer.MIN_VALUE;
        }
        int seconds = hours * 3600 + minutes * 60;
        return b[at] == '-' ? -seconds : seconds;
    }

    /** A decimal number of n digits, or -1. */
    private static int digits(byte[] b, int at, int n) {
        int v = 0;
        for (int i = at; i < at + n; i++) {
            if (b[i] < '0' || b[i] > '9') {
                return -1;
            }
            v = v * 10 + b[i] - '0';
        }
        return v;
    }

    private static int indexOf(byte[] b, char c, int from, int to) {
        for (int i = from; i < to; i++) {
            if (b[i] == c) {
                return i;
            }
        }
        return -1;
    }
}
