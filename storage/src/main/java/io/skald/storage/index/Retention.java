/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.index;

import io.skald.core.config.Limits;
import io.skald.core.config.RetentionStream;
import io.skald.core.config.TenantLimits;
import io.skald.core.model.TenantId;
import io.skald.storage.segment.SegmentRef;
import java.time.Duration;
import java.util.function.LongSupplier;

/** How far back a tenant's entries are kept, as its limits say now. Thread-safe. */
public final class Retention {
    private final TenantLimits limits;
    private final LongSupplier nowMillis;

    /** @param nowMillis the time, milliseconds since the epoch */
    public Retention(TenantLimits limits, LongSupplier nowMillis) {
        this.limits = limits;
        this.nowMillis = nowMillis;
    }

    /**
     * Entries of a segment before this time are not to be seen any more, nanoseconds since the epoch. {@link Long#MIN_VALUE} if none are
     * expired, {@link Long#MAX_VALUE} if all.
     */
    public long horizonNanos(TenantId tenant, SegmentRef s) {
        Duration period = period(tenant, s.retention());
        if (period.isZero()) {
            return Long.MIN_VALUE;
        }
        long horizon = nowMillis.getAsLong() * 1_000_000 - period.toNanos();
        long arrived = s.arrivedMillis() * 1_000_000;
        if (arrived > 0 && s.maxNanos() < arrived - period.toNanos()) {
            // too old already when it came: somebody imported old logs, and wants to see them
            return arrived < horizon ? Long.MAX_VALUE : Long.MIN_VALUE;
        }
        return s.maxNanos() < horizon ? Long.MAX_VALUE : horizon;
    }

    private Duration period(TenantId tenant, String selector) {
        Limits l = limits.of(tenant);
        for (RetentionStream r : l.retentionStream()) {
            if (r.selector().equals(selector)) {
                return r.period();
            }
        }
        // also for what a rule kept that is no more
        return l.retentionPeriod();
    }

    /** Whether all entries of a segment are expired. */
    public boolean expired(TenantId tenant, SegmentRef s) {
        return horizonNanos(tenant, s) == Long.MAX_VALUE;
    }
}
