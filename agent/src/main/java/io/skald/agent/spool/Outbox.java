/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.spool;

import io.skald.agent.discover.FileId;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The durable queue between files and ingester, and the one source of read positions. A batch with its times and file states is on disk
 * before it is first sent, and after a restart the same bytes are sent again: an ingester that has them sees equal entries. Segments are
 * named by their first sequence number; one is appended to only by the process that began it, so whatever is torn at its end was never
 * sent.
 *
 * <p>Confined to the tail thread. A failed {@link #append} leaves nothing behind and may be tried again.
 */
public final class Outbox implements AutoCloseable {
    private static final String PREFIX = "outbox-";
    static final long SEGMENT_BYTES = 16 << 20;

    private final Path directory;
    private final FileChannel lock;
    private final long segmentBytes;
    private final TreeMap<Long, Path> segments = new TreeMap<>();
    private final Map<FileId, FileState> files = new LinkedHashMap<>();
    private final Map<Labels, Long> marks = new LinkedHashMap<>();
    private final List<Batch> unacknowledged = new ArrayList<>();
    private long sequence;
    private long acknowledged;
    private @Nullable FileChannel current;

    private Outbox(Path directory, FileChannel lock, long segmentBytes) {
        this.directory = directory;
        this.lock = lock;
        this.segmentBytes = segmentBytes;
    }

    /**
     * Opens the outbox of a directory, which is made if need be.
     *
     * @throws IOException if the directory is in use, cannot be read, or holds something damaged; the message names the file
     */
    public static Outbox open(Path directory) throws IOException {
        return open(directory, SEGMENT_BYTES);
    }

    static Outbox open(Path directory, long segmentBytes) throws IOException {
        Files.createDirectories(directory);
        FileChannel lock =
                FileChannel.open(directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (!tryLock(lock)) {
                throw new IOException("another agent uses " + directory);
            }
            Outbox outbox = new Outbox(directory, lock, segmentBytes);
            outbox.recover();
            return outbox;
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    private static boolean tryLock(FileChannel channel) throws IOException {
        try {
            // held until the channel is closed
            FileLock held = channel.tryLock();
            return held != null;
        } catch (OverlappingFileLockException e) {
            return false; // by an agent in this very process
        }
    }

    private void recover() throws IOException {
        Positions p = Positions.read(directory.resolve("positions"));
        sequence = p.sequence();
        acknowledged = p.acknowledged();
        p.files().forEach(f -> files.put(f.id(), f));
        marks.putAll(p.marks());
        try (Stream<Path> names = Files.list(directory)) {
            for (Path path : names.toList()) {
                String name = path.getFileName().toString();
                if (name.startsWith(PREFIX)) {
                    segments.put(Long.parseUnsignedLong(name.substring(PREFIX.length()), 16), path);
                }
            }
        }
        long expected = -1;
        for (Map.Entry<Long, Path> segment : segments.entrySet()) {
            if (expected < 0 ? segment.getKey() > acknowledged + 1 : segment.getKey() != expected) {
                throw new IOException(
                        "batches are missing before " + segment.getValue() + ", or its predecessor is damaged");
            }
            Long following = segments.higherKey(segment.getKey());
            expected =
                    readSegment(segment.getValue(), segment.getKey(), following == null ? Long.MAX_VALUE : following);
        }
    }

    /**
     * Reads up to the end, to what was torn, or to the number at which the next segment begins: a record whose fsync failed was written again
     * there. Returns the sequence number behind.
     */
    private long readSegment(Path path, long first, long end) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(path));
        long next = first;
        if (in.remaining() < OutboxFormat.FILE_HEADER_BYTES) {
            return next; // torn while it was begun
        }
        int magic = in.getInt();
        int version = in.getInt();
        if (magic != OutboxFormat.OUTBOX_MAGIC || version != OutboxFormat.VERSION) {
            throw new IOException(path + " is not an outbox of version " + OutboxFormat.VERSION);
        }
        while (next < end && in.remaining() >= OutboxFormat.RECORD_HEADER_BYTES) {
            int length = in.getInt();
            int crc = in.getInt();
            long number = in.getLong();
            if (length < 0 || length > in.remaining()) {
                break;
            }
            byte[] payload = new byte[length];
            in.get(payload);
            if (number != next || OutboxFormat.crc(number, payload) != crc) {
                break;
            }
            next++;
            if (number > Math.min(sequence, acknowledged)) {
                recovered(OutboxFormat.readBatch(number, payload));
            }
        }
        return next;
    }

    private void recovered(Batch batch) {
        if (batch.sequence() > acknowledged) {
            unacknowledged.add(batch);
        }
        if (batch.sequence() > sequence) {
            sequence = batch.sequence();
            apply(batch);
        }
    }

    private void apply(Batch batch) {
        for (FileState f : batch.files()) {
            files.put(f.id(), f);
        }
        for (EntryBatch b : batch.streams()) {
            long last = Long.MIN_VALUE;
            for (int i = 0; i < b.size(); i++) {
                last = Math.max(last, b.timestampNanos(i));
            }
            marks.merge(b.labels(), last, Math::max);
        }
    }

    /** Batches that were read before a restart and are not known to have been taken, oldest first. They come before any new one. */
    public List<Batch> unacknowledged() {
        return List.copyOf(unacknowledged);
    }

    /** How far each known file is read, as far as it is on disk. */
    public Collection<FileState> files() {
        return List.copyOf(files.values());
    }

    /** What is known of a file, or null. */
    public @Nullable FileState file(FileId id) {
        return files.get(id);
    }

    /** The last time of each stream. */
    public Map<Labels, Long> marks() {
        return Map.copyOf(marks);
    }

    /** Puts a batch on disk and gives it the next number. Blocks for the disk. */
    public Batch append(List<FileState> states, List<EntryBatch> streams) throws IOException {
        Batch batch = new Batch(sequence + 1, states, streams);
        ByteBuffer record = OutboxFormat.record(
                batch.sequence(), out -> OutboxFormat.writeBatch(out, batch.files(), batch.streams()));
        try {
            FileChannel channel = channel();
            writeFully(channel, record);
            channel.force(false);
        } catch (IOException | RuntimeException e) {
            abandon();
            throw e;
        }
        sequence = batch.sequence();
        apply(batch);
        return batch;
    }

    private FileChannel channel() throws IOException {
        FileChannel channel = current;
        if (channel != null && channel.size() < segmentBytes) {
            return channel;
        }
        if (channel != null) {
            current = null;
            channel.close();
        }
        Path path = directory.resolve(String.format("%s%016x", PREFIX, sequence + 1));
        // what lies there under this name holds no whole record, or the number would be taken
        channel = FileChannel.open(
                path, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
        current = channel;
        segments.put(sequence + 1, path);
        writeFully(channel, OutboxFormat.fileHeader(OutboxFormat.OUTBOX_MAGIC));
        syncDirectory(path);
        return channel;
    }

    /** After a failed write nobody knows what is on disk behind the last record: the segment is not written to again. */
    private void abandon() {
        FileChannel channel = current;
        current = null;
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                System.getLogger(Outbox.class.getName())
                        .log(System.Logger.Level.WARNING, "closing a failed outbox segment", e);
            }
        }
    }

    /** Everything up to this number was taken. */
    public void acknowledge(long upTo) {
        if (upTo > acknowledged) {
            acknowledged = upTo;
            unacknowledged.removeIf(b -> b.sequence() <= upTo);
        }
    }

    /** Forgets files and the marks of streams that only they had. */
    public void forget(Collection<FileId> ids, Collection<Labels> streams) {
        ids.forEach(files::remove);
        streams.forEach(marks::remove);
    }

    /** Writes the positions file and removes the segments that nothing needs any more. */
    public void checkpoint() throws IOException {
        new Positions(sequence, acknowledged, new ArrayList<>(files.values()), marks)
                .write(directory.resolve("positions"));
        while (!segments.isEmpty()) {
            Long second = segments.higherKey(segments.firstKey());
            boolean last = second == null;
            long end = last ? sequence + 1 : second;
            if (end > acknowledged + 1 || last && current != null) {
                break;
            }
            Files.deleteIfExists(segments.pollFirstEntry().getValue());
        }
    }

    /** Ends the present segment, so that a checkpoint may remove it once all of it is acknowledged. */
    public void seal() throws IOException {
        FileChannel channel = current;
        current = null;
        if (channel != null) {
            channel.close();
        }
    }

    /** Bytes of all segments on disk. */
    public long diskBytes() throws IOException {
        long bytes = 0;
        for (Path p : segments.values()) {
            bytes += Files.exists(p) ? Files.size(p) : 0;
        }
        return bytes;
    }

    static void writeFully(FileChannel out, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            out.write(bytes);
        }
    }

    /** Makes a new name in a directory durable. */
    static void syncDirectory(Path file) throws IOException {
        try (FileChannel d = FileChannel.open(file.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
            d.force(true);
        }
    }

    /** Closes without writing: what was appended is on disk already. */
    @Override
    public void close() throws IOException {
        try (lock) {
            FileChannel channel = current;
            current = null;
            if (channel != null) {
                channel.close();
            }
        }
    }
}
