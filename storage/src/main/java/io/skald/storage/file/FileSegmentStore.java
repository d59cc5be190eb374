/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.file;

import io.skald.core.disk.Disk;
import io.skald.core.model.StoreException;
import io.skald.storage.SegmentStore;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Objects as files below one directory, which one process owns. A new object is written to a temporary file, fsynced, linked under its name
 * (which fails if that exists), and the directories on the way to it are fsynced, before {@code commit} returns; what a crash leaves behind
 * is only ever a temporary file, and {@link #open} removes those. Thread-safe.
 */
public final class FileSegmentStore implements SegmentStore {
    private static final String TEMPORARY = "tmp";

    private final Disk disk;
    private final Path root;
    private final Path temporary;
    /** Directories below the root whose names are known to be durable. */
    private final Set<Path> durable = ConcurrentHashMap.newKeySet();

    private FileSegmentStore(Disk disk, Path root) {
        this.disk = disk;
        this.root = root;
        this.temporary = root.resolve(TEMPORARY);
    }

    /**
     * Opens the directory, making it if need be, and removes what unfinished writes left there.
     *
     * @throws StoreException if it cannot be made or read
     */
    public static FileSegmentStore open(Path root) throws StoreException {
        return open(Disk.REAL, root);
    }

    /** Opens the directory over a file system of the caller's. */
    public static FileSegmentStore open(Disk disk, Path root) throws StoreException {
        FileSegmentStore store = new FileSegmentStore(disk, root.toAbsolutePath());
        try {
            store.makeDirectories();
            try (Stream<Path> leftovers = Files.list(store.temporary)) {
                for (Path p : leftovers.toList()) {
                    disk.delete(p);
                }
            }
            return store;
        } catch (IOException e) {
            throw new StoreException.Unavailable("segment directory " + root + " cannot be opened: " + e, e);
        }
    }

    /**
     * The directory as it is, for reading what another process may be writing to: nothing is made or tidied up.
     *
     * @throws StoreException if there is none
     */
    public static FileSegmentStore look(Path root) throws StoreException {
        if (!Files.isDirectory(root)) {
            throw new StoreException("no segment directory " + root);
        }
        return new FileSegmentStore(Disk.REAL, root.toAbsolutePath());
    }

    /** The file of an object. */
    public Path file(String key) throws StoreException {
        return path(key);
    }

    /**
     * Makes a file of the same file system an object, without copying it: it must never be written to again.
     *
     * @throws StoreException also if the key exists, or the file is on another file system
     */
    public void link(String key, Path file) throws StoreException {
        Path target = path(key);
        try {
            makeParents(target);
            disk.link(target, file);
            disk.syncDirectory(parent(target));
        } catch (FileAlreadyExistsException e) {
            throw new StoreException("segment " + key + " exists already", e);
        } catch (IOException e) {
            throw e instanceof NoSuchFileException && !Files.exists(file)
                    ? new StoreException.NotFound(file + " does not exist")
                    : new StoreException("cannot link " + file + " to " + target + ": " + e.getMessage(), e);
        }
    }

    private void makeDirectories() throws IOException {
        Path parent = parent(root);
        Files.createDirectories(parent);
        for (Path p : List.of(root, temporary)) {
            if (!Files.isDirectory(p)) {
                disk.createDirectory(p);
            }
            disk.syncDirectory(parent(p));
        }
    }

    /** The file of a key. Keys are made by this program; that none leads out of the directory is checked all the same. */
    private Path path(String key) throws StoreException {
        Path p = root.resolve(key).normalize();
        if (key.isEmpty() || !p.startsWith(root) || p.equals(root) || p.startsWith(temporary)) {
            throw new StoreException("segment key '" + key + "' is not a path below the segment directory");
        }
        return p;
    }

    @Override
    public Output create(String key) throws StoreException {
        Path target = path(key);
        if (Files.exists(target)) {
            throw new StoreException("segment " + key + " exists already");
        }
        Path file = temporary.resolve(UUID.randomUUID() + ".seg");
        try {
            FileChannel channel = disk.create(file);
            return new FileOutput(key, target, file, channel);
        } catch (IOException e) {
            throw failure("create", key, e);
        }
    }

    @Override
    public long size(String key) throws StoreException {
        try {
            return Files.size(path(key));
        } catch (IOException e) {
            throw failure("look at", key, e);
        }
    }

    @Override
    public byte[] read(String key, long offset, int length) throws StoreException {
        return fill(key, offset, length, null);
    }

    @Override
    public void read(String key, long offset, int length, byte[] into) throws StoreException {
        fill(key, offset, length, into);
    }

    private byte[] fill(String key, long offset, int length, byte @Nullable [] into) throws StoreException {
        Path file = path(key);
        // no channel: it would copy by way of a direct buffer, with instructions so wide that some processors lower
        // their
        // clock for a while, which makes decompressing what was read 15 % slower; and an interrupt would close it
        try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
            long size = in.length();
            if (offset < 0 || length < 0 || offset > size - length) {
                throw new StoreException.CorruptData(
                        "segment " + key + " has " + size + " bytes, asked for " + length + " at offset " + offset);
            }
            // made only for a range that is there
            byte[] bytes = into == null ? new byte[length] : into;
            in.seek(offset);
            in.readFully(bytes, 0, length);
            return bytes;
        } catch (EOFException e) {
            throw new StoreException.CorruptData("segment " + key + " ends before offset " + (offset + length), e);
        } catch (FileNotFoundException e) {
            if (!Files.exists(file)) {
                throw new StoreException.NotFound("segment " + key + " does not exist");
            }
            throw failure("read", key, e);
        } catch (IOException e) {
            throw failure("read", key, e);
        }
    }

    @Override
    public void delete(String key) throws StoreException {
        Path file = path(key);
        try {
            if (disk.delete(file)) {
                disk.syncDirectory(parent(file));
            }
        } catch (IOException e) {
            throw failure("delete", key, e);
        }
    }

    @Override
    public List<String> list(String prefix) throws StoreException {
        List<String> keys = new ArrayList<>();
        try (Stream<Path> files = Files.walk(startOf(prefix))) {
            for (Path p : files.filter(f -> !f.startsWith(temporary))
                    .filter(Files::isRegularFile)
                    .toList()) {
                String key = root.relativize(p).toString().replace('\\', '/');
                if (key.startsWith(prefix)) {
                    keys.add(key);
                }
            }
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException | UncheckedIOException e) {
            throw new StoreException.Unavailable("segments " + prefix + "* cannot be listed: " + e, e);
        }
        keys.sort(null);
        return keys;
    }

    /** The deepest directory that holds everything with a prefix. */
    private Path startOf(String prefix) throws StoreException {
        int slash = prefix.lastIndexOf('/');
        return slash <= 0 ? root : path(prefix.substring(0, slash));
    }

    @Override
    public void close() {}

    private static StoreException failure(String what, String key, IOException e) {
        if (e instanceof NoSuchFileException) {
            return new StoreException.NotFound("segment " + key + " does not exist");
        }
        return new StoreException.Unavailable("cannot " + what + " segment " + key + ": " + e, e);
    }

    private static Path parent(Path p) {
        return Objects.requireNonNull(p.getParent());
    }

    /** Makes the directories from the root to a file. Each is synced once: one that is there may be what a crash left before its sync. */
    private void makeParents(Path target) throws IOException {
        Path p = root;
        for (Path name : root.relativize(parent(target))) {
            p = p.resolve(name);
            if (!durable.contains(p)) {
                if (!Files.isDirectory(p)) {
                    create(p);
                }
                disk.syncDirectory(parent(p));
                durable.add(p);
            }
        }
    }

    private void create(Path directory) throws IOException {
        try {
            disk.createDirectory(directory);
        } catch (FileAlreadyExistsException e) {
            // another thread was faster
            if (!Files.isDirectory(directory)) {
                throw e;
            }
        }
    }

    private final class FileOutput implements Output {
        private final String key;
        private final Path target;
        private final Path file;
        private final FileChannel channel;
        private long position;
        private boolean closed;

        FileOutput(String key, Path target, Path file, FileChannel channel) {
            this.key = key;
            this.target = target;
            this.file = file;
            this.channel = channel;
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws StoreException {
            ByteBuffer b = ByteBuffer.wrap(bytes, offset, length);
            try {
                disk.write(channel, b, position);
            } catch (IOException e) {
                throw failure("write", key, e);
            }
            position += length;
        }

        @Override
        public long position() {
            return position;
        }

        @Override
        public void commit() throws StoreException {
            try {
                disk.force(channel, true);
                channel.close();
                makeParents(target);
                // a link, not a rename: it fails when the name is taken, a rename would replace what is there
                disk.link(target, file);
                disk.syncDirectory(parent(target));
                close();
            } catch (FileAlreadyExistsException e) {
                throw new StoreException("segment " + key + " exists already", e);
            } catch (IOException e) {
                throw failure("commit", key, e);
            }
        }

        @Override
        public void close() {
            if (closed) {
                return;
            }
            closed = true;
            try {
                channel.close();
                disk.delete(file);
            } catch (IOException e) {
                // harmless: the next open removes it
                System.getLogger(FileSegmentStore.class.getName())
                        .log(System.Logger.Level.WARNING, "temporary file " + file + " not removed", e);
            }
        }
    }
}
