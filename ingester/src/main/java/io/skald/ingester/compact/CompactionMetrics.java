/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.compact;

import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;

/** Metrics of compactions. */
final class CompactionMetrics {
    final Counter compactions;
    final Counter failures;
    final Counter overtaken;
    final Counter bytesIn;
    final Counter bytesOut;
    final Counter segmentsIn;
    final Counter lineBytes;
    final Counter duplicates;
    final Counter deleted;
    final Counter expired;
    final Counter evicted;
    final Counter objects;
    final Counter seconds;
    final Counter waited;
    final Gauge pending;

    CompactionMetrics(CollectorRegistry registry) {
        compactions = counter(registry, "compactions", "Compactions that were committed.");
        failures = counter(registry, "failures", "Compactions that failed.");
        overtaken = counter(registry, "overtaken", "Compactions that were given up as their inputs changed.");
        bytesIn = counter(registry, "in_bytes", "Bytes of segments that were compacted.");
        bytesOut = counter(registry, "out_bytes", "Bytes of segments that came of it.");
        segmentsIn = counter(registry, "in_segments", "Segments that were compacted.");
        lineBytes = counter(registry, "line_bytes", "Bytes of lines that were rewritten.");
        duplicates = counter(registry, "duplicate_entries", "Equal entries that collapsed.");
        deleted = counter(registry, "deleted_entries", "Entries taken out of storage for delete requests.");
        expired = counter(registry, "expired_bytes", "Bytes of segments whose retention ended.");
        evicted = counter(registry, "evicted_bytes", "Bytes of segments removed to stay within the size allowed.");
        objects = counter(registry, "removed_objects", "Objects of segments that were no more.");
        seconds = counter(registry, "work_seconds", "Time spent on compacting.");
        waited = counter(registry, "wait_seconds", "Time waited for something that matters more.");
        pending = Gauge.build("skald_compaction_pending_jobs", "Compactions that were due at the last look.")
                .register(registry);
    }

    private static Counter counter(CollectorRegistry registry, String name, String help) {
        return Counter.build("skald_compaction_" + name, help).register(registry);
    }
}
