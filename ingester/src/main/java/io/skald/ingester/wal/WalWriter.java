/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.wal;

import io.skald.core.disk.Disk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.List;

/**
 * The file that records are being written to. Confined to the WAL's own thread. Small records are gathered in a buffer, so that one system
 * call writes many.
 */
final class WalWriter implements AutoCloseable {
    private static final int PAGE = 4096;
    private static final byte[] ZEROS = new byte[PAGE];

    private final WalFile file;
    private final FileChannel channel;
    private final Disk disk;
    private final ByteBuffer buffer;
    private final int segmentBytes;
    /** Where the next record goes. */
    private int end = WalFormat.FILE_HEADER;
    /** Up to where records are synced. */
    private int synced = WalFormat.FILE_HEADER;

    WalWriter(WalFile file, FileChannel channel, Disk disk, ByteBuffer buffer, int segmentBytes) {
        this.file = file;
        this.channel = channel;
        this.disk = disk;
        this.buffer = buffer;
        this.segmentBytes = segmentBytes;
    }

    WalFile file() {
        return file;
    }

    int end() {
        return end;
    }

    int synced() {
        return synced;
    }

    boolean dirty() {
        return synced < end;
    }

    boolean fits(PendingRecord r, int after) {
        return after + WalFormat.recordBytes(r.length()) <= segmentBytes;
    }

    /** Writes records one after the other; nothing counts until {@link #force}. */
    void write(List<? extends PendingRecord> records) throws IOException {
        int start = end;
        int at = end;
        buffer.clear();
        for (PendingRecord r : records) {
            r.placed(WalFormat.position(file.number(), at));
            if (buffer.remaining() < WalFormat.RECORD_HEADER) {
                start += flush(start);
            }
            WalFormat.putRecordHeader(buffer, file.number(), at, r.length(), r.payloadCrc(), r.type());
            int from = 0;
            while (from < r.length()) {
                if (!buffer.hasRemaining()) {
                    start += flush(start);
                }
                int n = Math.min(buffer.remaining(), r.length() - from);
                buffer.put(r.payload(), from, n);
                from += n;
            }
            at += WalFormat.recordBytes(r.length());
            start += pad(start, at);
        }
        // a whole page need not be read before it is written
        start += pad(start, Math.min(segmentBytes, (at + PAGE - 1) & -PAGE));
        flush(start);
        end = at;
    }

    /** Fills up to a place with zeros; returns what had to be written out for that. */
    private int pad(int start, int next) throws IOException {
        int written = 0;
        while (start + written + buffer.position() < next) {
            if (!buffer.hasRemaining()) {
                written += flush(start + written);
            }
            int n = Math.min(Math.min(buffer.remaining(), ZEROS.length), next - start - written - buffer.position());
            buffer.put(ZEROS, 0, n);
        }
        return written;
    }

    private int flush(int at) throws IOException {
        buffer.flip();
        int n = buffer.remaining();
        disk.write(channel, buffer, at);
        buffer.clear();
        return n;
    }

    /** Makes what was written durable. */
    void force() throws IOException {
        disk.force(channel, false);
        synced = end;
    }

    /**
     * Writes where the acknowledged records end. Not synced: a process that is killed leaves it, and so does a power cut some time later; until
     * then the last group cannot be told from one that was never acknowledged.
     */
    void markEnd() throws IOException {
        if (end + WalFormat.RECORD_HEADER <= segmentBytes) {
            disk.write(channel, WalFormat.endMark(file.number(), end), end);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
