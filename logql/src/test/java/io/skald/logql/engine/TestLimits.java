/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import io.skald.core.config.Limits;

/** Limits with one of them changed. */
final class TestLimits {
    private TestLimits() {}

    static Limits withMaxQuerySeries(Limits d, int maxSeries) {
        return new Limits(
                d.maxLineSize(),
                d.maxLineSizeTruncate(),
                d.maxLabelNamesPerSeries(),
                d.maxLabelNameLength(),
                d.maxLabelValueLength(),
                d.allowStructuredMetadata(),
                d.maxStructuredMetadataSize(),
                d.maxStructuredMetadataEntriesCount(),
                d.rejectOldSamples(),
                d.rejectOldSamplesMaxAge(),
                d.creationGracePeriod(),
                d.discoverLogLevels(),
                d.logLevelFromJsonMaxDepth(),
                d.discoverServiceName(),
                d.ingestionRateMb(),
                d.ingestionBurstSizeMb(),
                d.perStreamRateLimit(),
                d.perStreamRateLimitBurst(),
                d.maxGlobalStreamsPerUser(),
                d.demoteNoisiestLabel(),
                d.incrementDuplicateTimestamp(),
                d.enforcedLabels(),
                d.blockIngestionUntil(),
                d.blockIngestionStatusCode(),
                d.maxEntriesLimitPerQuery(),
                maxSeries,
                d.maxQueryLength(),
                d.maxQueryLookback(),
                d.maxQueryRange(),
                d.queryTimeout(),
                d.maxStreamsMatchersPerQuery(),
                d.volumeEnabled(),
                d.volumeMaxSeries(),
                d.patternsEnabled(),
                d.maxConcurrentTailRequests(),
                d.logqlExtensions());
    }
}
