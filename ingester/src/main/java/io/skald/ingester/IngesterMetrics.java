/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester;

import io.prometheus.client.Collector;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.GaugeMetricFamily;
import io.prometheus.client.Histogram;
import java.util.List;
import java.util.function.Supplier;

/** The ingester's metrics. Thread-safe. */
final class IngesterMetrics implements AutoCloseable {
    private static final double[] FSYNC_BUCKETS = {
        .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5
    };
    private static final double[] FLUSH_BUCKETS = {.01, .05, .1, .5, 1, 5, 10, 30, 60, 300};

    /** What is measured when it is asked for. */
    record Gauges(
            double unflushedBytes,
            double oldestUnflushedSeconds,
            double flushing,
            double lastFlushSeconds,
            double walDiskBytes,
            double walQueueRecords,
            double walQueueBytes,
            double streams,
            double fragments,
            double tenants,
            double inFlightBytes,
            double diskUsableBytes) {}

    private final CollectorRegistry registry;
    private final List<Collector> all;

    final Counter lines;
    final Counter bytes;
    final Counter discardedLines;
    final Counter discardedBytes;
    final Counter nativePushes;
    final Counter walBytes;
    final Histogram fsync;
    final Counter walPoisoned;
    final Counter walSetAside;
    final Counter corrupt;
    final Histogram flush;
    final Counter flushFailures;
    final Counter flushedBytes;
    final Counter flushedEntries;
    final Counter flushedSegments;
    final Counter flushedSegmentBytes;

    IngesterMetrics(CollectorRegistry registry, Supplier<Gauges> gauges) {
        this.registry = registry;
        lines = counter("lines", "Entries stored in the WAL and acknowledged.", "tenant");
        bytes = counter("received_bytes", "Bytes of lines stored in the WAL and acknowledged.", "tenant");
        discardedLines = counter("discarded_lines", "Entries refused because of a limit.", "reason", "tenant");
        discardedBytes = counter("discarded_bytes", "Bytes of lines refused because of a limit.", "reason", "tenant");
        nativePushes = counter(
                "native_pushes",
                "Native pushes, by whether their number was new, seen, changed (seen with other bytes) or busy.",
                "state");
        walBytes = counter("wal_written_bytes", "Bytes written to the WAL.");
        fsync = histogram("wal_fsync_duration_seconds", "Time to write and sync a group of records.", FSYNC_BUCKETS);
        walPoisoned = counter("wal_poisoned_files", "WAL files given up because a write or sync failed.");
        walSetAside = counter("wal_set_aside_files", "Damaged WAL files renamed to *.corrupt and kept.");
        corrupt = counter("wal_corruptions", "Damaged places found in WAL files.");
        flush = histogram("flush_duration_seconds", "Time to store and commit one cut of the head.", FLUSH_BUCKETS);
        flushFailures = counter("flush_failures", "Attempts to flush that failed and are repeated.");
        flushedBytes = counter("flushed_bytes", "Bytes of WAL records that are stored in segments.");
        flushedEntries = counter("flushed_entries", "Entries stored in segments, equal ones once.");
        flushedSegments = counter("flushed_segments", "Segments written and committed.");
        flushedSegmentBytes = counter("flushed_segment_bytes", "Bytes of those segments.");
        all = List.of(
                lines,
                bytes,
                discardedLines,
                discardedBytes,
                nativePushes,
                walBytes,
                fsync,
                walPoisoned,
                walSetAside,
                corrupt,
                flush,
                flushFailures,
                flushedBytes,
                flushedEntries,
                flushedSegments,
                flushedSegmentBytes,
                new GaugeCollector(gauges));
        all.forEach(registry::register);
    }

    private static Counter counter(String name, String help, String... labels) {
        return Counter.build("skald_ingester_" + name + "_total", help)
                .labelNames(labels)
                .create();
    }

    private static Histogram histogram(String name, String help, double[] buckets) {
        return Histogram.build("skald_ingester_" + name, help).buckets(buckets).create();
    }

    private static final class GaugeCollector extends Collector {
        private final Supplier<Gauges> gauges;

        GaugeCollector(Supplier<Gauges> gauges) {
            this.gauges = gauges;
        }

        @Override
        public List<MetricFamilySamples> collect() {
            Gauges g = gauges.get();
            return List.of(
                    gauge("unflushed_bytes", "Bytes of WAL records that are not in segments yet.", g.unflushedBytes),
                    gauge(
                            "oldest_unflushed_age_seconds",
                            "Age of the oldest entry that is not in a segment yet.",
                            g.oldestUnflushedSeconds),
                    gauge("flush_running", "1 while a flush is made or waits to be tried again.", g.flushing),
                    gauge(
                            "last_flush_timestamp_seconds",
                            "When the last flush ended well, seconds since the epoch; 0 for never.",
                            g.lastFlushSeconds),
                    gauge("wal_queue_records", "Records that wait for the next sync of the WAL.", g.walQueueRecords),
                    gauge("wal_queue_bytes", "Bytes of records that wait for the next sync.", g.walQueueBytes),
                    gauge("wal_disk_bytes", "Disk space of the WAL files in use.", g.walDiskBytes),
                    gauge("streams", "Streams with entries in the head.", g.streams),
                    gauge("fragments", "Pieces of streams that the head knows, those flushed lately too.", g.fragments),
                    gauge("tenants", "Tenants that the head knows.", g.tenants),
                    gauge(
                            "disk_usable_bytes",
                            "Free space of the WAL's disk when it was last looked at.",
                            g.diskUsableBytes),
                    gauge("push_in_flight_bytes", "Bytes of pushes that are being worked on.", g.inFlightBytes));
        }

        private static GaugeMetricFamily gauge(String name, String help, double value) {
            return new GaugeMetricFamily("skald_ingester_" + name, help, value);
        }
    }

    @Override
    public void close() {
        all.forEach(registry::unregister);
    }
}
