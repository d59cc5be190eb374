/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.record;

import io.skald.core.block.Checksum;
import io.skald.core.model.RequestException;
import io.skald.core.model.TenantId;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What waits to be sent by remote write, in files that are written at the end and removed from the beginning. What is added is in the file
 * when the call returns, which a killed process does not undo; after a loss of power, what {@link #sync} wrote is there. Thread-safe: guarded
 * by itself.
 *
 * <p>A file {@code N.queue} holds records: length (u32, big-endian), crc32c of the rest (u32), time (i64, milliseconds since the epoch), length
 * of the tenant's id (u8), the id, a remote-write message. A file ends where a record is not whole. The file {@code position} holds number of file
 * and offset up to which all was sent.
 */
final class WriteQueue implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(WriteQueue.class.getName());
    private static final String SUFFIX = ".queue";
    private static final Pattern NAME = Pattern.compile("([0-9]{12})\\.queue");
    private static final int HEADER = 8;
    private static final int MOST_RECORD = 64 << 20;

    /** A record and where the next one begins. */
    record Item(long millis, TenantId tenant, byte[] message, long file, long end) {}

    private final Path directory;
    private final long fileBytes;
    private final long maxBytes;
    /** Sizes of files by number. */
    private final TreeMap<Long, Long> files = new TreeMap<>();

    private FileChannel writing;
    private long readFile;
    private long readAt;
    private long droppedRecords;
    private boolean dirty;

    private WriteQueue(Path directory, long fileBytes, long maxBytes, FileChannel writing) {
        this.directory = directory;
        this.fileBytes = fileBytes;
        this.maxBytes = maxBytes;
        this.writing = writing;
    }

    /** Opens a directory, making it if need be. */
    static WriteQueue open(Path directory, long fileBytes, long maxBytes) throws IOException {
        Files.createDirectories(directory);
        TreeMap<Long, Long> found = new TreeMap<>();
        try (Stream<Path> s = Files.list(directory)) {
            for (Path p : s.toList()) {
                Matcher m = NAME.matcher(p.getFileName().toString());
                if (m.matches()) {
                    found.put(Long.parseLong(m.group(1)), Files.size(p));
                }
            }
        }
        // always a new file: the last one may end within a record
        long next = found.isEmpty() ? 1 : found.lastKey() + 1;
        WriteQueue q = new WriteQueue(directory, fileBytes, maxBytes, create(directory, next));
        q.files.putAll(found);
        q.files.put(next, 0L);
        q.readFile = q.files.firstKey();
        q.restorePosition();
        return q;
    }

    private static FileChannel create(Path directory, long number) throws IOException {
        return FileChannel.open(
                directory.resolve(name(number)), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }

    private static String name(long number) {
        return String.format(Locale.ROOT, "%012d", number) + SUFFIX;
    }

    private void restorePosition() throws IOException {
        Path p = directory.resolve("position");
        if (Files.exists(p)) {
            String[] parts = new String(Files.readAllBytes(p), StandardCharsets.ISO_8859_1)
                    .strip()
                    .split(" ", -1);
            try {
                long file = Long.parseLong(parts[0]);
                long at = Long.parseLong(parts[1]);
                Long size = files.get(file);
                if (size != null) {
                    if (at < 0 || at > size) { // what is added next would begin before it, and never be sent
                        throw new NumberFormatException(at + " is not in file " + file + " of " + size + " bytes");
                    }
                    readFile = file;
                    readAt = at;
                    dropBefore(file);
                }
            } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
                LOG.log(Level.WARNING, "remote write sends again what waits: " + p + " is damaged", e);
            }
        }
    }

    private void dropBefore(long file) throws IOException {
        while (files.firstKey() < file) {
            Files.deleteIfExists(directory.resolve(name(files.pollFirstEntry().getKey())));
        }
    }

    /** Adds a record; drops the oldest file if there is too much then. */
    synchronized void add(long millis, TenantId tenant, byte[] message) throws IOException {
        byte[] id = tenant.value().getBytes(StandardCharsets.US_ASCII);
        ByteBuffer b = ByteBuffer.allocate(HEADER + 9 + id.length + message.length);
        b.position(HEADER);
        b.putLong(millis).put((byte) id.length).put(id).put(message);
        int length = b.capacity() - HEADER;
        b.putInt(0, length).putInt(4, Checksum.of(b.array(), HEADER, length)).rewind();
        if (files.lastEntry().getValue() >= fileBytes) {
            writing.force(false);
            writing.close();
            long next = files.lastKey() + 1;
            writing = create(directory, next);
            files.put(next, 0L);
        }
        while (b.hasRemaining()) {
            if (writing.write(b) <= 0) {
                throw new IOException("nothing was written to " + directory);
            }
        }
        files.merge(files.lastKey(), (long) b.capacity(), Long::sum);
        dirty = true;
        while (bytes() > maxBytes && files.size() > 1) {
            long oldest = files.firstKey();
            if (readFile == oldest) {
                readFile = files.higherKey(oldest);
                readAt = 0;
            }
            dropBefore(oldest + 1);
            droppedRecords++;
        }
    }

    /** Bytes that wait. */
    synchronized long bytes() {
        long n = -readAt;
        for (long size : files.tailMap(readFile).values()) {
            n += size;
        }
        return Math.max(0, n);
    }

    /** Files that were dropped because too much waited. */
    synchronized long droppedFiles() {
        return droppedRecords;
    }

    /** The next records, of one tenant, about so many bytes; none if nothing waits. Reading does not remove them. */
    synchronized List<Item> peek(int aboutBytes) throws IOException {
        List<Item> out = new ArrayList<>();
        long file = readFile;
        long at = readAt;
        long total = 0;
        while (total < aboutBytes) {
            Item next = read(file, at);
            if (next == null) {
                Long higher = files.higherKey(file);
                if (higher == null) {
                    break;
                }
                file = higher;
                at = 0;
                continue;
            }
            if (!out.isEmpty() && !out.getFirst().tenant.equals(next.tenant)) {
                break;
            }
            out.add(next);
            total += next.message.length;
            at = next.end;
        }
        return out;
    }

    private @Nullable Item read(long file, long at) throws IOException {
        long size = files.getOrDefault(file, 0L);
        if (at + HEADER > size) {
            return null;
        }
        try (FileChannel c = FileChannel.open(directory.resolve(name(file)), StandardOpenOption.READ)) {
            ByteBuffer head = ByteBuffer.wrap(read(c, at, HEADER));
            int length = head.getInt(0);
            if (length < 9 || length > MOST_RECORD || at + HEADER + length > size) {
                return null;
            }
            byte[] body = read(c, at + HEADER, length);
            if (Checksum.of(body) != head.getInt(4)) {
                LOG.log(Level.WARNING, "the rest of " + name(file) + " is damaged and not sent");
                return null;
            }
            return item(ByteBuffer.wrap(body), file, at + HEADER + length);
        } catch (BufferUnderflowException | RequestException e) {
            LOG.log(Level.WARNING, "the rest of " + name(file) + " is damaged and not sent", e);
            return null;
        }
    }

    private static Item item(ByteBuffer body, long file, long end) {
        long millis = body.getLong();
        byte[] id = new byte[body.get() & 0xff];
        body.get(id);
        byte[] message = new byte[body.remaining()];
        body.get(message);
        return new Item(millis, new TenantId(new String(id, StandardCharsets.US_ASCII)), message, file, end);
    }

    private static byte[] read(FileChannel c, long at, int length) throws IOException {
        byte[] bytes = new byte[length];
        ByteBuffer b = ByteBuffer.wrap(bytes);
        while (b.hasRemaining()) {
            if (c.read(b, at + b.position()) < 0) {
                throw new IOException("file ends within a record");
            }
        }
        return bytes;
    }

    /** Goes on behind a record. */
    synchronized void done(Item last) throws IOException {
        if (last.file < readFile) {
            return;
        }
        readFile = last.file;
        readAt = last.end;
        dropBefore(readFile);
        dirty = true;
    }

    /** Makes all that was added durable, and notes what was sent. */
    synchronized void sync() throws IOException {
        if (!dirty) {
            return;
        }
        dirty = false;
        writing.force(false);
        Path p = directory.resolve("position.new");
        Files.writeString(p, readFile + " " + readAt + "\n", StandardCharsets.US_ASCII);
        Files.move(
                p, directory.resolve("position"), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    @Override
    public synchronized void close() throws IOException {
        sync();
        writing.close();
    }
}
