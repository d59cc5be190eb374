/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.wal;

import io.skald.core.model.StoreException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Reads what earlier runs left in a WAL directory. Damage never stops it: it is reported, and reading goes on after it. */
final class WalRecovery {
    /** Receives the records in order of position. */
    interface RecordConsumer {
        /** @param payload a view of the mapped file, valid during the call */
        void record(long position, byte type, MemorySegment payload);

        /** Bytes of a file that hold no record that could be read; they may have held acknowledged ones. */
        void corrupt(StoreException.CorruptData damage);
    }

    /**
     * What was found.
     *
     * @param files all files, to be kept until what they hold is stored
     * @param lastNumber the greatest number in use, 0 for none
     * @param lastEnd where the records of the last file end
     * @param bytes bytes of records
     */
    record Found(List<WalFile> files, long lastNumber, long lastEnd, long bytes) {}

    private final RecordConsumer consumer;
    private long bytes;

    WalRecovery(RecordConsumer consumer) {
        this.consumer = consumer;
    }

    Found read(List<WalFile> files) throws IOException {
        List<WalFile> kept = new ArrayList<>();
        long end = WalFormat.FILE_HEADER;
        for (int i = 0; i < files.size(); i++) {
            WalFile file = files.get(i);
            kept.add(file);
            boolean last = i == files.size() - 1;
            long known = last ? -1 : endAccordingTo(files.get(i + 1), file);
            if (known != 0) {
                end = readFile(file, known);
            }
        }
        return new Found(kept, files.isEmpty() ? 0 : files.getLast().number(), end, bytes);
    }

    /** Where the acknowledged records of a file end: -1 when unknown, 0 when it has none. */
    private static long endAccordingTo(WalFile next, WalFile file) {
        WalFormat.Header h = WalFormat.decode(next.bytes());
        if (h == null) {
            return -1;
        }
        // a file that the next one does not follow failed before anything in it was acknowledged
        return h.previousNumber() == file.number() ? h.previousEnd() : 0;
    }

    private long readFile(WalFile file, long knownEnd) {
        MemorySegment b = file.bytes();
        long limit = knownEnd < 0 ? b.byteSize() : Math.min(knownEnd, b.byteSize());
        int at = WalFormat.FILE_HEADER;
        while (at < limit) {
            int length = WalFormat.payloadLength(b, file.number(), at, limit);
            if (length >= 0 && WalFormat.payloadIntact(b, at, length)) {
                consumer.record(
                        WalFormat.position(file.number(), at),
                        WalFormat.type(b, at),
                        b.asSlice(at + (long) WalFormat.RECORD_HEADER, length));
                bytes += WalFormat.recordBytes(length);
                at += WalFormat.recordBytes(length);
                continue;
            }
            int from = length >= 0 ? at + WalFormat.recordBytes(length) : at + WalFormat.ALIGNMENT;
            int next = nextRecord(file, from, limit);
            if (next < 0 && knownEnd < 0) {
                // a torn write at the end of the last file, or what an earlier life of the file left behind
                return at;
            }
            int until = next < 0 ? (int) limit : next;
            consumer.corrupt(new StoreException.CorruptData("WAL file " + file + " is corrupt from offset " + at
                    + " to " + until + "; records in there are lost"));
            at = until;
        }
        if (limit < knownEnd) {
            consumer.corrupt(new StoreException.CorruptData("WAL file " + file + " ends at offset " + limit + " of "
                    + knownEnd + "; records after it are lost"));
        }
        return Math.max(at, WalFormat.FILE_HEADER);
    }

    private static int nextRecord(WalFile file, int from, long limit) {
        MemorySegment b = file.bytes();
        for (int at = from; at + WalFormat.RECORD_HEADER < limit; at += WalFormat.ALIGNMENT) {
            int length = WalFormat.payloadLength(b, file.number(), at, limit);
            if (length >= 0 && WalFormat.payloadIntact(b, at, length)) {
                return at;
            }
        }
        return -1;
    }
}
