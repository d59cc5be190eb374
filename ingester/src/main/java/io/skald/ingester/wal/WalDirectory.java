/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.wal;

import io.skald.core.disk.Disk;
import io.skald.core.disk.DurableFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.IntSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The names and the life of WAL files: {@code 0000000012.wal} holds records, {@code 0000000012.dir} says what is in it,
 * {@code spare-0000000007.wal} waits to be used again, {@code *.corrupt} was set aside, and {@code *.tmp} is being made. Files are filled with zeros when they are made, so that later syncs need not touch metadata. Thread-safe:
 * guarded by itself.
 */
final class WalDirectory {
    private static final System.Logger LOG = System.getLogger(WalDirectory.class.getName());
    private static final Pattern LIVE = Pattern.compile("([0-9]{10})\\.wal");
    private static final Pattern SPARE = Pattern.compile("spare-n?[0-9]{10}\\.wal");
    private static final Pattern SEALED = Pattern.compile("([0-9]{10})\\.dir");

    private final Disk disk;
    private final Path dir;
    private final int segmentBytes;
    private final IntSupplier maxSpares;
    private final Deque<Path> spares = new ArrayDeque<>();

    private WalDirectory(Disk disk, Path dir, int segmentBytes, IntSupplier maxSpares) {
        this.disk = disk;
        this.dir = dir;
        this.segmentBytes = segmentBytes;
        this.maxSpares = maxSpares;
    }

    static WalDirectory open(Disk disk, Path dir, int segmentBytes, IntSupplier maxSpares) throws IOException {
        if (!Files.isDirectory(dir)) {
            disk.createDirectory(dir);
        }
        // also when it was there: a crash may have come before its sync
        disk.syncDirectory(Objects.requireNonNull(dir.toAbsolutePath().getParent()));
        WalDirectory d = new WalDirectory(disk, dir, segmentBytes, maxSpares);
        try (DirectoryStream<Path> files = Files.newDirectoryStream(dir)) {
            for (Path p : files) {
                String name = p.getFileName().toString();
                boolean spare = SPARE.matcher(name).matches();
                if (spare && Files.size(p) == segmentBytes && d.spares.size() < maxSpares.getAsInt()) {
                    d.spares.add(p);
                } else if (spare || name.endsWith(".tmp") || d.strayDirectory(name)) {
                    disk.delete(p);
                }
            }
        }
        return d;
    }

    /** Whether a name is that of the directory of a file that is gone. */
    private boolean strayDirectory(String name) {
        Matcher m = SEALED.matcher(name);
        return m.matches() && !Files.exists(dir.resolve(m.group(1) + ".wal"));
    }

    /** Numbers of the files with records, ascending. */
    List<Long> live() throws IOException {
        List<Long> found = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(dir)) {
            for (Path p : files) {
                Matcher m = LIVE.matcher(p.getFileName().toString());
                if (m.matches()) {
                    found.add(Long.parseLong(m.group(1)));
                }
            }
        }
        found.sort(null);
        return found;
    }

    /**
     * Makes a file ready for records, from a spare one if there is. Its header and its name are durable on return.
     *
     * @return open for writing; the caller closes it
     */
    FileChannel create(WalFormat.Header header) throws IOException {
        Path spare = takeSpare();
        Path from = spare != null ? spare : zeroFilled(dir.resolve(name(header.number()) + ".tmp"));
        FileChannel channel = disk.open(from);
        try {
            disk.write(channel, WalFormat.encode(header), 0);
            disk.force(channel, true);
            disk.move(from, path(header.number()));
            disk.syncDirectory(dir);
            return channel;
        } catch (IOException e) {
            channel.close();
            disk.delete(from);
            throw e;
        }
    }

    Path path(long number) {
        return dir.resolve(name(number));
    }

    private static String name(long number) {
        return String.format(Locale.ROOT, "%010d.wal", number);
    }

    private @Nullable Path takeSpare() {
        synchronized (this) {
            return spares.poll();
        }
    }

    /** Makes a spare file unless there is one or none may be, so that the next {@link #create} is quick. */
    void prepareSpare(long number) throws IOException {
        synchronized (this) {
            if (!spares.isEmpty() || maxSpares.getAsInt() == 0) {
                return;
            }
        }
        Path made = zeroFilled(dir.resolve("spare-n" + name(number) + ".tmp"));
        Path spare = dir.resolve("spare-n" + name(number));
        disk.move(made, spare);
        synchronized (this) {
            spares.add(spare);
        }
    }

    /** Removes spare files that are too many now. */
    synchronized void trim() {
        while (spares.size() > maxSpares.getAsInt()) {
            Path spare = spares.remove();
            try {
                disk.delete(spare);
            } catch (IOException e) {
                LOG.log(System.Logger.Level.WARNING, "cannot remove " + spare, e);
            }
        }
    }

    private Path zeroFilled(Path path) throws IOException {
        disk.delete(path);
        try {
            disk.createZeros(path, segmentBytes);
            return path;
        } catch (IOException e) {
            disk.delete(path);
            throw e;
        }
    }

    private Path sealedPath(long number) {
        return dir.resolve(String.format(Locale.ROOT, "%010d.dir", number));
    }

    /** Writes the directory of a sealed file; it is durable on return. */
    void writeSealed(SealedDirectory sealed) throws IOException {
        DurableFile.write(disk, sealedPath(sealed.number()), sealed.encode());
    }

    /** The directory of a sealed file, or null when there is none that is whole. */
    @Nullable
    SealedDirectory readSealed(long number) {
        Path path = sealedPath(number);
        try {
            SealedDirectory d = Files.exists(path) ? SealedDirectory.decode(Files.readAllBytes(path)) : null;
            return d != null && d.number() == number ? d : null;
        } catch (IOException e) {
            // the file itself holds everything
            LOG.log(System.Logger.Level.WARNING, "cannot read " + path, e);
            return null;
        }
    }

    /** Renames a damaged file, so that it is not read again; returns its new path. */
    Path setAside(long number) throws IOException {
        disk.delete(sealedPath(number));
        Path kept = dir.resolve(name(number) + ".corrupt");
        disk.move(path(number), kept);
        return kept;
    }

    /** Keeps a file for later use, or removes it. */
    void retire(WalFile file) {
        try {
            Path spare = dir.resolve("spare-" + name(file.number()));
            disk.delete(sealedPath(file.number()));
            synchronized (this) {
                if (!file.poisoned()
                        && spares.size() < maxSpares.getAsInt()
                        && Files.size(file.path()) == segmentBytes) {
                    disk.move(file.path(), spare);
                    spares.add(spare);
                    return;
                }
            }
            disk.delete(file.path());
        } catch (IOException e) {
            // its records are stored elsewhere: a file that stays is skipped by the fence after a restart
            LOG.log(System.Logger.Level.WARNING, "cannot recycle WAL file " + file.path(), e);
        }
    }
}
