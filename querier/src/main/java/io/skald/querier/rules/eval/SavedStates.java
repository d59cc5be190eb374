/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.querier.rules.store.GroupKey;
import io.skald.querier.rules.store.NamedRecords;
import io.skald.storage.IndexStore;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
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

    private static final int MOST_BYTES = NamedRecords.MAX_BYTES - 2048;

    private final IndexStore store;

    public SavedStates(IndexStore store) {
        this.store = store;
    }

    /**
     * What is kept of a group.
     *
     * @param atNanos the last evaluation
     * @param alerts by rule, as {@link GroupMemory} names it
     * @param sources of silence rules, likewise
     */
    record Saved(long atNanos, Map<String, List<ActiveAlert>> alerts, Map<String, Sources> sources) {}

    /**
     * What a silence rule has learned.
     *
     * @param of which silence: what was learned for another is of no use
     * @param lastSeen when each source logged last, nanoseconds since the epoch
     * @param upToNanos up to when that is known
     */
    record Sources(String of, Map<Labels, Long> lastSeen, long upToNanos) {}

    private NamedRecords records(TenantId tenant) {
        return new NamedRecords(store, tenant.value() + "/rulestate");
    }

    private static String name(GroupKey key) {
        return key.namespace() + "\n" + key.group();
    }

    @Nullable
    Saved load(GroupKey key) throws StoreException {
        byte[] bytes = records(key.tenant()).get(name(key));
        if (bytes == null) {
            return null;
        }
        return read(key, bytes);
    }

    /** Of all groups of a tenant that have a state. */
    Map<GroupKey, Saved> load(TenantId tenant) throws StoreException {
        Map<GroupKey, Saved> out = new TreeMap<>();
        for (Map.Entry<String, byte[]> e : records(tenant).all().entrySet()) {
            int cut = e.getKey().indexOf('\n');
            GroupKey key = new GroupKey(
                    tenant, e.getKey().substring(0, cut), e.getKey().substring(cut + 1));
            out.put(key, read(key, e.getValue()));
        }
        return out;
    }

    private static Saved read(GroupKey key, byte[] bytes) throws StoreException {
        try (JsonParser p = JSON.createParser(new GZIPInputStream(new ByteArrayInputStream(bytes)))) {
            return read(p);
        } catch (IOException | IllegalArgumentException e) {
            throw new StoreException.CorruptData("state of rule group " + key + ": " + e.getMessage(), e);
        }
    }

    void save(GroupKey key, Saved state) throws StoreException {
        byte[] bytes = write(state, true);
        if (bytes.length > MOST_BYTES) {
            // what matters most: which alerts there are, and since when; sources can be learned again
            bytes = write(new Saved(state.atNanos, state.alerts, Map.of()), true);
        }
        if (bytes.length > MOST_BYTES) {
            bytes = write(new Saved(state.atNanos, state.alerts, Map.of()), false);
        }
        if (bytes.length > MOST_BYTES) {
            throw new StoreException("state of rule group " + key + " is too large: " + bytes.length + " bytes");
        }
        records(key.tenant()).put(name(key), bytes);
    }

    /** Forgets a group. */
    void remove(GroupKey key) throws StoreException {
        records(key.tenant()).put(name(key), null);
    }

    private static byte[] write(Saved state, boolean annotations) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator g = JSON.createGenerator(new GZIPOutputStream(out))) {
            g.writeStartObject();
            g.writeNumberField("at", state.atNanos);
            g.writeObjectFieldStart("rules");
            for (Map.Entry<String, List<ActiveAlert>> e : state.alerts.entrySet()) {
                StateJson.alerts(g, e.getKey(), e.getValue(), annotations);
            }
            g.writeEndObject();
            g.writeObjectFieldStart("sources");
            for (Map.Entry<String, Sources> e : state.sources.entrySet()) {
                write(g, e.getKey(), e.getValue());
            }
            g.writeEndObject();
            g.writeEndObject();
        } catch (IOException e) {
            throw new IllegalStateException("writing to the heap failed", e);
        }
        return out.toByteArray();
    }

    private static void write(JsonGenerator g, String rule, Sources s) throws IOException {
        g.writeObjectFieldStart(rule);
        g.writeStringField("of", s.of);
        g.writeNumberField("upTo", s.upToNanos);
        g.writeArrayFieldStart("seen");
        for (Map.Entry<Labels, Long> e : s.lastSeen.entrySet()) {
            g.writeStartObject();
            StateJson.map(g, "labels", RuleTemplates.map(e.getKey()));
            g.writeNumberField("at", e.getValue());
            g.writeEndObject();
        }
        g.writeEndArray();
        g.writeEndObject();
    }

    private static Saved read(JsonParser p) throws IOException {
        long at = 0;
        Map<String, List<ActiveAlert>> rules = new TreeMap<>();
        Map<String, Sources> sources = new TreeMap<>();
        p.nextToken();
        while (p.nextToken() == JsonToken.FIELD_NAME) {
            String name = p.currentName();
            p.nextToken();
            switch (name) {
                case "at" -> at = p.getLongValue();
                case "rules" -> {
                    while (p.nextToken() == JsonToken.FIELD_NAME) {
                        String rule = p.currentName();
                        p.nextToken();
                        rules.put(rule, StateJson.alerts(p));
                    }
                }
                case "sources" -> {
                    while (p.nextToken() == JsonToken.FIELD_NAME) {
                        String rule = p.currentName();
                        p.nextToken();
                        sources.put(rule, sources(p));
                    }
                }
                default -> p.skipChildren();
            }
        }
        return new Saved(at, rules, sources);
    }

    private static Sources sources(JsonParser p) throws IOException {
        String of = "";
        long upTo = 0;
        Map<Labels, Long> seen = new TreeMap<>();
        while (p.nextToken() == JsonToken.FIELD_NAME) {
            String name = p.currentName();
            p.nextToken();
            switch (name) {
                case "of" -> of = p.getText();
                case "upTo" -> upTo = p.getLongValue();
                case "seen" -> {
                    while (p.nextToken() == JsonToken.START_OBJECT) {
                        source(p, seen);
                    }
                }
                default -> p.skipChildren();
            }
        }
        return new Sources(of, seen, upTo);
    }

    private static void source(JsonParser p, Map<Labels, Long> seen) throws IOException {
        Labels labels = Labels.EMPTY;
        long at = 0;
        while (p.nextToken() == JsonToken.FIELD_NAME) {
            String name = p.currentName();
            p.nextToken();
            switch (name) {
                case "labels" -> labels = Labels.of(StateJson.map(p));
                case "at" -> at = p.getLongValue();
                default -> p.skipChildren();
            }
        }
        seen.put(labels, at);
    }
}
