/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import io.skald.core.config.Limits;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Holds a push against the limits of its tenant, and adds what is found out: {@code service_name} and {@code detected_level}. Entries that
 * break a limit are left out and reported; the others go on. Confined to one thread, for one push.
 */
public final class Validator {
    private static final String SERVICE_NAME = "service_name";
    private static final int MAX_REASONS = 10;
    private static final byte[] NO_LINE = new byte[0];

    /** Is told of what was refused. */
    public interface Discards {
        /** @param reason Loki's name for it, such as {@code line_too_long} */
        void discarded(String reason, long entries, long bytes);
    }

    private final Limits limits;
    private final Discards discards;
    private final long oldest;
    private final long newest;
    private final Map<String, Integer> reasons = new LinkedHashMap<>();
    private long rejected;

    public Validator(Limits limits, long nowNanos, Discards discards) {
        this.limits = limits;
        this.discards = discards;
        this.oldest = limits.rejectOldSamples()
                ? nowNanos - limits.rejectOldSamplesMaxAge().toNanos()
                : Long.MIN_VALUE;
        this.newest = nowNanos + limits.creationGracePeriod().toNanos();
    }

    /** The streams as they are to be stored. */
    public List<EntryBatch> apply(List<EntryBatch> pushed) {
        List<EntryBatch> good = new ArrayList<>(pushed.size());
        for (EntryBatch b : pushed) {
            if (b.size() > 0) {
                EntryBatch checked = stream(b);
                if (checked.size() > 0) {
                    good.add(checked);
                }
            }
        }
        return good;
    }

    /** Entries that were refused. */
    public long rejected() {
        return rejected;
    }

    /** Why entries were refused; empty when none were. */
    public String message() {
        if (rejected == 0) {
            return "";
        }
        StringBuilder sb = new StringBuilder();
        boolean single = reasons.size() == 1 && reasons.values().iterator().next() == 1;
        reasons.forEach((text, n) -> {
            if (single) {
                sb.append(text);
            } else {
                sb.append(sb.isEmpty() ? "" : "; ")
                        .append(n)
                        .append(" errors like: ")
                        .append(text);
            }
        });
        return sb.toString();
    }

    private void reject(String reason, String text, long entries, long bytes) {
        rejected += entries;
        if (reasons.size() < MAX_REASONS || reasons.containsKey(text)) {
            reasons.merge(text, 1, Integer::sum);
        }
        discards.discarded(reason, entries, bytes);
    }

    private EntryBatch stream(EntryBatch b) {
        Labels labels = withServiceName(b.labels());
        EntryBatch none = new EntryBatch(labels, 1);
        int names = labels.size() - (b.labels().has(SERVICE_NAME) ? 0 : labels.has(SERVICE_NAME) ? 1 : 0);
        if (names > limits.maxLabelNamesPerSeries()) {
            reject(
                    "max_label_names_per_series",
                    "entry for stream '" + labels + "' has " + names + " label names; limit "
                            + limits.maxLabelNamesPerSeries(),
                    b.size(),
                    b.lineBytes());
            return none;
        }
        for (int i = 0; i < labels.size(); i++) {
            if (utf8Length(labels.name(i)) > limits.maxLabelNameLength()) {
                String text = "stream '" + labels + "' has label name too long: '" + labels.name(i) + "'";
                reject("label_name_too_long", text, b.size(), b.lineBytes());
                return none;
            }
            if (utf8Length(labels.value(i)) > limits.maxLabelValueLength()) {
                String text = "stream '" + labels + "' has label value too long: '" + labels.value(i) + "'";
                reject("label_value_too_long", text, b.size(), b.lineBytes());
                return none;
            }
        }
        return entries(b, labels);
    }

    private EntryBatch entries(EntryBatch b, Labels labels) {
        String streamLevel = limits.discoverLogLevels() ? LevelDetector.named(labels) : null;
        EntryBatch to = new EntryBatch(labels, b.size());
        for (int i = 0; i < b.size(); i++) {
            int length = b.length(i);
            Labels pushed = b.metadata(i);
            if (!timely(labels, b.timestampNanos(i), length) || !metadataAllowed(labels, pushed, length)) {
                continue;
            }
            if (limits.maxLineSize() > 0 && length > limits.maxLineSize()) {
                if (!limits.maxLineSizeTruncate()) {
                    String text = "max entry size '" + limits.maxLineSize() + "' bytes exceeded for stream '" + labels
                            + "' while adding an entry with length '" + length + "' bytes";
                    reject("line_too_long", text, 1, length);
                    continue;
                }
                length = limits.maxLineSize();
            }
            Labels metadata = MetadataNames.clean(pushed);
            if (limits.discoverLogLevels() && !metadata.has(LevelDetector.LABEL)) {
                String level = streamLevel != null ? streamLevel : level(metadata, b, i, length);
                metadata = metadata.isEmpty()
                        ? LevelDetector.labels(level)
                        : metadata.toBuilder().set(LevelDetector.LABEL, level).build();
            }
            to.add(
                    b.timestampNanos(i),
                    length == 0 ? NO_LINE : b.buffer(i),
                    length == 0 ? 0 : b.offset(i),
                    length,
                    metadata);
        }
        return to;
    }

    private String level(Labels metadata, EntryBatch b, int i, int length) {
        String named = LevelDetector.named(metadata);
        if (named == null && !metadata.isEmpty()) {
            named = LevelDetector.ofSeverity(metadata);
        }
        return named != null
                ? named
                : LevelDetector.ofLine(b.buffer(i), b.offset(i), length, limits.logLevelFromJsonMaxDepth());
    }

    private boolean timely(Labels labels, long nanos, int bytes) {
        if (nanos < oldest) {
            reject(
                    "greater_than_max_sample_age",
                    "entry for stream '" + labels + "' has timestamp too old: " + Times.show(nanos)
                            + ", oldest acceptable timestamp is: " + Times.show(oldest),
                    1,
                    bytes);
            return false;
        }
        if (nanos > newest) {
            String text = "entry for stream '" + labels + "' has timestamp too new: " + Times.show(nanos);
            reject("too_far_in_future", text, 1, bytes);
            return false;
        }
        return true;
    }

    private boolean metadataAllowed(Labels labels, Labels metadata, int bytes) {
        if (metadata.isEmpty()) {
            return true;
        }
        if (!limits.allowStructuredMetadata()) {
            reject(
                    "disallowed_structured_metadata",
                    "stream '" + labels
                            + "' includes structured metadata, but this feature is disallowed. Please see `limits_config.allow_structured_metadata` or contact your Loki administrator to enable it",
                    1,
                    bytes);
            return false;
        }
        int size = 0;
        for (int i = 0; i < metadata.size(); i++) {
            size += utf8Length(metadata.name(i)) + utf8Length(metadata.value(i));
        }
        if (limits.maxStructuredMetadataSize() > 0 && size > limits.maxStructuredMetadataSize()) {
            reject(
                    "structured_metadata_too_large",
                    "stream '" + labels + "' has structured metadata too large: '" + size + "' bytes, limit: '"
                            + limits.maxStructuredMetadataSize()
                            + "' bytes. Please see `limits_config.max_structured_metadata_size` or contact your Loki administrator to increase it",
                    1,
                    bytes);
            return false;
        }
        int most = limits.maxStructuredMetadataEntriesCount();
        if (most > 0 && metadata.size() > most) {
            reject(
                    "structured_metadata_too_many",
                    "stream '" + labels + "' has too many structured metadata labels: '" + metadata.size()
                            + "', limit: '" + most
                            + "'. Please see `limits_config.max_structured_metadata_entries_count` or contact your Loki administrator to increase it",
                    1,
                    bytes);
            return false;
        }
        return true;
    }

    private Labels withServiceName(Labels labels) {
        if (limits.discoverServiceName().isEmpty() || labels.has(SERVICE_NAME)) {
            return labels;
        }
        String name = "unknown_service";
        for (String label : limits.discoverServiceName()) {
            String v = labels.get(label);
            if (v != null) {
                name = v;
                break;
            }
        }
        return labels.toBuilder().set(SERVICE_NAME, name).build();
    }

    private static int utf8Length(String s) {
        int n = 0;
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            n += c < 0x80 ? 1 : c < 0x800 ? 2 : Character.isSurrogate(c) ? 2 : 3;
        }
        return n;
    }
}
