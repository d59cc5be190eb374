/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;

/**
 * Limits of one tenant, by the names that the field knows (in a config file in snake case: {@code max_line_size}). All sizes are bytes;
 * 0 turns a limit off where that is said.
 *
 * @param maxLineSize longest line, bytes; 0 is no limit
 * @param maxLineSizeTruncate whether a longer line is cut instead of refused
 * @param maxLabelNamesPerSeries most labels of a stream
 * @param maxLabelNameLength longest label name, bytes
 * @param maxLabelValueLength longest label value, bytes
 * @param allowStructuredMetadata whether entries may carry structured metadata
 * @param maxStructuredMetadataSize most structured metadata of an entry, bytes of names and values
 * @param maxStructuredMetadataEntriesCount most structured metadata labels of an entry
 * @param rejectOldSamples whether entries older than {@code rejectOldSamplesMaxAge} are refused
 * @param rejectOldSamplesMaxAge how old an entry may be
 * @param creationGracePeriod how far in the future an entry may be
 * @param discoverLogLevels whether {@code detected_level} is found out and added as structured metadata
 * @param logLevelFromJsonMaxDepth how deep in a JSON line a level is looked for
 * @param discoverServiceName label names from which {@code service_name} is derived; empty turns it off
 * @param ingestionRateMb most lines of a tenant, MB per second and ingester; 0 is no limit
 * @param ingestionBurstSizeMb how far above the rate a tenant may be for a moment, MB
 * @param perStreamRateLimit most lines of a stream, bytes per second; 0 is no limit
 * @param perStreamRateLimitBurst how far above the rate a stream may be for a moment, bytes
 * @param maxGlobalStreamsPerUser most active streams of a tenant on an ingester; 0 is no limit
 * @param demoteNoisiestLabel whether, beyond that, the label with the most values becomes structured metadata; else new streams are refused
 * @param incrementDuplicateTimestamp whether an entry with the time of the one before it in its stream gets a nanosecond more
 * @param enforcedLabels labels that every stream must have
 * @param blockIngestionUntil until when pushes are refused, RFC 3339; empty for not at all
 * @param blockIngestionStatusCode the status of that refusal
 * @param maxEntriesLimitPerQuery most lines of one answer; 0 is no limit
 * @param maxQuerySeries most series of one metric answer; 0 is no limit
 * @param maxQueryLength longest time range of a query; zero is no limit
 * @param maxQueryLookback how far back a query may reach; zero is no limit
 * @param maxQueryRange longest range of a range vector; zero is no limit
 * @param queryTimeout how long a query may run
 * @param maxQueryBytesRead most bytes of lines that the streams and the time of a query may hold; 0 is no limit
 * @param maxQueryParallelism most queries of a tenant that run at once, the others wait; 0 is no limit
 * @param maxStreamsMatchersPerQuery most matchers in one query
 * @param volumeEnabled whether the volume endpoints answer
 * @param volumeMaxSeries most series of a volume answer
 * @param patternsEnabled whether patterns are mined when lines are compacted, and the patterns endpoint answers
 * @param maxConcurrentTailRequests most tails of a tenant at once; 0 is no limit
 * @param retentionPeriod how long entries are kept; zero is for ever
 * @param retentionStream other periods for some entries
 * @param logqlExtensions whether queries may use what Loki's language does not have without asking for it
 * @param rulerMaxRulesPerRuleGroup most rules of a group that the API takes; 0 is no limit
 * @param rulerMaxRuleGroupsPerTenant most groups of a tenant that the API takes; 0 is no limit
 */
public record Limits(
        @Setting(value = "Longest line, bytes; 0 is no limit.", bytes = true, max = "64MB")
        int maxLineSize,

        @Setting("Whether a longer line is cut instead of refused.")
        boolean maxLineSizeTruncate,

        @Setting(value = "Most labels of a stream.", min = "1")
        int maxLabelNamesPerSeries,

        @Setting(value = "Longest label name, bytes.", min = "1")
        int maxLabelNameLength,

        @Setting(value = "Longest label value, bytes.", min = "1")
        int maxLabelValueLength,

        @Setting("Whether entries may carry structured metadata.")
        boolean allowStructuredMetadata,

        @Setting(value = "Most structured metadata of an entry, bytes of names and values.", bytes = true, max = "64MB")
        int maxStructuredMetadataSize,

        @Setting("Most structured metadata labels of an entry.")
        int maxStructuredMetadataEntriesCount,

        @Setting("Whether entries older than `reject_old_samples_max_age` are refused.")
        boolean rejectOldSamples,

        @Setting("How old an entry may be.") Duration rejectOldSamplesMaxAge,
        @Setting("How far in the future an entry may be.") Duration creationGracePeriod,

        @Setting("Whether `detected_level` is found out and added as structured metadata.")
        boolean discoverLogLevels,

        @Setting(value = "How deep in a JSON line a level is looked for.", max = "16")
        int logLevelFromJsonMaxDepth,

        @Setting("Label names from which `service_name` is derived; empty turns it off.")
        List<String> discoverServiceName,

        @Setting(
                "Most lines of a tenant, MB per second and ingester; 0 is no limit, as pushes are admitted by bytes in flight.")
        int ingestionRateMb,

        @Setting(value = "How far above the rate a tenant may be for a moment, MB.", min = "1")
        int ingestionBurstSizeMb,

        @Setting(value = "Most lines of a stream, bytes per second; 0 is no limit.", bytes = true)
        long perStreamRateLimit,

        @Setting(value = "How far above the rate a stream may be for a moment, bytes.", bytes = true, min = "1")
        long perStreamRateLimitBurst,

        @Setting(
                "Most active streams of a tenant on an ingester; 0 is no limit. A stream is active for an hour after a push.")
        int maxGlobalStreamsPerUser,

        @Setting(
                "What is done beyond that. If true, the label with the most values becomes structured metadata from then on and no line is refused; if false, new streams are refused with 429.")
        boolean demoteNoisiestLabel,

        @Setting("Whether an entry with the time of the one before it in its stream and push gets a nanosecond more.")
        boolean incrementDuplicateTimestamp,

        @Setting("Labels that every stream must have; streams without are refused.")
        List<String> enforcedLabels,

        @Setting("Until when pushes are refused, as `2026-01-31T00:00:00Z`; empty for not at all.")
        String blockIngestionUntil,

        @Setting(
                value = "The status of that refusal; 260, which clients take for success, drops without a retry.",
                min = "200",
                max = "599")
        int blockIngestionStatusCode,

        @Setting("Most lines of one answer; 0 is no limit.") int maxEntriesLimitPerQuery,

        @Setting("Most series of one metric answer; 0 is no limit.")
        int maxQuerySeries,

        @Setting("Longest time range of a query; 0s is no limit.")
        Duration maxQueryLength,

        @Setting("How far back a query may reach; 0s is no limit.")
        Duration maxQueryLookback,

        @Setting("Longest range of a range vector; 0s is no limit.")
        Duration maxQueryRange,

        @Setting(value = "How long a query may run.", min = "1s")
        Duration queryTimeout,

        @Setting(
                value = "Most bytes of lines that the streams and the time of a query may hold; 0 is no limit.",
                bytes = true)
        long maxQueryBytesRead,

        @Setting("Most queries of a tenant that run at once, the others wait; 0 is no limit.")
        int maxQueryParallelism,

        @Setting(value = "Most matchers in one query.", min = "1")
        int maxStreamsMatchersPerQuery,

        @Setting("Whether the volume endpoints answer.") boolean volumeEnabled,

        @Setting(value = "Most series of a volume answer.", min = "1")
        int volumeMaxSeries,

        @Setting("Whether patterns are mined when lines are compacted, and the patterns endpoint answers.")
        boolean patternsEnabled,

        @Setting("Most tails of a tenant at once; 0 is no limit.")
        int maxConcurrentTailRequests,

        @Setting("How long entries are kept, by their own time; 0s is for ever.")
        Duration retentionPeriod,

        @Setting("Other periods for some entries: a list of `selector`, `priority` and `period`.")
        List<RetentionStream> retentionStream,

        @Setting("Whether queries may use Skald's extensions of LogQL without asking for them.")
        boolean logqlExtensions,

        @Setting("Most rules of a group that is written through the API; 0 is no limit.")
        int rulerMaxRulesPerRuleGroup,

        @Setting("Most rule groups of a tenant when one is written through the API; 0 is no limit.")
        int rulerMaxRuleGroupsPerTenant) {

    /** What holds where a config file says nothing. */
    public static final Limits DEFAULTS = new Limits(
            256 * 1024,
            true,
            15,
            1024,
            2048,
            true,
            64 * 1024,
            128,
            true,
            Duration.ofDays(7),
            Duration.ofMinutes(10),
            true,
            2,
            List.of(
                    "service",
                    "app",
                    "application",
                    "app_name",
                    "name",
                    "app_kubernetes_io_name",
                    "container",
                    "container_name",
                    "k8s_container_name",
                    "component",
                    "workload",
                    "job",
                    "k8s_job_name"),
            0,
            6,
            0,
            15 << 20,
            100_000,
            true,
            false,
            List.of(),
            "",
            260,
            5000,
            5000,
            Duration.ofDays(30).plusHours(1),
            Duration.ZERO,
            Duration.ZERO,
            Duration.ofMinutes(1),
            0,
            32,
            1000,
            true,
            1000,
            true,
            100,
            Duration.ofDays(30),
            List.of(),
            false,
            0,
            0);

    public Limits {
        discoverServiceName = List.copyOf(discoverServiceName);
        enforcedLabels = List.copyOf(enforcedLabels);
        retentionStream = List.copyOf(retentionStream);
        if (!blockIngestionUntil.isEmpty()) {
            try {
                Instant.parse(blockIngestionUntil);
            } catch (DateTimeParseException e) {
                throw new IllegalArgumentException(
                        "block_ingestion_until '" + blockIngestionUntil + "' is not a time like 2026-01-31T00:00:00Z",
                        e);
            }
        }
    }
}
