/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.push;

import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.core.model.TenantId;
import io.skald.core.wire.BlockPush;
import io.skald.core.wire.PushSink.PushResult;

/** Hands pushes to an ingester in this process. Thread-safe if that is. */
public final class InProcess implements Transport {
    /** Takes native pushes. */
    @FunctionalInterface
    public interface BlockSink {
        /**
         * Stores a push durably, unless it is a repeat.
         *
         * @throws RequestException nothing was stored; its code tells whether to try again
         * @throws StoreException nothing is known to be stored; try again
         */
        PushResult push(TenantId tenant, BlockPush push) throws StoreException, InterruptedException;
    }

    private final BlockSink sink;

    public InProcess(BlockSink sink) {
        this.sink = sink;
    }

    @Override
    public Outcome send(TenantId tenant, byte[] push) throws InterruptedException {
        try {
            PushResult result = sink.push(tenant, BlockPush.decode(push, push.length));
            return new Taken(result.rejected(), result.message());
        } catch (CorruptData e) {
            return new Refused(String.valueOf(e.getMessage()));
        } catch (RequestException e) {
            String message = String.valueOf(e.getMessage());
            return e.code().retryable() ? new Later(message, 0) : new Refused(message);
        } catch (StoreException e) {
            return new Later(e.toString(), 0);
        }
    }
}
