/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.wire;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import java.util.List;

/** Takes entries: an ingester in this process, or one at the other end of a connection. Thread-safe. */
public interface PushSink {
    /**
     * Stores entries durably. Returns when they are on disk; from then on every query sees them. Keeps nothing of the batches, so that
     * their buffers may be used again.
     *
     * @return what became of the entries; some may have been refused for good while the others were stored
     * @throws RequestException nothing was stored; {@link io.skald.core.model.ErrorCode#retryable} tells whether to try again
     * @throws StoreException nothing is known to be stored; try again
     */
    PushResult push(TenantId tenant, List<EntryBatch> batches) throws StoreException, InterruptedException;

    /**
     * What became of a push.
     *
     * @param accepted entries that are durable now
     * @param rejected entries that were refused
     * @param message why, for the first of them; empty when none were refused
     * @param status the HTTP status that says so: 429 when it was for a rate or a number that may be lower later, 400 when the same
     *     entries will be refused again, or what a limit sets; 204 when none were refused
     * @param rejections which of them, in order; only the first {@link #MAX_REJECTIONS}
     */
    record PushResult(long accepted, long rejected, String message, int status, List<Rejection> rejections) {
        /** Most rejections that are named one by one. */
        public static final int MAX_REJECTIONS = 10_000;

        public PushResult {
            rejections = List.copyOf(rejections);
        }

        /** All were stored. */
        public static PushResult stored(long accepted) {
            return new PushResult(accepted, 0, "", 204, List.of());
        }
    }

    /**
     * Something that was refused.
     *
     * @param batch the place of its batch in what was pushed; -1 when everything was refused for one reason
     * @param row the place of the entry in its batch; -1 when all of the batch was refused
     * @param message why
     */
    record Rejection(int batch, int row, String message) {}
}
