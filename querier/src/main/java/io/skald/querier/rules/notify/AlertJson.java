/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.notify;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.skald.core.model.Labels;
import io.skald.querier.rules.eval.Outgoing;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Alerts in the JSON of Alertmanager: what it takes (API v2), and what its webhooks send. */
final class AlertJson {
    private static final JsonFactory JSON = new JsonFactory();

    private AlertJson() {}

    /** The body of {@code POST /api/v2/alerts}. */
    static byte[] alertmanager(List<Outgoing> alerts) {
        return json(g -> {
            g.writeStartArray();
            for (Outgoing a : alerts) {
                g.writeStartObject();
                map(g, "labels", map(a.labels()));
                map(g, "annotations", a.annotations());
                g.writeStringField("startsAt", time(a.startsAtNanos()));
                g.writeStringField("endsAt", time(a.endsAtNanos()));
                g.writeStringField("generatorURL", a.link());
                g.writeEndObject();
            }
            g.writeEndArray();
        });
    }

    /** The body of a webhook of Alertmanager, version 4. */
    static byte[] webhook(List<Outgoing> alerts, String externalUrl) {
        boolean firing = alerts.stream().anyMatch(a -> !a.resolved());
        return json(g -> {
            g.writeStartObject();
            g.writeStringField("version", "4");
            g.writeStringField("groupKey", "{}:{}");
            g.writeNumberField("truncatedAlerts", 0);
            g.writeStringField("status", firing ? "firing" : "resolved");
            g.writeStringField("receiver", "skald");
            map(g, "groupLabels", Map.of());
            map(
                    g,
                    "commonLabels",
                    common(alerts.stream().map(a -> map(a.labels())).toList()));
            map(
                    g,
                    "commonAnnotations",
                    common(alerts.stream().map(Outgoing::annotations).toList()));
            g.writeStringField("externalURL", externalUrl);
            g.writeArrayFieldStart("alerts");
            for (Outgoing a : alerts) {
                g.writeStartObject();
                g.writeStringField("status", a.resolved() ? "resolved" : "firing");
                map(g, "labels", map(a.labels()));
                map(g, "annotations", a.annotations());
                g.writeStringField("startsAt", time(a.startsAtNanos()));
                g.writeStringField("endsAt", a.resolved() ? time(a.endsAtNanos()) : "0001-01-01T00:00:00Z");
                g.writeStringField("generatorURL", a.link());
                g.writeStringField(
                        "fingerprint",
                        String.format(Locale.ROOT, "%016x", a.labels().fingerprint()));
                g.writeEndObject();
            }
            g.writeEndArray();
            g.writeEndObject();
        });
    }

    static Map<String, String> common(Collection<Map<String, String>> all) {
        Map<String, String> out =
                new TreeMap<>(all.isEmpty() ? Map.of() : all.iterator().next());
        all.forEach(m -> out.entrySet().removeIf(e -> !e.getValue().equals(m.get(e.getKey()))));
        return out;
    }

    static Map<String, String> map(Labels labels) {
        Map<String, String> out = new TreeMap<>();
        for (int i = 0; i < labels.size(); i++) {
            out.put(labels.name(i), labels.value(i));
        }
        return out;
    }

    static String time(long nanos) {
        return DateTimeFormatter.ISO_INSTANT.format(Instant.EPOCH.plusNanos(nanos));
    }

    private static void map(JsonGenerator g, String name, Map<String, String> map) throws IOException {
        g.writeObjectFieldStart(name);
        for (Map.Entry<String, String> e : map.entrySet()) {
            g.writeStringField(e.getKey(), e.getValue());
        }
        g.writeEndObject();
    }

    private interface Content {
        void write(JsonGenerator g) throws IOException;
    }

    private static byte[] json(Content content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator g = JSON.createGenerator(out)) {
            content.write(g);
        } catch (IOException e) {
            throw new IllegalStateException("writing to the heap failed", e);
        }
        return out.toByteArray();
    }
}
