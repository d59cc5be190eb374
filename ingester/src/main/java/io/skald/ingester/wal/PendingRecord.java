/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.wal;

import io.skald.core.block.Checksum;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * A record on its way into the WAL. Made and checksummed by the caller's thread, before any lock is taken; then handed to {@link Wal#append}
 * and left alone. Subclasses carry what {@link WalListener} needs to know about it.
 */
public class PendingRecord {
    private final byte type;
    private final byte[] payload;
    private final int length;
    private final int payloadCrc;
    private final CountDownLatch done = new CountDownLatch(1);
    private long position;
    private @Nullable Exception failure;

    /** @param payload its first {@code length} bytes are the record's payload; not copied */
    public PendingRecord(byte type, byte[] payload, int length) {
        this.type = type;
        this.payload = payload;
        this.length = length;
        this.payloadCrc = Checksum.of(payload, 0, length);
    }

    public int length() {
        return length;
    }

    byte type() {
        return type;
    }

    byte[] payload() {
        return payload;
    }

    int payloadCrc() {
        return payloadCrc;
    }

    /** Where the record is in the WAL. Valid once it is durable. */
    public long position() {
        return position;
    }

    void placed(long at) {
        position = at;
    }

    void completed(@Nullable Exception e) {
        failure = e;
        done.countDown();
    }

    /** Waits for the record to be durable; returns why it is not. */
    @Nullable
    Exception await() throws InterruptedException {
        done.await();
        return failure;
    }
}
