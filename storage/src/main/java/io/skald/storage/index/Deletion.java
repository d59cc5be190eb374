/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.index;

import io.skald.storage.segment.SegmentRef;

/**
 * A delete request in force and what became of it so far.
 *
 * @param n number of its record: it concerns segments whose {@link SegmentRef#deletes} is smaller
 * @param lines entries that compactions took out of storage for it
 * @param bytes bytes of their lines
 */
public record Deletion(long n, DeleteRequest request, long lines, long bytes) {
    /** Whether a segment may hold entries that are deleted by this. */
    public boolean concerns(SegmentRef s) {
        return n > s.deletes() && request.overlaps(s.minNanos(), s.maxNanos());
    }
}
