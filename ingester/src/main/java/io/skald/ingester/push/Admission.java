/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import java.util.concurrent.atomic.AtomicLong;

/** Bounds the bytes of pushes, decompressed, that are worked on at once. Thread-safe. */
public final class Admission {
    private final long maxBytes;
    private final AtomicLong inFlight = new AtomicLong();

    public Admission(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** Bytes admitted now. */
    public long inFlight() {
        return inFlight.get();
    }

    /**
     * Admits bytes until they are {@link #release}d. A push alone is always admitted, however large.
     *
     * @throws RequestException 429 when too much is being worked on already
     */
    void admit(long bytes) {
        long now = inFlight.addAndGet(bytes);
        if (now > maxBytes && now != bytes) {
            inFlight.addAndGet(-bytes);
            throw new RequestException(
                    ErrorCode.TOO_MANY_REQUESTS,
                    "ingester is busy: pushes in flight exceed " + maxBytes + " bytes; try again in a second");
        }
    }

    /** Ends an admission. */
    void release(long bytes) {
        inFlight.addAndGet(-bytes);
    }
}
