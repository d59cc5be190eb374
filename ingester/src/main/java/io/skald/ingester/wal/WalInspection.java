/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.wal;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** Looks at one file of the WAL by itself, also while it is written to. */
public final class WalInspection {
    /**
     * What was found.
     *
     * @param bytes size of the file
     * @param number of the file; 0 when its header cannot be read
     * @param end where the last whole record ends; what follows is room, or what an earlier life of the file left behind
     * @param problems ranges between whole records that hold none; empty when every checksum up to {@code end} holds
     */
    public record Report(
            long bytes,
            long number,
            long epoch,
            int segmentBytes,
            long previousNumber,
            long previousEnd,
            int records,
            int end,
            List<String> problems) {}

    /** Takes the records that are whole, in order. */
    public interface Records {
        /** @param payload valid during the call */
        void record(int offset, byte type, MemorySegment payload) throws IOException;
    }

    private WalInspection() {}

    /**
     * Reads a file.
     *
     * @throws IOException if it cannot be read; damage is no reason
     */
    public static Report of(Path path, Records records) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
                Arena arena = Arena.ofConfined()) {
            long size = channel.size();
            MemorySegment file =
                    size == 0 ? MemorySegment.NULL : channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
            WalFormat.Header h = WalFormat.decode(file);
            if (h == null) {
                return new Report(
                        size, 0, 0, 0, 0, 0, 0, 0, List.of("no header that is whole: no record can be checked"));
            }
            List<String> problems = new ArrayList<>();
            int count = 0;
            int end = WalFormat.FILE_HEADER;
            for (int at = end; at + WalFormat.RECORD_HEADER <= size; ) {
                int length = WalFormat.payloadLength(file, h.number(), at, size);
                if (length < 0 || !WalFormat.payloadIntact(file, at, length)) {
                    at += WalFormat.ALIGNMENT;
                    continue;
                }
                if (at > end) {
                    problems.add("no whole record from offset " + end + " to " + at);
                }
                records.record(at, WalFormat.type(file, at), file.asSlice(at + (long) WalFormat.RECORD_HEADER, length));
                count++;
                at += WalFormat.recordBytes(length);
                end = at;
            }
            return new Report(
                    size,
                    h.number(),
                    h.epoch(),
                    h.segmentBytes(),
                    h.previousNumber(),
                    h.previousEnd(),
                    count,
                    end,
                    problems);
        } catch (InternalError e) {
            // how a mapped file reports that the disk cannot read it
            throw new IOException("the disk cannot read " + path, e);
        }
    }
}
