/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.querier.rules.store.GroupKey;
import io.skald.querier.rules.store.NamedRecords;
import io.skald.storage.IndexStore;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * The alerts of groups, kept over restarts: a record for each group in the partition {@code TENANT/rulestate} of the index store. Its name is
 * namespace, line feed, group; its value JSON in gzip. Thread-safe; every call blocks on I/O.
 */
public final class SavedStates {
    private static final JsonFactory JSON = new JsonFactory();

    private final IndexStore store;

    public SavedStates(IndexStore store) {
        this.store = store;
    }

    /**
     * What is kept of a group.
     *
     * @param atNanos the last evaluation
     * @param alerts by rule, as {@link GroupRunner} names it
     */
    record Saved(long atNanos, Map<String, List<ActiveAlert>> alerts) {}

    private NamedRecords records(GroupKey key) {
        return new NamedRecords(store, key.tenant().value() + "/rulestate");
    }

    private static String name(GroupKey key) {
        return key.namespace() + "\n" + key.group();
    }

    @Nullable
    Saved load(GroupKey key) throws StoreException {
        byte[] bytes = records(key).get(name(key));
        if (bytes == null) {
            return null;
        }
        try (JsonParser p = JSON.createParser(new GZIPInputStream(new ByteArrayInputStream(bytes)))) {
            return read(p);
        } catch (IOException e) {
            throw new StoreException.CorruptData("state of rule group " + key + ": " + e.getMessage(), e);
        }
    }

    void save(GroupKey key, Saved state) throws StoreException {
        byte[] bytes = write(state, true);
        if (bytes.length > NamedRecords.MAX_BYTES - 2048) {
            // what matters most: which alerts there are, and since when
            bytes = write(state, false);
        }
        if (bytes.length > NamedRecords.MAX_BYTES - 2048) {
            throw new StoreException("state of rule group " + key + " is too large: " + bytes.length + " bytes");
        }
        records(key).put(name(key), bytes);
    }

    /** Forgets a group. */
    void remove(GroupKey key) throws StoreException {
        records(key).put(name(key), null);
    }

    private static byte[] write(Saved state, boolean annotations) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator g = JSON.createGenerator(new GZIPOutputStream(out))) {
            g.writeStartObject();
            g.writeNumberField("at", state.atNanos);
            g.writeObjectFieldStart("rules");
            for (Map.Entry<String, List<ActiveAlert>> e : state.alerts.entrySet()) {
                g.writeArrayFieldStart(e.getKey());
                for (ActiveAlert a : e.getValue()) {
                    write(g, a, annotations);
                }
                g.writeEndArray();
            }
            g.writeEndObject();
            g.writeEndObject();
        } catch (IOException e) {
            throw new IllegalStateException("writing to the heap failed", e);
        }
        return out.toByteArray();
    }

    private static void write(JsonGenerator g, ActiveAlert a, boolean annotations) throws IOException {
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

    private static void map(JsonGenerator g, String name, Map<String, String> map) throws IOException {
        g.writeObjectFieldStart(name);
        for (Map.Entry<String, String> e : map.entrySet()) {
            g.writeStringField(e.getKey(), e.getValue());
        }
        g.writeEndObject();
    }

    private static Saved read(JsonParser p) throws IOException {
        long at = 0;
        Map<String, List<ActiveAlert>> rules = new TreeMap<>();
        p.nextToken();
        while (p.nextToken() == JsonToken.FIELD_NAME) {
            String name = p.currentName();
            p.nextToken();
            switch (name) {
                case "at" -> at = p.getLongValue();
                case "rules" -> {
                    while (p.nextToken() == JsonToken.FIELD_NAME) {
                        List<ActiveAlert> alerts = new ArrayList<>();
                        rules.put(p.currentName(), alerts);
                        p.nextToken();
                        while (p.nextToken() == JsonToken.START_OBJECT) {
                            alerts.add(alert(p));
                        }
                    }
                }
                default -> p.skipChildren();
            }
        }
        return new Saved(at, rules);
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
                Map<String, String> map = new TreeMap<>();
                while (p.nextToken() == JsonToken.FIELD_NAME) {
                    String key = p.currentName();
                    map.put(key, p.nextTextValue());
                }
                maps.put(name, map);
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
