/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.skald.core.model.TenantId;
import io.skald.querier.rules.eval.GroupStatus.RuleStatus;
import io.skald.querier.rules.store.GroupKey;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** How groups of a tenant do, as evaluators tell each other. Members that are not known are passed over. */
final class StatusJson {
    private static final JsonFactory JSON = new JsonFactory();

    private StatusJson() {}

    /** A group's status with the names of its rules: whoever reads it may have another version of the group. */
    record Named(GroupStatus status, List<String> ids) {
        /** The status of a group that has rules of these names. */
        GroupStatus of(List<String> rules) {
            return new GroupStatus(
                    status.lastEvaluationNanos(),
                    status.seconds(),
                    rules.stream()
                            .map(r -> ids.contains(r) ? status.rules().get(ids.indexOf(r)) : RuleStatus.NEW)
                            .toList());
        }
    }

    static byte[] write(Map<GroupKey, Named> groups) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator g = JSON.createGenerator(out)) {
            g.writeStartArray();
            for (Map.Entry<GroupKey, Named> e : groups.entrySet()) {
                GroupStatus status = e.getValue().status;
                g.writeStartObject();
                g.writeStringField("namespace", e.getKey().namespace());
                g.writeStringField("group", e.getKey().group());
                g.writeNumberField("at", status.lastEvaluationNanos());
                g.writeNumberField("seconds", status.seconds());
                g.writeArrayFieldStart("rules");
                for (int i = 0; i < status.rules().size(); i++) {
                    RuleStatus r = status.rules().get(i);
                    g.writeStartObject();
                    g.writeStringField("rule", e.getValue().ids.get(i));
                    g.writeNumberField("at", r.lastEvaluationNanos());
                    g.writeNumberField("seconds", r.seconds());
                    g.writeStringField("error", r.lastError());
                    StateJson.alerts(g, "alerts", r.alerts(), true);
                    g.writeEndObject();
                }
                g.writeEndArray();
                g.writeEndObject();
            }
            g.writeEndArray();
        } catch (IOException e) {
            throw new IllegalStateException("writing to the heap failed", e);
        }
        return out.toByteArray();
    }

    /** @throws IOException if these are not statuses */
    static Map<GroupKey, Named> read(TenantId tenant, byte[] bytes) throws IOException {
        Map<GroupKey, Named> out = new TreeMap<>();
        try (JsonParser p = JSON.createParser(bytes)) {
            if (p.nextToken() != JsonToken.START_ARRAY) {
                throw new IOException("no list of groups");
            }
            while (p.nextToken() == JsonToken.START_OBJECT) {
                group(p, tenant, out);
            }
        } catch (IllegalArgumentException e) {
            throw new IOException("no list of groups: " + e.getMessage(), e);
        }
        return out;
    }

    private static void group(JsonParser p, TenantId tenant, Map<GroupKey, Named> out) throws IOException {
        String namespace = "";
        String group = "";
        long at = 0;
        double seconds = 0;
        List<String> ids = new ArrayList<>();
        List<RuleStatus> rules = new ArrayList<>();
        while (p.nextToken() == JsonToken.FIELD_NAME) {
            String name = p.currentName();
            p.nextToken();
            switch (name) {
                case "namespace" -> namespace = p.getText();
                case "group" -> group = p.getText();
                case "at" -> at = p.getLongValue();
                case "seconds" -> seconds = p.getDoubleValue();
                case "rules" -> {
                    while (p.nextToken() == JsonToken.START_OBJECT) {
                        rules.add(rule(p, ids));
                    }
                }
                default -> p.skipChildren();
            }
        }
        out.put(new GroupKey(tenant, namespace, group), new Named(new GroupStatus(at, seconds, rules), ids));
    }

    private static RuleStatus rule(JsonParser p, List<String> ids) throws IOException {
        String id = "";
        String error = "";
        long at = 0;
        double seconds = 0;
        List<ActiveAlert> alerts = List.of();
        while (p.nextToken() == JsonToken.FIELD_NAME) {
            String name = p.currentName();
            p.nextToken();
            switch (name) {
                case "rule" -> id = p.getText();
                case "at" -> at = p.getLongValue();
                case "seconds" -> seconds = p.getDoubleValue();
                case "error" -> error = p.getText();
                case "alerts" -> alerts = StateJson.alerts(p);
                default -> p.skipChildren();
            }
        }
        ids.add(id);
        return new RuleStatus(at, seconds, error, alerts);
    }
}
