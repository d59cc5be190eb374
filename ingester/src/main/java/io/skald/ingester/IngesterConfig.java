/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester;

import io.skald.ingester.wal.SyncMode;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Settings of an ingester. Sizes are bytes.
 *
 * @param dataDir directory of the WAL ({@code wal/}) and the lock file; one process owns it
 * @param ingesterId name of this ingester, stable across restarts: the key of its fence in the index; letters, digits, {@code -_.}
 * @param walSync when a push is acknowledged: after its record is on disk, or before
 * @param walSyncInterval how often the WAL is synced with {@link SyncMode#INTERVAL}
 * @param walSegmentBytes size of a WAL file; also bounds a record
 * @param flushBytes how much unflushed WAL starts a flush
 * @param flushAge how old unflushed entries may get before a flush; up to a tenth is taken off at random
 * @param keepFlushed how long flushed entries stay readable here after their commit
 * @param diskReserveBytes pushes are refused while the disk has less usable space than this; 0 turns the guard off
 * @param maxInFlightBytes most bytes of pushes, decompressed, that are worked on at once; more are refused with 429
 * @param maxPushBytes largest push, decompressed; a larger one is refused with 413
 * @param minePatterns whether a flush mines the patterns of lines, if their tenant wants them; else compaction does
 */
public record IngesterConfig(
        Path dataDir,
        String ingesterId,
        SyncMode walSync,
        Duration walSyncInterval,
        int walSegmentBytes,
        long flushBytes,
        Duration flushAge,
        Duration keepFlushed,
        long diskReserveBytes,
        long maxInFlightBytes,
        int maxPushBytes,
        boolean minePatterns) {
    /** Smallest WAL file. */
    public static final int MIN_SEGMENT_BYTES = 4096;
    /** Largest WAL file. */
    public static final int MAX_SEGMENT_BYTES = 1 << 30;

    public IngesterConfig {
        if (!ingesterId.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,99}")) {
            throw new IllegalArgumentException(
                    "ingester id '" + ingesterId + "' must be 1 to 100 letters, digits, '-', '_' or '.'");
        }
        range("wal sync interval", walSyncInterval.toMillis(), 1, 60_000, "ms");
        range("wal segment size", walSegmentBytes, MIN_SEGMENT_BYTES, MAX_SEGMENT_BYTES, "bytes");
        range("flush size", flushBytes, 1, Long.MAX_VALUE, "bytes");
        range("flush age", flushAge.toMillis(), 1, Duration.ofDays(1).toMillis(), "ms");
        range(
                "keep-flushed time",
                keepFlushed.toMillis(),
                0,
                Duration.ofHours(1).toMillis(),
                "ms");
        range("disk reserve", diskReserveBytes, 0, Long.MAX_VALUE, "bytes");
        range("in-flight limit", maxInFlightBytes, 1, Long.MAX_VALUE, "bytes");
        range("push size limit", maxPushBytes, 1, 1 << 30, "bytes");
    }

    /** What holds where a config file says nothing. */
    public static IngesterConfig defaults(Path dataDir) {
        return new IngesterConfig(
                dataDir,
                "ingester-0",
                SyncMode.ALWAYS,
                Duration.ofMillis(100),
                64 << 20,
                512L << 20,
                Duration.ofMinutes(15),
                Duration.ofSeconds(60),
                1L << 30,
                128L << 20,
                64 << 20,
                false);
    }

    private static void range(String what, long value, long min, long max, String unit) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(
                    what + " is " + value + " " + unit + ", must be " + min + " to " + max + " " + unit);
        }
    }
}
