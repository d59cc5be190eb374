/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.flush;

import io.skald.core.model.TenantId;
import io.skald.storage.segment.SegmentRef;
import java.util.ArrayList;
import java.util.List;

/**
 * What a flush stored.
 *
 * @param tenants those with entries that were stored
 * @param segments segments written and committed
 * @param entries log entries in them, equal ones once
 * @param lineBytes bytes of their lines
 * @param storedBytes bytes of the segments
 * @param nanos how long it took
 */
public record Flushed(
        List<TenantId> tenants, int segments, long entries, long lineBytes, long storedBytes, long nanos) {
    /** Nothing. */
    public static final Flushed NOTHING = new Flushed(List.of(), 0, 0, 0, 0, 0);

    public Flushed {
        tenants = List.copyOf(tenants);
    }

    Flushed and(TenantId tenant, List<SegmentRef> written) {
        if (written.isEmpty()) {
            return this;
        }
        List<TenantId> all = new ArrayList<>(tenants);
        all.add(tenant);
        return new Flushed(
                all,
                segments + written.size(),
                entries + written.stream().mapToLong(SegmentRef::entries).sum(),
                lineBytes + written.stream().mapToLong(SegmentRef::lineBytes).sum(),
                storedBytes + written.stream().mapToLong(SegmentRef::sizeBytes).sum(),
                nanos);
    }

    Flushed and(Flushed other) {
        List<TenantId> all = new ArrayList<>(tenants);
        other.tenants.stream().filter(t -> !all.contains(t)).forEach(all::add);
        return new Flushed(
                all,
                segments + other.segments,
                entries + other.entries,
                lineBytes + other.lineBytes,
                storedBytes + other.storedBytes,
                nanos + other.nanos);
    }

    Flushed in(long duration) {
        return new Flushed(tenants, segments, entries, lineBytes, storedBytes, duration);
    }
}
