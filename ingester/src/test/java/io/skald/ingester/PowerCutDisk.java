/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester;

import io.skald.core.disk.Disk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The real disk, with a record of what a power cut would leave: of each file the bytes that were forced, of each directory the names that were
 * synced, and of everything since then a random part, torn in the middle of a write. After the cut every call fails. Thread-safe: guarded by itself.
 */
final class PowerCutDisk implements Disk {
    private static final int SECTOR = 512;

    private final Random random;
    private final Map<Path, FileNode> files = new HashMap<>();
    private final Map<Path, DirectoryNode> directories = new HashMap<>();
    private final IdentityHashMap<FileChannel, FileNode> open = new IdentityHashMap<>();
    private long callsLeft = Long.MAX_VALUE;
    private boolean off;

    private record Write(int offset, byte[] bytes) {}

    private static final class FileNode {
        private byte[] durable = {};
        private final List<Write> pending = new ArrayList<>();

        /** @param grow whether the new size is durable too */
        void force(boolean grow) {
            for (Write w : pending) {
                int end = w.offset + w.bytes.length;
                if (grow && end > durable.length) {
                    durable = Arrays.copyOf(durable, end);
                }
                put(durable, w, w.bytes.length);
            }
            pending.clear();
        }

        private static void put(byte[] to, Write w, int length) {
            int n = Math.min(length, to.length - w.offset);
            if (n > 0) {
                System.arraycopy(w.bytes, 0, to, w.offset, n);
            }
        }

        /** What a cut leaves: any of the writes, whole, torn at a sector, or not at all. */
        byte[] afterCut(Random random) {
            byte[] image = durable.clone();
            for (Write w : pending) {
                int kept = switch (random.nextInt(3)) {
                    case 0 -> 0;
                    case 1 -> w.bytes.length;
                    default -> {
                        // sectors are written whole or not at all
                        int end = (w.offset + random.nextInt(w.bytes.length + 1)) / SECTOR * SECTOR;
                        yield Math.clamp(end - (long) w.offset, 0, w.bytes.length);
                    }
                };
                if (kept > 0) {
                    if (w.offset + kept > image.length) {
                        image = Arrays.copyOf(image, w.offset + kept);
                    }
                    put(image, w, kept);
                }
            }
            return image;
        }
    }

    private static final class DirectoryNode {
        private Map<String, Object> durable = new TreeMap<>();
        private final List<Consumer<Map<String, Object>>> pending = new ArrayList<>();

        void sync() {
            pending.forEach(change -> change.accept(durable));
            pending.clear();
        }

        /** A journalled file system keeps the order of changes: what is left is a prefix of them. */
        Map<String, Object> afterCut(Random random) {
            Map<String, Object> image = new TreeMap<>(durable);
            int kept = random.nextBoolean() ? 0 : random.nextInt(pending.size() + 1);
            pending.subList(0, kept).forEach(change -> change.accept(image));
            return image;
        }
    }

    private PowerCutDisk(Random random) {
        this.random = random;
    }

    /** A disk on which everything below {@code root} is durable. */
    static PowerCutDisk on(Path root, Random random) throws IOException {
        PowerCutDisk disk = new PowerCutDisk(random);
        try (Stream<Path> all = Files.walk(root)) {
            for (Path p : all.sorted().toList()) {
                Object node;
                if (Files.isDirectory(p)) {
                    DirectoryNode d = new DirectoryNode();
                    disk.directories.put(p, d);
                    node = d;
                } else {
                    FileNode f = new FileNode();
                    f.durable = Files.readAllBytes(p);
                    disk.files.put(p, f);
                    node = f;
                }
                if (!p.equals(root)) {
                    disk.parent(p).durable.put(name(p), node);
                }
            }
        }
        return disk;
    }

    /** Cuts the power at the given call from now. */
    synchronized void cutAfter(long calls) {
        callsLeft = calls;
    }

    synchronized boolean isOff() {
        return off;
    }

    /** Cuts the power now. */
    synchronized void cut() {
        off = true;
    }

    /** Counts a call of another store that shares the power supply; throws when it is off. */
    synchronized void tick() throws IOException {
        if (!off && --callsLeft < 0) {
            off = true;
        }
        if (off) {
            throw new IOException("power is off");
        }
    }

    /** Writes what the cut left to a new directory. */
    synchronized void image(Path root, Path to) throws IOException {
        write(Objects.requireNonNull(directories.get(root)), to);
    }

    private void write(DirectoryNode d, Path to) throws IOException {
        Files.createDirectories(to);
        for (Map.Entry<String, Object> e : d.afterCut(random).entrySet()) {
            Path p = to.resolve(e.getKey());
            if (e.getValue() instanceof DirectoryNode sub) {
                write(sub, p);
            } else if (e.getValue() instanceof FileNode f) {
                Files.write(p, f.afterCut(random));
            }
        }
    }

    private static String name(Path p) {
        return p.getFileName().toString();
    }

    private DirectoryNode parent(Path p) {
        return Objects.requireNonNull(directories.get(p.getParent()), () -> "unknown directory of " + p);
    }

    private FileNode node(FileChannel channel) {
        return Objects.requireNonNull(open.get(channel));
    }

    @Override
    public synchronized FileChannel create(Path file) throws IOException {
        tick();
        FileChannel c = REAL.create(file);
        FileNode node = new FileNode();
        files.put(file, node);
        parent(file).pending.add(names -> names.put(name(file), node));
        open.put(c, node);
        return c;
    }

    @Override
    public synchronized FileChannel open(Path file) throws IOException {
        tick();
        FileChannel c = REAL.open(file);
        open.put(c, Objects.requireNonNull(files.get(file)));
        return c;
    }

    @Override
    public void createZeros(Path file, int length) throws IOException {
        Disk.writeZeros(this, file, length);
    }

    @Override
    public synchronized void write(FileChannel channel, ByteBuffer bytes, long offset) throws IOException {
        boolean wasOn = !off;
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        try {
            tick();
        } finally {
            if (wasOn) {
                // also the write that the cut falls into may have got to the disk
                node(channel).pending.add(new Write(Math.toIntExact(offset), copy));
            }
        }
        REAL.write(channel, bytes, offset);
    }

    @Override
    public synchronized void force(FileChannel channel, boolean metadata) throws IOException {
        tick();
        node(channel).force(metadata);
    }

    @Override
    public synchronized void move(Path from, Path to) throws IOException {
        tick();
        REAL.move(from, to);
        renamed(from, to);
    }

    @Override
    public synchronized void replace(Path from, Path to) throws IOException {
        tick();
        REAL.replace(from, to);
        renamed(from, to);
    }

    private void renamed(Path from, Path to) {
        FileNode node = Objects.requireNonNull(files.remove(from));
        files.put(to, node);
        if (!Objects.equals(from.getParent(), to.getParent())) {
            throw new AssertionError("moved to another directory: " + from + " to " + to);
        }
        parent(from).pending.add(names -> {
            names.remove(name(from));
            names.put(name(to), node);
        });
    }

    @Override
    public synchronized void link(Path link, Path existing) throws IOException {
        tick();
        REAL.link(link, existing);
        FileNode node = Objects.requireNonNull(files.get(existing));
        files.put(link, node);
        parent(link).pending.add(names -> names.put(name(link), node));
    }

    @Override
    public synchronized boolean delete(Path file) throws IOException {
        tick();
        boolean there = REAL.delete(file);
        if (there) {
            files.remove(file);
            parent(file).pending.add(names -> names.remove(name(file)));
        }
        return there;
    }

    @Override
    public synchronized void createDirectory(Path directory) throws IOException {
        tick();
        REAL.createDirectory(directory);
        DirectoryNode node = new DirectoryNode();
        directories.put(directory, node);
        parent(directory).pending.add(names -> names.put(name(directory), node));
    }

    @Override
    public synchronized void syncDirectory(Path directory) throws IOException {
        tick();
        DirectoryNode d = directories.get(directory);
        if (d != null) {
            d.sync();
        }
    }

    @Override
    public long usableBytes(Path path) {
        return Long.MAX_VALUE;
    }
}
