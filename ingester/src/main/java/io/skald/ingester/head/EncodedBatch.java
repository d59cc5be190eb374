/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import io.skald.core.wire.ByteArrays;
import io.skald.ingester.wal.PendingRecord;
import io.skald.ingester.wal.WalFormat;
import java.util.List;

/** A record of entries, encoded, with what the head has to remember of each fragment in it. */
public final class EncodedBatch extends PendingRecord {
    private static final byte[] NO_BYTES = {};

    /**
     * Entries of one stream within a record.
     *
     * @param labels the stream
     * @param offset where the fragment begins in the payload
     * @param headBytes its bytes before the lines
     * @param lineBytes bytes of the lines of its entries
     * @param blockBytes 0 when the lines themselves follow the head; else the bytes of the block that follows it and holds all columns
     * @param count entries
     * @param increasing whether each time is greater than the one before
     * @param minNanos earliest time
     * @param maxNanos latest time
     */
    record Fragment(
            Labels labels,
            int offset,
            int headBytes,
            int lineBytes,
            int blockBytes,
            int count,
            boolean increasing,
            long minNanos,
            long maxNanos) {}

    private final TenantId tenant;
    private final List<Fragment> fragments;
    private byte[] array;

    EncodedBatch(TenantId tenant, byte[] payload, int length, List<Fragment> fragments) {
        super(WalFormat.TYPE_ENTRIES, payload, length);
        this.tenant = tenant;
        this.fragments = List.copyOf(fragments);
        this.array = payload;
    }

    /** Lets the payload's array be used again. Only after the record is durable; the record has no payload from then on. */
    public void release() {
        ByteArrays.release(array);
        array = NO_BYTES;
    }

    TenantId tenant() {
        return tenant;
    }

    List<Fragment> fragments() {
        return fragments;
    }
}
