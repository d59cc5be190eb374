/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.skald.core.model.Labels;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Alerts and labels in the JSON of saved states, and of what evaluators tell each other. Members that are not known are passed over. */
final class StateJson {
    private StateJson() {}

    static void alerts(JsonGenerator g, String name, List<ActiveAlert> alerts, boolean annotations) throws IOException {
        g.writeArrayFieldStart(name);
        for (ActiveAlert a : alerts) {
            g.writeStartObject();
            map(g, "series", RuleTemplates.map(a.series()));
            map(g, "labels", RuleTemplates.map(a.labels()));
            map(g, "annotations", annotations ? a.annotations() : Map.of());
            g.writeStringField("state", a.state().name());
            g.writeStringField("value", Double.toString(a.value()));
            g.writeNumberField("active", a.activeAtNanos());
            g.writeNumberField("fired", a.firedAtNanos());
            g.writeNumberField("resolved", a.resolvedAtNanos());
            g.writeNumberField("keep", a.keepFiringSinceNanos());
            g.writeEndObject();
        }
        g.writeEndArray();
    }

    static void map(JsonGenerator g, String name, Map<String, String> map) throws IOException {
        g.writeObjectFieldStart(name);
        for (Map.Entry<String, String> e : map.entrySet()) {
            g.writeStringField(e.getKey(), e.getValue());
        }
        g.writeEndObject();
    }

    /** The array that the parser is at. */
    static List<ActiveAlert> alerts(JsonParser p) throws IOException {
        List<ActiveAlert> alerts = new ArrayList<>();
        while (p.nextToken() == JsonToken.START_OBJECT) {
            alerts.add(alert(p));
        }
        return alerts;
    }

    /** The object that the parser is at. */
    static Map<String, String> map(JsonParser p) throws IOException {
        Map<String, String> map = new TreeMap<>();
        while (p.nextToken() == JsonToken.FIELD_NAME) {
            String key = p.currentName();
            map.put(key, p.nextTextValue());
        }
        return map;
    }

    private static ActiveAlert alert(JsonParser p) throws IOException {
        Map<String, Map<String, String>> maps = new TreeMap<>();
        Map<String, Long> times = new TreeMap<>();
        ActiveAlert.State state = ActiveAlert.State.INACTIVE;
        double value = 0;
        while (p.nextToken() == JsonToken.FIELD_NAME) {
            String name = p.currentName();
            JsonToken t = p.nextToken();
            if (t == JsonToken.START_OBJECT) {
                maps.put(name, map(p));
            } else if (t == JsonToken.VALUE_NUMBER_INT) {
                times.put(name, p.getLongValue());
            } else if (name.equals("state")) {
                state = ActiveAlert.State.valueOf(p.getText());
            } else if (name.equals("value")) {
                value = Double.parseDouble(p.getText());
            }
        }
        return new ActiveAlert(
                Labels.of(maps.getOrDefault("series", Map.of())),
                Labels.of(maps.getOrDefault("labels", Map.of())),
                maps.getOrDefault("annotations", Map.of()),
                state,
                value,
                times.getOrDefault("active", 0L),
                times.getOrDefault("fired", 0L),
                times.getOrDefault("resolved", 0L),
                times.getOrDefault("keep", 0L));
    }
}
