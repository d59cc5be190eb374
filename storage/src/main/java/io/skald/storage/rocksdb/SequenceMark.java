/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.rocksdb;

import io.skald.core.block.Checksum;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * How many writes a database has acknowledged, kept beside it: RocksDB takes a damaged length at the end of its log for a torn write, and opens
 * without what followed. Written after the database's own sync and not synced itself, so it is never ahead, and behind only after a power cut.
 * Confined to a lock of its user.
 *
 * <p>Two slots of 12 bytes, written in turn: sequence number u64 and crc32c of these eight bytes u32, big-endian. A slot that is not whole counts
 * as zero.
 */
final class SequenceMark implements AutoCloseable {
    private static final int SLOT = 12;

    private final FileChannel file;
    private final ByteBuffer slot = ByteBuffer.allocate(SLOT);
    private long acknowledged;
    private int next;

    private SequenceMark(FileChannel file) {
        this.file = file;
    }

    static SequenceMark open(Path directory) throws IOException {
        SequenceMark mark = new SequenceMark(FileChannel.open(
                directory.resolve(RocksIndexStore.MARK),
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE));
        for (int i = 0; i < 2; i++) {
            long found = mark.read(i);
            if (found > mark.acknowledged) {
                mark.acknowledged = found;
                mark.next = 1 - i;
            }
        }
        return mark;
    }

    private long read(int i) throws IOException {
        slot.clear();
        while (slot.hasRemaining() && file.read(slot, i * (long) SLOT + slot.position()) >= 0) {}
        return slot.hasRemaining() || Checksum.of(slot.array(), 0, 8) != slot.getInt(8) ? 0 : slot.getLong(0);
    }

    /** The last sequence number that is known to have been acknowledged; 0 if none is. */
    long acknowledged() {
        return acknowledged;
    }

    void acknowledge(long sequence) throws IOException {
        slot.clear().putLong(0, sequence);
        slot.putInt(8, Checksum.of(slot.array(), 0, 8));
        while (slot.hasRemaining()) {
            file.write(slot, next * (long) SLOT + slot.position());
        }
        acknowledged = sequence;
        next = 1 - next;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
