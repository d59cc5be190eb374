/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.scan;

/**
 * What a source would look at for a request, found out from its directories alone.
 *
 * @param segments there are
 * @param segmentsByTime of them ruled out by their time range
 * @param chunks in the remaining segments
 * @param chunksByTime of them ruled out by their time range
 * @param chunksByLabels of them ruled out by their labels
 * @param blocks in the remaining chunks
 * @param blocksByTime of them ruled out by their time range
 * @param storedBytes of lines in the remaining blocks, uncompressed; in proportion to time where a block crosses an end of the range
 * @param recentStreams streams with entries that are not in segments yet
 * @param recentBytes of their lines
 */
public record ScanPlan(
        long segments,
        long segmentsByTime,
        long chunks,
        long chunksByTime,
        long chunksByLabels,
        long blocks,
        long blocksByTime,
        long storedBytes,
        long recentStreams,
        long recentBytes) {
    public static final ScanPlan NOTHING = new ScanPlan(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    /** Both together. */
    public ScanPlan plus(ScanPlan o) {
        return new ScanPlan(
                segments + o.segments,
                segmentsByTime + o.segmentsByTime,
                chunks + o.chunks,
                chunksByTime + o.chunksByTime,
                chunksByLabels + o.chunksByLabels,
                blocks + o.blocks,
                blocksByTime + o.blocksByTime,
                storedBytes + o.storedBytes,
                recentStreams + o.recentStreams,
                recentBytes + o.recentBytes);
    }
}
