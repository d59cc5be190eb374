/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import java.time.Duration;
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
 * @param maxEntriesLimitPerQuery most lines of one answer; 0 is no limit
 * @param maxQuerySeries most series of one metric answer; 0 is no limit
 * @param maxQueryLength longest time range of a query; zero is no limit
 * @param maxQueryLookback how far back a query may reach; zero is no limit
 * @param maxQueryRange longest range of a range vector; zero is no limit
 * @param queryTimeout how long a query may run
 * @param maxStreamsMatchersPerQuery most matchers in one query
 * @param volumeEnabled whether the volume endpoints answer
 * @param volumeMaxSeries most series of a volume answer
 * @param patternsEnabled whether the patterns endpoint answers
 * @param maxConcurrentTailRequests most tails of a tenant at once; 0 is no limit
 */
public record Limits(
        int maxLineSize,
        boolean maxLineSizeTruncate,
        int maxLabelNamesPerSeries,
        int maxLabelNameLength,
        int maxLabelValueLength,
        boolean allowStructuredMetadata,
        int maxStructuredMetadataSize,
        int maxStructuredMetadataEntriesCount,
        boolean rejectOldSamples,
        Duration rejectOldSamplesMaxAge,
        Duration creationGracePeriod,
        boolean discoverLogLevels,
        int logLevelFromJsonMaxDepth,
        List<String> discoverServiceName,
        int maxEntriesLimitPerQuery,
        int maxQuerySeries,
        Duration maxQueryLength,
        Duration maxQueryLookback,
        Duration maxQueryRange,
        Duration queryTimeout,
        int maxStreamsMatchersPerQuery,
        boolean volumeEnabled,
        int volumeMaxSeries,
        boolean patternsEnabled,
        int maxConcurrentTailRequests) {

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
            5000,
            5000,
            Duration.ofDays(30).plusHours(1),
            Duration.ZERO,
            Duration.ZERO,
            Duration.ofMinutes(1),
            1000,
            true,
            1000,
            true,
            100);

    public Limits {
        discoverServiceName = List.copyOf(discoverServiceName);
    }
}
