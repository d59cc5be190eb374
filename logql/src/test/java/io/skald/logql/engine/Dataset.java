/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import io.skald.core.config.Limits;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.logql.conformance.JsonTree;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * The recorded dataset as an ingester would hold it: with {@code service_name} and {@code detected_level}. What finds the level here is good
 * enough for this data; the real thing belongs to the ingester.
 */
final class Dataset {
    private static final List<String> FILES =
            List.of("checkout", "gateway", "globex", "ledger", "nginx", "odd", "payments", "services", "system");

    private static final List<String> LEVEL_FIELDS = List.of(
            "level",
            "LEVEL",
            "Level",
            "log.level",
            "severity",
            "SEVERITY",
            "Severity",
            "SeverityText",
            "lvl",
            "LVL",
            "Lvl",
            "severity_text",
            "Severity_Text",
            "SEVERITY_TEXT");

    private static final Pattern LOGFMT_LEVEL =
            Pattern.compile("(?:^|\\s)(?:level|severity|lvl|LEVEL|Level)=\"?([^\\s\"]+)");
    private static final Pattern WORD = Pattern.compile("[A-Za-z]+");

    private Dataset() {}

    /** The sources by tenant. */
    static Map<String, MemoryLogSource> load() throws IOException {
        Map<String, List<EntryBatch>> batches = new HashMap<>();
        for (String file : FILES) {
            try (InputStream in = Dataset.class.getResourceAsStream("/conformance/data/" + file + ".jsonl.gz");
                    BufferedReader lines = new BufferedReader(new InputStreamReader(
                            new GZIPInputStream(Objects.requireNonNull(in, file)), StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    Map<?, ?> row = (Map<?, ?>) Objects.requireNonNull(JsonTree.parse(line));
                    batches.computeIfAbsent((String) row.get("tenant"), missing -> new ArrayList<>())
                            .add(entry(row));
                }
            }
        }
        Map<String, MemoryLogSource> sources = new HashMap<>();
        batches.forEach((tenant, all) -> sources.put(tenant, new MemoryLogSource(all)));
        return sources;
    }

    private static EntryBatch entry(Map<?, ?> row) {
        Labels labels = labels(row.get("labels"), false);
        Labels pushed = labels(row.get("metadata"), true);
        String line = (String) Objects.requireNonNull(row.get("line"));
        String service = "unknown_service";
        for (String name : Limits.DEFAULTS.discoverServiceName()) {
            if (labels.has(name)) {
                service = labels.getOrEmpty(name);
                break;
            }
        }
        Labels stream = labels.has("service_name")
                ? labels
                : labels.toBuilder().set("service_name", service).build();
        Labels metadata = pushed.has("detected_level")
                ? pushed
                : pushed.toBuilder()
                        .set("detected_level", level(labels, pushed, line))
                        .build();
        EntryBatch batch = new EntryBatch(stream, 1);
        byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
        batch.add(Long.parseLong((String) Objects.requireNonNull(row.get("ts"))), bytes, 0, bytes.length, metadata);
        return batch;
    }

    private static Labels labels(@Nullable Object map, boolean sanitize) {
        Labels.Builder b = new Labels.Builder();
        if (map instanceof Map<?, ?> m) {
            m.forEach((name, value) ->
                    b.set(sanitize ? ((String) name).replaceAll("[^A-Za-z0-9_]", "_") : (String) name, (String) value));
        }
        return b.build();
    }

    private static String level(Labels stream, Labels metadata, String line) {
        for (Labels labels : List.of(metadata, stream)) {
            for (String field : LEVEL_FIELDS) {
                String v = labels.get(field);
                if (v != null) {
                    String known = known(v);
                    return known == null ? v : known;
                }
            }
        }
        String found = null;
        if (line.startsWith("{")) {
            try {
                if (JsonTree.parse(line) instanceof Map<?, ?> m) {
                    for (String field : LEVEL_FIELDS) {
                        if (m.get(field) instanceof String s) {
                            found = s;
                            break;
                        }
                    }
                }
            } catch (IOException e) {
                found = null;
            }
        } else {
            Matcher m = LOGFMT_LEVEL.matcher(line);
            found = m.find() ? m.group(1) : null;
        }
        if (found != null) {
            String known = known(found);
            return known == null ? "unknown" : known;
        }
        Matcher words = WORD.matcher(line);
        while (words.find()) {
            String known = known(words.group());
            // "inf" is more often a number than a level
            if (known != null && !words.group().equalsIgnoreCase("inf")) {
                return known;
            }
        }
        return "unknown";
    }

    private static @Nullable String known(String value) {
        return switch (value.toLowerCase(Locale.ROOT)) {
            case "trace", "trc" -> "trace";
            case "debug", "dbg" -> "debug";
            case "info", "inf", "information" -> "info";
            case "warn", "wrn", "warning" -> "warn";
            case "error", "err" -> "error";
            case "critical" -> "critical";
            case "fatal" -> "fatal";
            default -> null;
        };
    }
}
