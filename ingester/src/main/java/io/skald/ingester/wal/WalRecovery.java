/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.wal;

import io.skald.core.model.StoreException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads what earlier runs left in a WAL directory: of sealed files their directories, of others the records. Damage never stops it: it is
 * reported, and reading goes on after it; a file of which nothing can be read is set aside.
 */
final class WalRecovery {
    private static final System.Logger LOG = System.getLogger(WalRecovery.class.getName());

    private final WalDirectory directory;
    private final WalFiles files;
    private final Wal.Replay replay;

    WalRecovery(WalDirectory directory, WalFiles files, Wal.Replay replay) {
        this.directory = directory;
        this.files = files;
        this.replay = replay;
    }

    /**
     * What was found.
     *
     * @param lastNumber the greatest number in use, 0 for none
     * @param lastEnd where the records of the last file end
     * @param unsealed files that had no directory, and where their records end
     */
    record Found(long lastNumber, int lastEnd, Map<Long, Integer> unsealed) {}

    Found read() throws IOException {
        List<Long> numbers = directory.live();
        Map<Long, Integer> unsealed = new TreeMap<>();
        int end = WalFormat.FILE_HEADER;
        // what the headers say is needed before the files are read
        List<WalFormat.@Nullable Header> headers = new ArrayList<>();
        for (long number : numbers) {
            headers.add(header(number));
        }
        for (int i = 0; i < numbers.size(); i++) {
            long number = numbers.get(i);
            WalFile file = files.add(number);
            boolean last = i == numbers.size() - 1;
            int known = last ? -1 : endAccordingTo(headers.get(i + 1), number);
            if (known == 0) {
                continue;
            }
            SealedDirectory sealed = last ? null : directory.readSealed(number);
            if (sealed != null
                    && (known < 0 || known == sealed.end())
                    && sealed.end() <= size(file)
                    && replay.directory(number, sealed.content())) {
                continue;
            }
            end = scan(file, known);
            if (end > WalFormat.FILE_HEADER) {
                unsealed.put(number, end);
            }
        }
        return new Found(numbers.isEmpty() ? 0 : numbers.getLast(), end, unsealed);
    }

    /** Where the acknowledged records of a file end: -1 when unknown, 0 when it has none. */
    private static int endAccordingTo(WalFormat.@Nullable Header next, long number) {
        if (next == null) {
            return -1;
        }
        // a file that the next one does not follow failed before anything in it was acknowledged
        return next.previousNumber() == number ? (int) next.previousEnd() : 0;
    }

    private WalFormat.@Nullable Header header(long number) {
        try (FileChannel channel = FileChannel.open(directory.path(number), StandardOpenOption.READ);
                Arena arena = Arena.ofConfined()) {
            long length = Math.min(channel.size(), WalFormat.FILE_HEADER);
            return WalFormat.decode(
                    length == 0 ? MemorySegment.NULL : channel.map(FileChannel.MapMode.READ_ONLY, 0, length, arena));
        } catch (IOException | InternalError e) {
            LOG.log(System.Logger.Level.ERROR, "cannot read the header of WAL file " + directory.path(number), e);
            return null;
        }
    }

    private static long size(WalFile file) {
        try {
            return Files.size(file.path());
        } catch (IOException e) {
            // reading it will say why
            return -1;
        }
    }

    private int scan(WalFile file, int known) {
        try (FileChannel channel = FileChannel.open(file.path(), StandardOpenOption.READ);
                Arena arena = Arena.ofConfined()) {
            long size = channel.size();
            MemorySegment bytes =
                    size == 0 ? MemorySegment.NULL : channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
            return new Scan(file, bytes, known).run();
        } catch (IOException | InternalError e) {
            // an InternalError is how a mapped file reports that the disk cannot read it
            damaged(file, "WAL file " + file + " cannot be read: " + e.getMessage());
            files.drop(file);
            return WalFormat.FILE_HEADER;
        }
    }

    private void damaged(WalFile file, String message) {
        LOG.log(System.Logger.Level.ERROR, message);
        file.markDamaged();
        replay.corrupt(new StoreException.CorruptData(message));
    }

    /** Reads one file record by record. */
    private final class Scan {
        private final WalFile file;
        private final MemorySegment bytes;
        private final int known;
        private final int limit;
        private int records;

        Scan(WalFile file, MemorySegment bytes, int known) {
            this.file = file;
            this.bytes = bytes;
            this.known = known;
            // offsets are integers: no file is written that is larger
            long size = Math.min(bytes.byteSize(), Integer.MAX_VALUE);
            this.limit = (int) (known < 0 ? size : Math.min(known, size));
        }

        int run() {
            int end = read();
            if (limit < known) {
                damaged(
                        file,
                        "WAL file " + file + " ends at offset " + limit + " of " + known
                                + "; records after it are lost");
            }
            if (file.damaged() && records == 0) {
                // nothing in it will ever be asked for
                files.drop(file);
            }
            return Math.max(end, WalFormat.FILE_HEADER);
        }

        private int read() {
            int at = WalFormat.FILE_HEADER;
            while (at < limit) {
                int length = WalFormat.payloadLength(bytes, file.number(), at, limit);
                if (length >= 0 && WalFormat.payloadIntact(bytes, at, length)) {
                    replay.record(
                            WalFormat.position(file.number(), at),
                            WalFormat.type(bytes, at),
                            bytes.asSlice(at + (long) WalFormat.RECORD_HEADER, length));
                    records++;
                    at += WalFormat.recordBytes(length);
                    continue;
                }
                if (known < 0 && WalFormat.isEndMark(bytes, file.number(), at, limit)) {
                    return at;
                }
                int from = length >= 0 ? at + WalFormat.recordBytes(length) : at + WalFormat.ALIGNMENT;
                int next = nextRecord(from);
                if (next < 0 && known < 0) {
                    // a torn write at the end of the last file, or what an earlier life of the file left behind
                    if (length >= 0) {
                        LOG.log(
                                System.Logger.Level.WARNING,
                                "WAL file {0} ends at offset {1} in a record that is not whole: cut by a crash before it"
                                        + " was acknowledged, or damaged",
                                file,
                                Integer.toString(at));
                    }
                    return at;
                }
                int until = next < 0 ? limit : next;
                damaged(
                        file,
                        "WAL file " + file + " is corrupt from offset " + at + " to " + until
                                + "; records in there are lost");
                at = until;
            }
            return at;
        }

        /** Where the next record begins, or the mark that records before it were acknowledged; -1 when there is neither. */
        private int nextRecord(int from) {
            for (int at = from; at + WalFormat.RECORD_HEADER <= limit; at += WalFormat.ALIGNMENT) {
                int length = WalFormat.payloadLength(bytes, file.number(), at, limit);
                if (length >= 0 && WalFormat.payloadIntact(bytes, at, length)
                        || WalFormat.isEndMark(bytes, file.number(), at, limit)) {
                    return at;
                }
            }
            return -1;
        }
    }
}
