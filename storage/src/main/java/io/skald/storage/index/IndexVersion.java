/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.index;

import io.skald.core.wire.UnstoredDelete;
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
 * @param deletions delete requests in force and the last that are done, in the order of their commits
 * @param lastDelete number of the last record that held a delete request, 0 for none
 */
public record IndexVersion(
        long n, Map<String, Long> fences, List<SegmentRef> segments, List<Deletion> deletions, long lastDelete) {
    public IndexVersion {
        deletions = List.copyOf(deletions);
        fences = Map.copyOf(fences);
        segments = List.copyOf(segments);
    }

    /** The fence of an ingester; 0 if it never committed. */
    public long fence(String ingesterId) {
        return fences.getOrDefault(ingesterId, 0L);
    }

    /** Delete requests that concern a segment, in the order of their commits; mostly none. */
    public List<Deletion> deletions(SegmentRef s) {
        if (s.deletes() >= lastDelete) {
            return List.of();
        }
        return deletions.stream().filter(d -> d.concerns(s)).toList();
    }

    /** Delete requests as they concern what an ingester holds behind its fence; mostly none. */
    public List<UnstoredDelete> unstoredDeletes(String ingesterId) {
        List<UnstoredDelete> found = new ArrayList<>();
        for (Deletion d : deletions) {
            DeleteRequest r = d.request();
            if (r.unstored(ingesterId) > fence(ingesterId)) {
                found.add(new UnstoredDelete(d.n(), r.query(), r.startNanos(), r.endNanos(), r.unstored(ingesterId)));
            }
        }
        return found;
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
