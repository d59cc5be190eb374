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
        int series) {
    public SegmentRef {
        if (minNanos > maxNanos || sizeBytes < 0 || tailOffset < 0 || tailOffset > sizeBytes || entries < 0) {
            throw new IllegalArgumentException("segment " + key + ": impossible range or size");
        }
    }

    /** Whether any of its entries may lie in [startNanos, endNanos). */
    public boolean overlaps(long startNanos, long endNanos) {
        return minNanos < endNanos && maxNanos >= startNanos;
    }
}
