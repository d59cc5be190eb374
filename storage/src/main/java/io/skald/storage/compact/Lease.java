/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.compact;

import io.skald.core.model.StoreException;
import io.skald.storage.IndexStore;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.UUID;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps several processes from doing the same work. Only that: nothing goes wrong when two think that they hold it. Who holds it changes a
 * record now and then; who sees the same record for as long as the lease lasts, by his own monotonic clock, takes it. Confined to one thread.
 */
public final class Lease {
    private static final long KEY = 1;

    private final IndexStore store;
    private final String partition;
    private final long lastsNanos;
    private final LongSupplier nanoTime;
    private final UUID owner = UUID.randomUUID();
    private long counter;
    private byte @Nullable [] mine;
    private byte @Nullable [] seen;
    private long seenSince;
    private long renewed;

    /**
     * @param partition of the store, for this lease alone
     * @param lasts how long it takes others to believe that a holder is gone
     * @param nanoTime a monotonic clock, {@code System::nanoTime}
     */
    public Lease(IndexStore store, String partition, Duration lasts, LongSupplier nanoTime) {
        this.store = store;
        this.partition = partition;
        this.lastsNanos = lasts.toNanos();
        this.nanoTime = nanoTime;
    }

    /** Takes the lease, or keeps it; to be called again before a third of its time is over. Writes only when it must. */
    public boolean hold() throws StoreException {
        long now = nanoTime.getAsLong();
        if (mine != null && now - renewed < lastsNanos / 3) {
            return true;
        }
        byte[] present = store.get(partition, KEY);
        if (present != null && present.length > 0 && !Arrays.equals(present, mine)) {
            mine = null;
            if (!Arrays.equals(present, seen)) {
                seen = present;
                seenSince = now;
                return false;
            }
            if (now - seenSince < lastsNanos) {
                return false;
            }
        }
        byte[] next = ByteBuffer.allocate(24)
                .putLong(owner.getMostSignificantBits())
                .putLong(owner.getLeastSignificantBits())
                .putLong(++counter)
                .array();
        if (store.compareAndPut(partition, KEY, present, next)) {
            mine = next;
            renewed = now;
            return true;
        }
        mine = null;
        return false;
    }

    /** Lets others take it at once. */
    public void release() throws StoreException {
        byte[] held = mine;
        mine = null;
        if (held != null) {
            if (!store.compareAndPut(partition, KEY, held, new byte[0])) {
                // somebody thought that this one was gone
                seen = null;
            }
        }
    }
}
