/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.push;

import io.skald.core.model.TenantId;

/** Brings pushes to one destination. Thread-safe; blocks. */
public interface Transport extends AutoCloseable {
    /** What became of a push. */
    sealed interface Outcome {}

    /**
     * It is durable there.
     *
     * @param rejected entries that were refused for good
     * @param message why, empty if none were
     */
    record Taken(long rejected, String message) implements Outcome {
        static final Taken ALL = new Taken(0, "");
    }

    /** It will never be taken as it is. */
    record Refused(String message) implements Outcome {}

    /**
     * It may be taken later.
     *
     * @param waitMillis how long the destination asks to wait; 0 if it does not say
     */
    record Later(String message, long waitMillis) implements Outcome {}

    /**
     * Sends once.
     *
     * @param push a native push as it is in the outbox
     */
    Outcome send(TenantId tenant, byte[] push) throws InterruptedException;

    /** How many pushes of a tenant may be on their way at a time, at present. More than one may arrive in another order. */
    default int window() {
        return 1;
    }

    /** Goes to another ingester of the destination, if it has several. Called when one has failed. */
    default void failOver() {}

    @Override
    default void close() {}
}
