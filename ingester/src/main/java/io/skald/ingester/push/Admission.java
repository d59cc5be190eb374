/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.core.model.TenantId;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Bounds the bytes of pushes, as sent and decompressed, that are worked on at once: of all together, and, once more than half of that is
 * taken, of each tenant to an equal share of it. What does not fit is refused at once. Thread-safe.
 */
public final class Admission {
    private final long maxBytes;
    private final ReentrantLock lock = new ReentrantLock();
    // guarded by lock
    private final Map<TenantId, Long> byTenant = new HashMap<>();
    private long inFlight;
    private long refused;

    public Admission(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** Bytes admitted now. */
    public long inFlight() {
        lock.lock();
        try {
            return inFlight;
        } finally {
            lock.unlock();
        }
    }

    /** Pushes refused since the start. */
    public long refused() {
        lock.lock();
        try {
            return refused;
        } finally {
            lock.unlock();
        }
    }

    /** What one push takes. Confined to the push's thread; closing it gives everything back, once. */
    final class Ticket implements AutoCloseable {
        private final TenantId tenant;
        private long bytes;

        private Ticket(TenantId tenant) {
            this.tenant = tenant;
        }

        /**
         * Takes more. A push that is alone gets whatever it asks for, as no wait would make it fit.
         *
         * @throws RequestException 503 when all pushes together are too much, 429 when those of the tenant are
         */
        void take(long more) {
            lock.lock();
            try {
                long ofTenant = byTenant.getOrDefault(tenant, 0L);
                boolean alone = inFlight == bytes;
                if (!alone && inFlight + more > maxBytes) {
                    refused++;
                    throw new RequestException(
                            ErrorCode.UNAVAILABLE,
                            "ingester is busy: pushes in flight exceed " + maxBytes
                                    + " bytes (ingester.max_in_flight_bytes); try again in a second");
                }
                int tenants = byTenant.size() + (ofTenant == 0 ? 1 : 0);
                if (!alone && inFlight + more > maxBytes / 2 && ofTenant + more > maxBytes / tenants) {
                    refused++;
                    throw new RequestException(
                            ErrorCode.TOO_MANY_REQUESTS,
                            "pushes of tenant " + tenant + " in flight exceed its share of " + maxBytes / tenants
                                    + " bytes (ingester.max_in_flight_bytes over " + tenants
                                    + " tenants); try again in a second");
                }
                inFlight += more;
                bytes += more;
                byTenant.put(tenant, ofTenant + more);
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void close() {
            lock.lock();
            try {
                inFlight -= bytes;
                long left = byTenant.getOrDefault(tenant, 0L) - bytes;
                if (left > 0) {
                    byTenant.put(tenant, left);
                } else {
                    byTenant.remove(tenant);
                }
                bytes = 0;
            } finally {
                lock.unlock();
            }
        }
    }

    /**
     * Admits a push.
     *
     * @param bytes its body, as sent
     * @throws RequestException as {@link Ticket#take}
     */
    Ticket admit(TenantId tenant, long bytes) {
        Ticket t = new Ticket(tenant);
        t.take(bytes);
        return t;
    }
}
