/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.inspect;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.skald.cli.Output;
import io.skald.core.model.Labels;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/** How entries and JSON are printed. Confined to one thread. */
final class Entries {
    static final JsonFactory JSON = new JsonFactory();

    /** Writes fields of an object. */
    interface Fields {
        void write(JsonGenerator g) throws IOException;
    }

    private Entries() {}

    static String time(long nanos) {
        return Instant.ofEpochSecond(Math.floorDiv(nanos, 1_000_000_000L), Math.floorMod(nanos, 1_000_000_000L))
                .toString();
    }

    /** One object as one line. */
    static void object(Output out, Fields fields) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator g = JSON.createGenerator(text)) {
            g.writeStartObject();
            fields.write(g);
            g.writeEndObject();
        }
        out.println(text.toString());
    }

    static void labels(JsonGenerator g, String field, Labels labels) throws IOException {
        g.writeObjectFieldStart(field);
        for (int i = 0; i < labels.size(); i++) {
            g.writeStringField(labels.name(i), labels.value(i));
        }
        g.writeEndObject();
    }

    static void strings(JsonGenerator g, String field, Iterable<String> values) throws IOException {
        g.writeArrayFieldStart(field);
        for (String v : values) {
            g.writeString(v);
        }
        g.writeEndArray();
    }

    /** An entry; {@code tenant} may be empty. Bytes that are not UTF-8 are shown as U+FFFD. */
    static void entry(
            Output out,
            InspectCommand.Form form,
            String tenant,
            Labels stream,
            long nanos,
            byte[] buffer,
            int offset,
            int length,
            Labels metadata)
            throws IOException {
        String line = new String(buffer, offset, length, StandardCharsets.UTF_8);
        if (form == InspectCommand.Form.JSON) {
            object(out, g -> {
                g.writeStringField("timestamp", time(nanos));
                if (!tenant.isEmpty()) {
                    g.writeStringField("tenant", tenant);
                }
                labels(g, "stream", stream);
                labels(g, "metadata", metadata);
                g.writeStringField("line", line);
            });
            return;
        }
        out.println(time(nanos)
                + (tenant.isEmpty() ? "" : " " + tenant)
                + " " + stream + " " + line
                + (metadata.size() == 0 ? "" : " " + metadata));
    }
}
