/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.backup;

import io.skald.core.block.ByteSource;
import io.skald.core.block.Checksum;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.core.model.TenantId;
import io.skald.storage.SegmentStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Reads the file of a backup from its beginning to its end. Confined to one thread. */
final class BackupReader {
    private static final int PIECE = 4 << 20;

    /** Takes the records of the index as they come. */
    interface Records {
        Records IGNORED = (partition, key, value) -> {};

        void record(String partition, long key, byte[] value) throws StoreException;
    }

    private final SegmentStore store;
    private final String object;
    private final long size;
    private byte[] piece = {};
    private int at;
    private long pieceEnd;

    BackupReader(SegmentStore store, String object) throws StoreException {
        this.store = store;
        this.object = object;
        this.size = store.size(object);
    }

    /**
     * Reads all of it.
     *
     * @param name of the backup
     * @throws CorruptData if anything in it is not what was written, or the end is missing
     */
    BackupContent read(String name, Records records) throws StoreException {
        byte[] header = take(BackupFormat.HEADER_LENGTH);
        byte[] expected = BackupFormat.header();
        if (!Arrays.equals(header, 0, BackupFormat.MAGIC_LENGTH, expected, 0, BackupFormat.MAGIC_LENGTH)) {
            throw new CorruptData(object + ": is no backup at offset 0");
        }
        if (header[BackupFormat.MAGIC_LENGTH] != BackupFormat.VERSION) {
            throw new CorruptData(object + ": version " + header[BackupFormat.MAGIC_LENGTH] + ", this reader knows "
                    + BackupFormat.VERSION + ", at offset " + BackupFormat.MAGIC_LENGTH);
        }
        long created = 0;
        List<BackupContent.Tenant> tenants = new ArrayList<>();
        List<BackupContent.Segment> segments = new ArrayList<>();
        List<String> lost = new ArrayList<>();
        for (long frames = 0; ; frames++) {
            ByteSource f = frame();
            int type = f.u8();
            switch (type) {
                case BackupFormat.FRAME_ABOUT -> created = f.varint();
                case BackupFormat.FRAME_TENANT -> tenants.add(tenant(f));
                case BackupFormat.FRAME_SEGMENT ->
                    segments.add(
                            new BackupContent.Segment(f.string("key", BackupFormat.MAX_STRING), f.varint(), f.u32()));
                case BackupFormat.FRAME_LOST -> lost.add(f.string("key", BackupFormat.MAX_STRING));
                case BackupFormat.FRAME_RECORD -> {
                    String partition = f.string("partition", BackupFormat.MAX_STRING);
                    long key = f.zigzag();
                    int from = f.position();
                    int length = f.remaining();
                    records.record(partition, key, Arrays.copyOfRange(f.array(), from, from + length));
                    f.skip(length);
                }
                case BackupFormat.FRAME_END -> {
                    if (f.varint() != frames || position() != size) {
                        throw f.corrupt("the end of " + frames + " frames is not here,");
                    }
                    return new BackupContent(name, created, tenants, segments, lost);
                }
                default -> throw f.corrupt("frame of type " + type + ", which this version does not know,");
            }
            f.expectEnd();
        }
    }

    private static BackupContent.Tenant tenant(ByteSource f) throws CorruptData {
        String id = f.string("tenant", BackupFormat.MAX_STRING);
        try {
            return new BackupContent.Tenant(new TenantId(id), f.varint(), f.varint(), f.varint(), f.varint());
        } catch (RequestException e) {
            throw f.corrupt("tenant '" + id + "'");
        }
    }

    private ByteSource frame() throws StoreException {
        long offset = position();
        byte[] header = take(BackupFormat.FRAME_HEADER_LENGTH);
        ByteSource h = new ByteSource(object, header, 0, header.length, offset);
        int length = h.u32();
        int crc = h.u32();
        if (length < 1 || length > BackupFormat.MAX_FRAME) {
            throw h.corrupt("frame of " + length + " bytes");
        }
        byte[] body = take(length);
        if (Checksum.of(body) != crc) {
            throw new CorruptData(object + ": wrong checksum at offset " + offset);
        }
        return new ByteSource(object, body, 0, length, offset + BackupFormat.FRAME_HEADER_LENGTH);
    }

    private long position() {
        return pieceEnd - piece.length + at;
    }

    private byte[] take(int n) throws StoreException {
        byte[] taken = new byte[n];
        int done = 0;
        while (done < n) {
            if (at == piece.length) {
                if (pieceEnd == size) {
                    throw new CorruptData(object + ": ends early at offset " + size);
                }
                piece = store.read(object, pieceEnd, (int) Math.min(PIECE, size - pieceEnd));
                pieceEnd += piece.length;
                at = 0;
            }
            int k = Math.min(n - done, piece.length - at);
            System.arraycopy(piece, at, taken, done, k);
            at += k;
            done += k;
        }
        return taken;
    }
}
