/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import io.skald.core.config.Limits;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.MetadataNames;
import io.skald.core.model.TenantId;
import io.skald.core.wire.LevelDetector;
import io.skald.core.wire.PushSink.PushResult;
import io.skald.core.wire.PushSink.Rejection;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Holds a push against the limits of its tenant, and adds what is found out: {@code service_name} and {@code detected_level}. Entries that
 * break a limit are left out and reported; the others go on. Confined to one thread, for one push.
 */
public final class Validator {
    private static final String SERVICE_NAME = "service_name";
    private static final int MAX_REASONS = 10;
    private static final int TOO_MANY = 429;
    private static final byte[] NO_LINE = new byte[0];

    private final TenantId tenant;
    private final Limits limits;
    private final Discards discards;
    private final TenantGates gates;
    private final TenantGate gate;
    private final long now;
    private final long oldest;
    private final long newest;
    private final Map<String, Integer> reasons = new LinkedHashMap<>();
    private long rejected;
    private int status = 204;
    private final List<Rejection> rejections = new ArrayList<>();
    /** What is being looked at. */
    private int batch = -1;

    private int row = -1;
    private TenantGate.@Nullable Known lastKnown;

    /**
     * @param nowNanos the time, nanoseconds since the epoch
     * @param discards is told of what was refused
     * @param gates what is remembered of the tenants' earlier pushes
     */
    public Validator(TenantId tenant, Limits limits, long nowNanos, Discards discards, TenantGates gates) {
        this.tenant = tenant;
        this.limits = limits;
        this.discards = discards;
        this.gates = gates;
        this.gate = gates.of(tenant);
        this.now = nowNanos;
        this.oldest = limits.rejectOldSamples()
                ? nowNanos - limits.rejectOldSamplesMaxAge().toNanos()
                : Long.MIN_VALUE;
        this.newest = nowNanos + limits.creationGracePeriod().toNanos();
    }

    /** The streams as they are to be stored. */
    public List<EntryBatch> apply(List<EntryBatch> pushed) {
        long bytes = 0;
        long entries = 0;
        for (EntryBatch b : pushed) {
            bytes += b.lineBytes();
            entries += b.size();
        }
        if (entries == 0 || !allowed(pushed.getFirst().labels(), entries, bytes)) {
            return List.of();
        }
        List<EntryBatch> good = new ArrayList<>(pushed.size());
        for (EntryBatch b : pushed) {
            batch++;
            row = -1;
            if (b.size() > 0) {
                EntryBatch checked = stream(b);
                if (checked != null && checked.size() > 0) {
                    good.add(checked);
                }
            }
        }
        return good;
    }

    /**
     * Whether the tenant may push now; if not, all was refused.
     *
     * @param example the labels of one of the streams
     */
    boolean allowed(Labels example, long entries, long bytes) {
        if (!limits.blockIngestionUntil().isEmpty()) {
            Instant until = Instant.parse(limits.blockIngestionUntil());
            if (Times.nanos(until.getEpochSecond(), until.getNano()) > now) {
                String text =
                        "ingestion blocked for tenant " + tenant + " until '" + limits.blockIngestionUntil() + "'";
                reject("blocked_ingestion", text, example, entries, bytes);
                status = limits.blockIngestionStatusCode();
                return false;
            }
        }
        if (!gate.takeRate(limits, bytes, now)) {
            String text = "ingestion rate limit exceeded for tenant " + tenant + " (limit: "
                    + ((long) limits.ingestionRateMb() << 20) + " bytes/sec) while attempting to ingest '" + entries
                    + "' lines totaling '" + bytes + "' bytes; see limits.ingestion_rate_mb";
            tooMuch("rate_limited", text, example, entries, bytes);
            return false;
        }
        return true;
    }

    /** Entries that were refused. */
    public long rejected() {
        return rejected;
    }

    /** What became of a push of which so many entries were stored. */
    public PushResult result(long accepted) {
        return new PushResult(accepted, rejected, message(), status, rejections);
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

    /** The HTTP status for what was refused; 204 when nothing was. */
    public int status() {
        return status;
    }

    private void reject(String reason, String text, Labels stream, long entries, long bytes) {
        rejected += entries;
        if (rejections.size() < PushResult.MAX_REJECTIONS) {
            rejections.add(new Rejection(batch, row, text));
        }
        status = status == 204 ? 400 : status;
        if (reasons.size() < MAX_REASONS || reasons.containsKey(text)) {
            reasons.merge(text, 1, Integer::sum);
        }
        discards.add(tenant, reason, stream, entries, bytes);
    }

    private @Nullable EntryBatch stream(EntryBatch b) {
        Labels kept = stream(b.labels(), b.size(), b.lineBytes());
        return kept == null ? null : entries(b, kept);
    }

    /** Whether a block may be stored as it is: its labels as well as what is within. */
    boolean asItIs(Labels pushed, Labels kept, long minNanos, long maxNanos, int longestLine) {
        return kept.equals(withServiceName(pushed))
                && minNanos >= oldest
                && maxNanos <= newest
                && (limits.maxLineSize() == 0 || longestLine <= limits.maxLineSize())
                && limits.allowStructuredMetadata()
                && !limits.incrementDuplicateTimestamp();
    }

    /** The entries that may be stored, of a stream that is admitted. */
    EntryBatch entries(EntryBatch b, Labels kept) {
        Labels labels = gate.demoted().isEmpty() ? kept : withServiceName(b.labels());
        return entries(b, kept, kept.equals(labels) ? Labels.EMPTY : moved(labels, kept));
    }

    /** The labels of the stream that entries with these go to; null when all were refused. */
    @Nullable
    Labels stream(Labels pushed, long entries, long bytes) {
        TenantGate.Known known = gate.known(limits, pushed);
        boolean isNew = known == null;
        if (known == null) {
            Labels labels = withServiceName(pushed);
            if (!labelsAllowed(pushed, labels, entries, bytes)) {
                return null;
            }
            known = new TenantGate.Known(limits, labels);
        }
        Labels kept = admitted(known, entries, bytes);
        if (isNew && kept != null) {
            gate.remember(pushed, known);
        }
        lastKnown = known;
        return kept;
    }

    /** The labels of the stream that entries with these go to; null when there are too many streams, or too many bytes come to it. */
    private @Nullable Labels admitted(TenantGate.Known known, long entries, long bytes) {
        while (true) {
            Labels kept = known.labels();
            for (String name : gate.demoted()) {
                if (kept.has(name)) {
                    kept = kept.toBuilder().remove(name).build();
                }
            }
            TenantGate.Verdict verdict = gate.admit(known, kept, bytes, now);
            switch (verdict) {
                case ADMITTED -> {
                    return kept;
                }
                case TOO_FAST -> {
                    tooFast(kept, entries, bytes);
                    return null;
                }
                case TOO_MANY_STREAMS -> {
                    String demoted = limits.demoteNoisiestLabel() ? gate.demoteNoisiest(limits.enforcedLabels()) : null;
                    if (demoted == null) {
                        tooMany(known.labels(), entries, bytes);
                        return null;
                    }
                    gates.save(tenant, demoted);
                }
            }
        }
    }

    private void tooMany(Labels labels, long entries, long bytes) {
        String text = "maximum active stream limit of " + limits.maxGlobalStreamsPerUser()
                + " exceeded when trying to create stream " + labels + " of tenant " + tenant
                + "; see limits.max_global_streams_per_user";
        tooMuch("stream_limit", text, labels, entries, bytes);
    }

    private void tooFast(Labels kept, long entries, long bytes) {
        String text = "per stream rate limit exceeded (limit: " + limits.perStreamRateLimit()
                + " bytes/sec) while attempting to ingest for stream '" + kept + "' totaling " + bytes
                + " bytes; see limits.per_stream_rate_limit";
        tooMuch("per_stream_rate_limit", text, kept, entries, bytes);
    }

    /** Refuses what may be sent again later. */
    private void tooMuch(String reason, String text, Labels labels, long entries, long bytes) {
        reject(reason, text, labels, entries, bytes);
        status = TOO_MANY;
    }

    private static Labels moved(Labels all, Labels kept) {
        Labels.Builder b = new Labels.Builder();
        for (int i = 0; i < all.size(); i++) {
            if (!kept.has(all.name(i))) {
                b.set(all.name(i), all.value(i));
            }
        }
        return b.build();
    }

    private boolean labelsAllowed(Labels pushed, Labels labels, long entries, long bytes) {
        int names = labels.size() - (pushed.has(SERVICE_NAME) ? 0 : labels.has(SERVICE_NAME) ? 1 : 0);
        if (names > limits.maxLabelNamesPerSeries()) {
            reject(
                    "max_label_names_per_series",
                    "entry for stream '" + labels + "' has " + names + " label names; limit "
                            + limits.maxLabelNamesPerSeries(),
                    labels,
                    entries,
                    bytes);
            return false;
        }
        for (int i = 0; i < labels.size(); i++) {
            if (Utf8Length.longer(labels.name(i), limits.maxLabelNameLength())) {
                String text = "stream '" + labels + "' has label name too long: '" + labels.name(i) + "'";
                reject("label_name_too_long", text, labels, entries, bytes);
                return false;
            }
            if (Utf8Length.longer(labels.value(i), limits.maxLabelValueLength())) {
                String text = "stream '" + labels + "' has label value too long: '" + labels.value(i) + "'";
                reject("label_value_too_long", text, labels, entries, bytes);
                return false;
            }
        }
        for (String needed : limits.enforcedLabels()) {
            if (!labels.has(needed)) {
                String text = "missing required labels " + limits.enforcedLabels() + " for tenant " + tenant
                        + " for stream '" + labels + "'";
                reject("missing_enforced_labels", text, labels, entries, bytes);
                return false;
            }
        }
        return true;
    }

    private EntryBatch entries(EntryBatch b, Labels labels, Labels moved) {
        TenantGate.Known k = lastKnown;
        String streamLevel = k != null && k.labels().equals(labels) ? k.level() : LevelDetector.named(labels);
        if (moved.isEmpty() && !limits.incrementDuplicateTimestamp()) {
            EntryBatch all = all(b, labels, streamLevel);
            if (all != null) {
                return all;
            }
        }
        EntryBatch to = new EntryBatch(labels, b.size());
        for (int i = 0; i < b.size(); i++) {
            row = i;
            int length = b.length(i);
            Labels pushed = b.metadata(i);
            if (!timely(labels, b.timestampNanos(i), length) || !metadataAllowed(labels, pushed, length)) {
                continue;
            }
            if (over(limits.maxLineSize(), length)) {
                if (!limits.maxLineSizeTruncate()) {
                    String text = "max entry size '" + limits.maxLineSize() + "' bytes exceeded for stream '" + labels
                            + "' while adding an entry with length '" + length + "' bytes";
                    reject("line_too_long", text, labels, 1, length);
                    continue;
                }
                length = limits.maxLineSize();
            }
            Labels metadata = MetadataNames.clean(pushed);
            if (!moved.isEmpty()) {
                metadata = joined(metadata, moved);
            }
            if (limits.discoverLogLevels()) {
                metadata = LevelDetector.withLevel(
                        streamLevel, metadata, b.buffer(i), b.offset(i), length, limits.logLevelFromJsonMaxDepth());
            }
            to.add(
                    limits.incrementDuplicateTimestamp() ? distinctTime(b, i, to) : b.timestampNanos(i),
                    length == 0 ? NO_LINE : b.buffer(i),
                    length == 0 ? 0 : b.offset(i),
                    length,
                    metadata);
        }
        return to;
    }

    /** All entries, with their levels; null if one of them breaks a limit. */
    private @Nullable EntryBatch all(EntryBatch b, Labels labels, @Nullable String streamLevel) {
        Labels[] metadata = new Labels[b.size()];
        for (int i = 0; i < metadata.length; i++) {
            long nanos = b.timestampNanos(i);
            int length = b.length(i);
            Labels pushed = b.metadata(i);
            if (nanos < oldest
                    || nanos > newest
                    || over(limits.maxLineSize(), length)
                    || !pushed.isEmpty() && !allows(pushed)) {
                return null;
            }
            Labels clean = MetadataNames.clean(pushed);
            metadata[i] = limits.discoverLogLevels()
                    ? LevelDetector.withLevel(
                            streamLevel, clean, b.buffer(i), b.offset(i), length, limits.logLevelFromJsonMaxDepth())
                    : clean;
        }
        return b.with(labels, metadata);
    }

    private boolean allows(Labels metadata) {
        return limits.allowStructuredMetadata()
                && !over(limits.maxStructuredMetadataSize(), Utf8Length.of(metadata))
                && !over(limits.maxStructuredMetadataEntriesCount(), metadata.size());
    }

    private static boolean over(int limit, int n) {
        return limit > 0 && n > limit;
    }

    /** Metadata with the labels that became metadata; what was pushed as metadata wins. */
    private static Labels joined(Labels metadata, Labels moved) {
        Labels.Builder b = moved.toBuilder();
        for (int i = 0; i < metadata.size(); i++) {
            b.set(metadata.name(i), metadata.value(i));
        }
        return b.build();
    }

    /** The time of an entry, and a nanosecond more than the one before it if both have the same and their lines differ. */
    private static long distinctTime(EntryBatch b, int i, EntryBatch to) {
        long t = b.timestampNanos(i);
        int last = to.size() - 1;
        if (last < 0 || i == 0 || t != b.timestampNanos(i - 1) && t != to.timestampNanos(last)) {
            return t;
        }
        boolean same = Arrays.equals(
                b.buffer(i),
                b.offset(i),
                b.offset(i) + b.length(i),
                to.buffer(last),
                to.offset(last),
                to.offset(last) + to.length(last));
        return same ? t : to.timestampNanos(last) + 1;
    }

    private boolean timely(Labels labels, long nanos, int bytes) {
        if (nanos < oldest) {
            reject(
                    "greater_than_max_sample_age",
                    "entry for stream '" + labels + "' has timestamp too old: " + Times.show(nanos)
                            + ", oldest acceptable timestamp is: " + Times.show(oldest),
                    labels,
                    1,
                    bytes);
            return false;
        }
        if (nanos > newest) {
            String text = "entry for stream '" + labels + "' has timestamp too new: " + Times.show(nanos);
            reject("too_far_in_future", text, labels, 1, bytes);
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
                    labels,
                    1,
                    bytes);
            return false;
        }
        int size = Utf8Length.of(metadata);
        if (over(limits.maxStructuredMetadataSize(), size)) {
            reject(
                    "structured_metadata_too_large",
                    "stream '" + labels + "' has structured metadata too large: '" + size + "' bytes, limit: '"
                            + limits.maxStructuredMetadataSize()
                            + "' bytes. Please see `limits_config.max_structured_metadata_size` or contact your Loki administrator to increase it",
                    labels,
                    1,
                    bytes);
            return false;
        }
        if (over(limits.maxStructuredMetadataEntriesCount(), metadata.size())) {
            reject(
                    "structured_metadata_too_many",
                    "stream '" + labels + "' has too many structured metadata labels: '" + metadata.size()
                            + "', limit: '" + limits.maxStructuredMetadataEntriesCount()
                            + "'. Please see `limits_config.max_structured_metadata_entries_count` or contact your Loki administrator to increase it",
                    labels,
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
}
