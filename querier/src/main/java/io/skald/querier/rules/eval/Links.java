/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/**
 * Links to Grafana's Explore.
 *
 * @param externalUrl Grafana's address
 * @param datasourceUid the data source there
 */
public record Links(String externalUrl, String datasourceUid) {
    private static final JsonFactory JSON = new JsonFactory();

    /** A link to a query over a window. */
    String explore(String query, long startNanos, long endNanos) {
        StringWriter text = new StringWriter();
        try (JsonGenerator g = JSON.createGenerator(text)) {
            g.writeStartObject();
            g.writeObjectFieldStart("a");
            g.writeStringField("datasource", datasourceUid);
            g.writeArrayFieldStart("queries");
            g.writeStartObject();
            g.writeStringField("refId", "A");
            g.writeStringField("expr", query);
            g.writeStringField("queryType", "range");
            g.writeObjectFieldStart("datasource");
            g.writeStringField("type", "loki");
            g.writeStringField("uid", datasourceUid);
            g.writeEndObject();
            g.writeEndObject();
            g.writeEndArray();
            g.writeObjectFieldStart("range");
            g.writeStringField("from", Long.toString(Math.floorDiv(startNanos, 1_000_000)));
            g.writeStringField("to", Long.toString(Math.ceilDiv(endNanos, 1_000_000)));
            g.writeEndObject();
            g.writeEndObject();
            g.writeEndObject();
        } catch (IOException e) {
            throw new IllegalStateException("a string writer failed", e);
        }
        String base = externalUrl.endsWith("/") ? externalUrl.substring(0, externalUrl.length() - 1) : externalUrl;
        return base + "/explore?schemaVersion=1&orgId=1&panes="
                + URLEncoder.encode(text.toString(), StandardCharsets.UTF_8);
    }
}
