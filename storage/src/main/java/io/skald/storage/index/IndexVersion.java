/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.index;

import io.skald.storage.segment.SegmentRef;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The state of a tenant after record {@code n}. Immutable.
 *
 * @param n number of the last record; 0 when there is none
 * @param fences by ingester: the WAL position up to which all is in {@code segments}
 * @param segments those that exist, in the order of their commits
 */
public record IndexVersion(long n, Map<String, Long> fences, List<SegmentRef> segments) {
    public IndexVersion {
        fences = Map.copyOf(fences);
        segments = List.copyOf(segments);
    }

    /** The fence of an ingester; 0 if it never committed. */
    public long fence(String ingesterId) {
        return fences.getOrDefault(ingesterId, 0L);
    }

    /** Segments that may have entries in [startNanos, endNanos), in the order of their commits. */
    public List<SegmentRef> segments(long startNanos, long endNanos) {
        List<SegmentRef> found = new ArrayList<>();
        for (SegmentRef s : segments) {
            if (s.overlaps(startNanos, endNanos)) {
                found.add(s);
            }
        }
        return found;
    }
}
