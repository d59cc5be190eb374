/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.client;

import com.fasterxml.jackson.core.JsonGenerator;
import io.skald.cli.Output;
import io.skald.cli.client.Answer.Line;
import java.io.IOException;
import java.io.StringWriter;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Prints results in the form that the user chose. Confined to one thread. */
final class ResultPrinter {
    /** {@code -o}. */
    enum Form {
        DEFAULT,
        RAW,
        JSONL;

        /** As written on the command line. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", Locale.ROOT);

    private final Output out;
    private final Form form;
    private final ZoneId zone;
    private Map<String, String> lastLabels = Map.of();
    private String lastText = "{}";

    ResultPrinter(Output out, Form form, ZoneId zone) {
        this.out = out;
        this.form = form;
        this.zone = zone;
    }

    void line(Line line) throws Output.Gone {
        switch (form) {
            case RAW -> out.println(line.text());
            case JSONL ->
                out.println(json(g -> {
                    g.writeStringField(
                            "timestamp", instant(line.timestampNanos()).toString());
                    writeLabels(g, "labels", line.labels());
                    g.writeStringField("line", line.text());
                }));
            case DEFAULT ->
                out.println(out.coloured("2", time(instant(line.timestampNanos()))) + " "
                        + out.coloured("36", labels(line.labels())) + " "
                        + levelled(line));
        }
    }

    void lines(List<Line> lines) throws Output.Gone {
        for (Line l : lines) {
            line(l);
        }
    }

    private String levelled(Line line) {
        String level =
                line.labels().getOrDefault("detected_level", line.labels().getOrDefault("level", ""));
        return switch (level.toLowerCase(Locale.ROOT)) {
            case "error", "err", "fatal", "critical" -> out.coloured("31", line.text());
            case "warn", "warning" -> out.coloured("33", line.text());
            default -> line.text();
        };
    }

    /** One row for each sample: time, value, labels. */
    void samples(Answer.Samples samples) throws Output.Gone {
        int width = 0;
        for (Answer.Series s : samples.series()) {
            for (Answer.Sample v : s.samples()) {
                width = Math.max(width, v.value().length());
            }
        }
        for (Answer.Series s : samples.series()) {
            for (Answer.Sample v : s.samples()) {
                sample(s, v, width);
            }
        }
    }

    private void sample(Answer.Series s, Answer.Sample v, int width) throws Output.Gone {
        Instant t = Instant.ofEpochMilli(Math.round(v.unixSeconds() * 1000));
        switch (form) {
            case RAW -> out.println(v.value());
            case JSONL ->
                out.println(json(g -> {
                    g.writeStringField("timestamp", t.toString());
                    writeLabels(g, "metric", s.labels());
                    g.writeStringField("value", v.value());
                }));
            case DEFAULT ->
                out.println(out.coloured("2", time(t)) + "  "
                        + out.coloured("1", " ".repeat(width - v.value().length()) + v.value()) + "  "
                        + out.coloured("36", labels(s.labels())));
        }
    }

    private String time(Instant t) {
        return TIME.format(t.atZone(zone));
    }

    private static Instant instant(long nanos) {
        return Instant.ofEpochSecond(Math.floorDiv(nanos, 1_000_000_000L), Math.floorMod(nanos, 1_000_000_000L));
    }

    private String labels(Map<String, String> labels) {
        if (!labels.equals(lastLabels)) {
            lastLabels = labels;
            lastText = format(labels);
        }
        return lastText;
    }

    /** Labels as a selector: {@code {app="a", env="b"}}. */
    static String format(Map<String, String> labels) {
        StringBuilder b = new StringBuilder("{");
        labels.forEach((name, value) -> {
            String escaped = value.replace("\\", "\\\\")
                    .replace("\"", "\\\"")
                    .replace("\n", "\\n")
                    .replace("\t", "\\t");
            b.append(b.length() == 1 ? "" : ", ")
                    .append(name)
                    .append("=\"")
                    .append(escaped)
                    .append('"');
        });
        return b.append('}').toString();
    }

    private interface Fields {
        void write(JsonGenerator g) throws IOException;
    }

    private static String json(Fields fields) {
        StringWriter text = new StringWriter();
        try (JsonGenerator g = LokiClient.JSON.createGenerator(text)) {
            g.writeStartObject();
            fields.write(g);
            g.writeEndObject();
        } catch (IOException e) {
            throw new IllegalStateException("a string writer failed", e);
        }
        return text.toString();
    }

    /** Labels as one JSON object. */
    static String labelsJson(Map<String, String> labels) {
        return json(g -> {
            for (Map.Entry<String, String> e : labels.entrySet()) {
                g.writeStringField(e.getKey(), e.getValue());
            }
        });
    }

    private static void writeLabels(JsonGenerator g, String field, Map<String, String> labels) throws IOException {
        g.writeObjectFieldStart(field);
        for (Map.Entry<String, String> e : labels.entrySet()) {
            g.writeStringField(e.getKey(), e.getValue());
        }
        g.writeEndObject();
    }
}
