/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import com.fasterxml.jackson.core.JsonGenerator;
import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.http.Router;
import io.skald.core.model.Labels;
import io.skald.core.wire.PushedJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Instant;

/** {@code GET /skald/api/v1/discards}: what was refused of the tenant that asks. Thread-safe. */
public final class DiscardsApi {
    private final Discards discards;
    private final boolean multiTenant;

    public DiscardsApi(Discards discards, boolean multiTenant) {
        this.discards = discards;
        this.multiTenant = multiTenant;
    }

    /** Adds the route. */
    public void register(Router router) {
        router.get("/skald/api/v1/discards", this::discards);
    }

    private HttpResponse discards(HttpRequest request) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator g = PushedJson.FACTORY.createGenerator(out)) {
            g.writeStartObject();
            g.writeStringField("status", "success");
            g.writeArrayFieldStart("data");
            for (Discards.OfReason r : discards.of(request.tenant(multiTenant))) {
                g.writeStartObject();
                g.writeStringField("reason", r.reason());
                counts(g, r.lines(), r.bytes(), r.lastMillis());
                g.writeArrayFieldStart("streams");
                for (Discards.OfStream s : r.streams()) {
                    g.writeStartObject();
                    g.writeObjectFieldStart("labels");
                    Labels l = s.stream();
                    for (int i = 0; i < l.size(); i++) {
                        g.writeStringField(l.name(i), l.value(i));
                    }
                    g.writeEndObject();
                    counts(g, s.lines(), s.bytes(), s.lastMillis());
                    g.writeNumberField("linesAtLeast", s.atLeast());
                    g.writeEndObject();
                }
                g.writeEndArray();
                g.writeEndObject();
            }
            g.writeEndArray();
            g.writeEndObject();
        }
        return HttpResponse.of(200, HttpResponse.JSON, out.toByteArray());
    }

    private static void counts(JsonGenerator g, long lines, long bytes, long lastMillis) throws IOException {
        g.writeNumberField("lines", lines);
        g.writeNumberField("bytes", bytes);
        g.writeStringField("last", Instant.ofEpochMilli(lastMillis).toString());
    }
}
