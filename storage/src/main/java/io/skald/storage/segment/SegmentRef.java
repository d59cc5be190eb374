/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

/**
 * What the index knows of a segment: enough to leave it out by time, and to read its directory with one range read.
 *
 * @param key its object key, {@code tenant/yyyy-mm-dd/ulid.seg}
 * @param day UTC day of all its entries, days since the epoch
 * @param minNanos earliest time
 * @param maxNanos latest time, inclusive
 * @param sizeBytes size of the object
 * @param entries its entries
 * @param lineBytes bytes of its lines, uncompressed
 * @param tailOffset where the sections and the footer begin; everything from there to the end is its directory
 * @param series its streams, each counted once
 * @param retention the selector of the retention rule that its entries are kept by; empty for the tenant's period
 * @param level 0 as it was flushed, more when a compaction wrote it
 * @param deletes number of the last record with a delete request that has nothing to do here any more: the segment is younger, or the
 *     request was applied
 * @param arrived see {@link #arrivedMillis}; 0 to take it from the key
 */
public record SegmentRef(
        String key,
        int day,
        long minNanos,
        long maxNanos,
        long sizeBytes,
        long entries,
        long lineBytes,
        long tailOffset,
        int series,
        String retention,
        int level,
        long deletes,
        long arrived) {
    /** Longest selector of a retention rule, characters. */
    public static final int MAX_RETENTION_LENGTH = 2048;

    public SegmentRef {
        if (minNanos > maxNanos || sizeBytes < 0 || tailOffset < 0 || tailOffset > sizeBytes || entries < 0) {
            throw new IllegalArgumentException("segment " + key + ": impossible range or size");
        }
        if (retention.length() > MAX_RETENTION_LENGTH || level < 0 || deletes < 0 || arrived < 0) {
            throw new IllegalArgumentException("segment " + key + ": impossible retention, level or deletes");
        }
    }

    /** A segment as a flush writes it when the tenant has one retention period and no delete requests. */
    public SegmentRef(
            String key,
            int day,
            long minNanos,
            long maxNanos,
            long sizeBytes,
            long entries,
            long lineBytes,
            long tailOffset,
            int series) {
        this(key, day, minNanos, maxNanos, sizeBytes, entries, lineBytes, tailOffset, series, "", 0, 0, 0);
    }

    /** The same with another retention. */
    public SegmentRef withRetention(String selector) {
        return with(selector, level, deletes, arrived);
    }

    /** The same, clean of delete requests up to a number. */
    public SegmentRef withDeletes(long number) {
        return with(retention, level, number, arrived);
    }

    /** The same as written by a compaction of segments that arrived until then, clean of delete requests up to a number. */
    public SegmentRef compacted(int newLevel, long number, long arrivedMillis) {
        return with(retention, newLevel, number, arrivedMillis);
    }

    private SegmentRef with(String newRetention, int newLevel, long newDeletes, long newArrived) {
        return new SegmentRef(
                key,
                day,
                minNanos,
                maxNanos,
                sizeBytes,
                entries,
                lineBytes,
                tailOffset,
                series,
                newRetention,
                newLevel,
                newDeletes,
                newArrived);
    }

    /** When the last of its entries were flushed first, milliseconds since the epoch; 0 if that is not known. */
    public long arrivedMillis() {
        return arrived > 0 ? arrived : SegmentKeys.millis(key);
    }

    /** Whether any of its entries may lie in [startNanos, endNanos). */
    public boolean overlaps(long startNanos, long endNanos) {
        return minNanos < endNanos && maxNanos >= startNanos;
    }
}
