/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.backup;

import io.skald.core.block.ByteSink;
import io.skald.core.block.Checksum;
import io.skald.core.model.StoreException;
import io.skald.storage.SegmentStore;

/** Writes the file of a backup. Confined to one thread. */
final class BackupWriter {
    private static final int BUFFER = 1 << 20;

    private final SegmentStore.Output out;
    private final ByteSink buffer = new ByteSink(BUFFER + BUFFER / 4);
    private final ByteSink fields = new ByteSink(4096);
    private long frames;

    BackupWriter(SegmentStore.Output out) {
        this.out = out;
        byte[] header = BackupFormat.header();
        buffer.bytes(header, 0, header.length);
    }

    void about(long createdMillis) throws StoreException {
        begin(BackupFormat.FRAME_ABOUT);
        fields.varint(createdMillis);
        end();
    }

    void tenant(BackupContent.Tenant t) throws StoreException {
        begin(BackupFormat.FRAME_TENANT);
        fields.string(t.id().value());
        fields.varint(t.n());
        fields.varint(t.segments());
        fields.varint(t.entries());
        fields.varint(t.bytes());
        end();
    }

    void segment(BackupContent.Segment s) throws StoreException {
        begin(BackupFormat.FRAME_SEGMENT);
        fields.string(s.key());
        fields.varint(s.size());
        fields.u32(s.crc());
        end();
    }

    void lost(String key) throws StoreException {
        begin(BackupFormat.FRAME_LOST);
        fields.string(key);
        end();
    }

    void record(String partition, long key, byte[] value) throws StoreException {
        begin(BackupFormat.FRAME_RECORD);
        fields.string(partition);
        fields.zigzag(key);
        fields.bytes(value, 0, value.length);
        end();
    }

    /** Ends the file: from now on the backup exists. */
    void commit() throws StoreException {
        long before = frames;
        begin(BackupFormat.FRAME_END);
        fields.varint(before);
        end();
        flush();
        out.commit();
    }

    private void begin(int type) {
        fields.reset();
        fields.u8(type);
    }

    private void end() throws StoreException {
        buffer.u32(fields.size());
        buffer.u32(Checksum.of(fields.array(), 0, fields.size()));
        buffer.bytes(fields.array(), 0, fields.size());
        frames++;
        if (buffer.size() > BUFFER) {
            flush();
        }
    }

    private void flush() throws StoreException {
        out.write(buffer.array(), 0, buffer.size());
        buffer.reset();
    }
}
