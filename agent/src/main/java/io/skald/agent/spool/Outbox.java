/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.spool;

import io.skald.agent.spool.Positions.Acknowledged;
import io.skald.agent.spool.Positions.Queue;
import io.skald.core.block.ByteSink;
import io.skald.core.model.TenantId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The durable queue between sources and ingesters, and the one source of read positions. A push with its times and file states is on disk
 * before it is first sent, and after a restart the same bytes are sent again: an ingester that has them knows the repeat. Segments are
 * named by their first sequence number; one is appended to only by the process that began it, so whatever is torn at its end was never
 * sent.
 *
 * <p>{@link #append} and {@link #checkpoint} are for one thread; a failed append leaves nothing behind and may be tried again. {@link #read} and
 * {@link #acknowledge} are thread-safe: guarded by {@code lock}.
 */
public final class Outbox implements AutoCloseable {
    static final String PREFIX = "outbox-";
    static final long SEGMENT_BYTES = 16 << 20;

    /** What is read and written at once goes through memory outside the heap that the JVM keeps, for each thread. */
    private static final int PIECE_BYTES = 64 * 1024;

    private final Path directory;
    private final FileChannel held;
    private final AgentIdentity identity;
    private final long segmentBytes;
    private final Set<String> clients;
    private final Map<FileState.Key, FileState> files;
    private final Map<Marks.Stream, Long> recoveredMarks;
    private final Map<String, String> cursors;
    private final ByteSink record = new ByteSink(1 << 16);
    private final Map<TenantId, Long> pushes = new HashMap<>();

    private final ReentrantLock lock = new ReentrantLock();
    private final TreeMap<Long, Segment> segments = new TreeMap<>();
    private final Map<Queue, Acknowledged> acknowledged;
    private List<Item> recovered;
    private long sequence;
    private @Nullable Segment current;

    /**
     * A push to be appended.
     *
     * @param entries its entries
     * @param lineBytes bytes of their lines
     * @param bytes what begins with the push
     * @param length bytes of the push
     */
    public record Part(TenantId tenant, long entries, long lineBytes, byte[] bytes, int length) {
        /** A push that is all of an array. */
        public Part(TenantId tenant, long entries, long lineBytes, byte[] bytes) {
            this(tenant, entries, lineBytes, bytes, bytes.length);
        }
    }

    /** A file of records. Guarded by the lock, but for the channel. */
    private static final class Segment {
        final long first;
        final Path path;
        final FileChannel channel;
        long bytes;
        /** Items in it, each once for every client that has not taken it. */
        long unacknowledged;

        Segment(long first, Path path, FileChannel channel) {
            this.first = first;
            this.path = path;
            this.channel = channel;
        }
    }

    private Outbox(
            Path directory,
            FileChannel held,
            AgentIdentity identity,
            long segmentBytes,
            Collection<String> clients,
            OutboxRecovery found) {
        this.directory = directory;
        this.held = held;
        this.identity = identity;
        this.segmentBytes = segmentBytes;
        this.clients = Set.copyOf(clients);
        this.files = found.files();
        this.recoveredMarks = found.marks();
        this.cursors = found.cursors();
        this.acknowledged = found.acknowledged();
        acknowledged.keySet().removeIf(q -> !this.clients.contains(q.client()));
        this.recovered = found.items();
        this.sequence = found.sequence();
    }

    /**
     * Opens the outbox of a directory, which is made if need be.
     *
     * @param clients names of those that each push is sent to
     * @throws IOException if the directory is in use, cannot be read, or holds something damaged; the message names the file
     */
    public static Outbox open(Path directory, Collection<String> clients) throws IOException {
        return open(directory, clients, SEGMENT_BYTES);
    }

    static Outbox open(Path directory, Collection<String> clients, long segmentBytes) throws IOException {
        Files.createDirectories(directory);
        FileChannel held = AgentIdentity.lock(directory);
        try {
            AgentIdentity identity = AgentIdentity.next(directory);
            Outbox outbox =
                    new Outbox(directory, held, identity, segmentBytes, clients, OutboxRecovery.recover(directory));
            outbox.openSegments();
            return outbox;
        } catch (IOException | RuntimeException e) {
            held.close();
            throw e;
        }
    }

    private void openSegments() throws IOException {
        for (Map.Entry<Long, Path> e : OutboxRecovery.segments(directory).entrySet()) {
            FileChannel channel = FileChannel.open(e.getValue(), StandardOpenOption.READ);
            Segment s = new Segment(e.getKey(), e.getValue(), channel);
            s.bytes = channel.size();
            segments.put(e.getKey(), s);
        }
        for (Item i : recovered) {
            Segment s = segments.get(i.segment());
            for (String client : clients) {
                if (s != null && !isAcknowledged(client, i)) {
                    s.unacknowledged++;
                }
            }
        }
    }

    private boolean isAcknowledged(String client, Item i) {
        Acknowledged a = acknowledged.get(new Queue(client, i.tenant()));
        return a != null && a.covers(i);
    }

    /** Who sends: the same after each restart. */
    public String agent() {
        return identity.agent();
    }

    /** Which start this is. */
    public long epoch() {
        return identity.epoch();
    }

    /** What was found when it was opened and a client has not taken, oldest first. Once for each client. */
    public List<Item> pending(String client) {
        return recovered.stream().filter(i -> !isAcknowledged(client, i)).toList();
    }

    /** How far each known file is read, as far as it is on disk. For the thread that appends. */
    public Collection<FileState> files() {
        return List.copyOf(files.values());
    }

    /** The last time of each stream when it was opened. */
    public Map<Marks.Stream, Long> marks() {
        return Map.copyOf(recoveredMarks);
    }

    /** Where sources that are no files go on. For the thread that appends. */
    public Map<String, String> cursors() {
        return Map.copyOf(cursors);
    }

    /** The number of a tenant's next push in this epoch. It is taken by {@link #append}. */
    public long nextPush(TenantId tenant) {
        return pushes.getOrDefault(tenant, 0L) + 1;
    }

    /**
     * Puts pushes on disk, together with how far the sources are read with them. Blocks for the disk.
     *
     * @param parts may be empty, when only the states have changed
     */
    public List<Item> append(List<Part> parts, Collection<FileState> states, Map<String, String> newCursors)
            throws IOException {
        record.reset();
        OutboxFormat.beginRecord(record, sequence + 1);
        long now = System.currentTimeMillis();
        record.i64(now);
        record.varint(parts.size());
        List<Integer> positions = new ArrayList<>(parts.size());
        for (Part p : parts) {
            record.string(p.tenant.value());
            record.varint(p.entries);
            record.varint(p.lineBytes);
            record.varint(p.length);
            positions.add(record.size());
            record.bytes(p.bytes, 0, p.length);
        }
        OutboxFormat.writeFiles(record, states);
        Positions.writeCursors(record, newCursors);
        OutboxFormat.endRecord(record);
        Segment segment;
        long at;
        try {
            segment = segment();
            at = segment.bytes;
            writeFully(segment.channel, ByteBuffer.wrap(record.array(), 0, record.size()));
            segment.channel.force(false);
        } catch (IOException | RuntimeException e) {
            abandon();
            throw e;
        }
        sequence++;
        List<Item> items = new ArrayList<>(parts.size());
        for (int i = 0; i < parts.size(); i++) {
            Part p = parts.get(i);
            pushes.merge(p.tenant, 1L, Long::sum);
            items.add(new Item(
                    sequence,
                    i,
                    p.tenant,
                    p.entries,
                    p.lineBytes,
                    now,
                    segment.first,
                    at + positions.get(i),
                    p.length));
        }
        states.forEach(f -> files.put(f.key(), f));
        cursors.putAll(newCursors);
        lock.lock();
        try {
            segment.bytes += record.size();
            segment.unacknowledged += (long) items.size() * clients.size();
        } finally {
            lock.unlock();
        }
        return items;
    }

    private Segment segment() throws IOException {
        Segment s = current;
        if (s != null && s.bytes < segmentBytes) {
            return s;
        }
        seal();
        Path path = directory.resolve(String.format(Locale.ROOT, "%s%016x", PREFIX, sequence + 1));
        // what lies there under this name holds no whole record, or the number would be taken
        FileChannel channel = FileChannel.open(
                path,
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING);
        s = new Segment(sequence + 1, path, channel);
        writeFully(channel, ByteBuffer.wrap(OutboxFormat.fileHeader(OutboxFormat.OUTBOX_MAGIC)));
        syncDirectory(path);
        s.bytes = OutboxFormat.FILE_HEADER_BYTES;
        lock.lock();
        try {
            Segment before = segments.put(s.first, s);
            if (before != null) {
                before.channel.close();
            }
        } finally {
            lock.unlock();
        }
        current = s;
        return s;
    }

    /** After an error nobody knows what the file holds: nothing more is written to it. */
    private void abandon() {
        Segment s = current;
        current = null;
        if (s != null && s.first == sequence + 1) {
            lock.lock();
            try {
                segments.remove(s.first);
                s.channel.close();
            } catch (IOException e) {
                System.getLogger(Outbox.class.getName())
                        .log(System.Logger.Level.WARNING, () -> "cannot close " + s.path + ": " + e);
            } finally {
                lock.unlock();
            }
        }
    }

    /** Reads a push. Blocks for the disk. */
    public byte[] read(Item item) throws IOException {
        FileChannel channel;
        lock.lock();
        try {
            Segment s = segments.get(item.segment());
            if (s == null) {
                throw new IOException("segment " + item.segment() + " of the outbox is gone");
            }
            channel = s.channel;
        } finally {
            lock.unlock();
        }
        ByteBuffer bytes = ByteBuffer.allocate(item.length());
        while (bytes.position() < item.length()) {
            bytes.limit(Math.min(item.length(), bytes.position() + PIECE_BYTES));
            if (channel.read(bytes, item.position() + bytes.position()) < 0) {
                throw new IOException("segment " + item.segment() + " of the outbox ends early");
            }
        }
        return bytes.array();
    }

    /** Says that a client is done with an item, and with all of its tenant before. */
    public void acknowledge(String client, Item item) {
        lock.lock();
        try {
            acknowledged.put(new Queue(client, item.tenant()), new Acknowledged(item.sequence(), item.part()));
            Segment s = segments.get(item.segment());
            if (s != null) {
                s.unacknowledged--;
            }
        } finally {
            lock.unlock();
        }
    }

    /** Forgets files that are gone. For the thread that appends. */
    public void forget(Collection<FileState.Key> keys) {
        keys.forEach(files::remove);
    }

    /**
     * Writes the positions file and removes the segments that nothing needs any more.
     *
     * @param marks the last time of each stream that is still of interest, up to the last append
     */
    public void checkpoint(Map<Marks.Stream, Long> marks) throws IOException {
        Map<Queue, Acknowledged> acks;
        List<Segment> done = new ArrayList<>();
        lock.lock();
        try {
            acks = new LinkedHashMap<>(acknowledged);
            for (Segment s : segments.values()) {
                if (s.unacknowledged > 0 || s == current) {
                    break; // the numbers of the segments that stay follow each other
                }
                done.add(s);
            }
        } finally {
            lock.unlock();
        }
        new Positions(sequence, acks, new ArrayList<>(files.values()), marks, cursors)
                .write(directory.resolve("positions"));
        for (Segment s : done) {
            lock.lock();
            try {
                segments.remove(s.first);
                s.channel.close();
            } finally {
                lock.unlock();
            }
            Files.deleteIfExists(s.path);
        }
        recovered = List.of();
    }

    /** Ends the present segment, so that a checkpoint may remove it once all of it is acknowledged. */
    public void seal() {
        current = null;
    }

    /** Bytes of all segments on disk. */
    public long diskBytes() {
        lock.lock();
        try {
            long bytes = 0;
            for (Segment s : segments.values()) {
                bytes += s.bytes;
            }
            return bytes;
        } finally {
            lock.unlock();
        }
    }

    /** Whether every client has taken everything. */
    public boolean isEmpty() {
        lock.lock();
        try {
            return segments.values().stream().allMatch(s -> s.unacknowledged == 0);
        } finally {
            lock.unlock();
        }
    }

    static void writeFully(FileChannel out, ByteBuffer bytes) throws IOException {
        int end = bytes.limit();
        while (bytes.position() < end) {
            bytes.limit(Math.min(end, bytes.position() + PIECE_BYTES));
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
        try (held) {
            lock.lock();
            try {
                for (Segment s : segments.values()) {
                    s.channel.close();
                }
                segments.clear();
                current = null;
            } finally {
                lock.unlock();
            }
        }
    }

    /** The clients that it was opened for. */
    Set<String> clients() {
        return new HashSet<>(clients);
    }
}
