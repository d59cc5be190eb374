/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.backup;

import io.skald.core.model.TenantId;
import java.util.List;

/**
 * What a backup holds, but for the records of the index.
 *
 * @param name of the backup; sorts by the time it was made
 * @param createdMillis when it was made, milliseconds since the epoch
 * @param lost keys of segments that the index listed and that could not be read when it was made
 */
public record BackupContent(
        String name, long createdMillis, List<Tenant> tenants, List<Segment> segments, List<String> lost) {
    public BackupContent {
        tenants = List.copyOf(tenants);
        segments = List.copyOf(segments);
        lost = List.copyOf(lost);
    }

    /**
     * A tenant.
     *
     * @param n number of the last record of its log in the backup, 0 if it has only rules
     * @param entries how many its segments hold
     * @param bytes size of its segments
     */
    public record Tenant(TenantId id, long n, long segments, long entries, long bytes) {}

    /**
     * A segment.
     *
     * @param crc crc32c of the whole object
     */
    public record Segment(String key, long size, int crc) {}

    /** Size of all segments, bytes. */
    public long bytes() {
        return segments.stream().mapToLong(Segment::size).sum();
    }
}
