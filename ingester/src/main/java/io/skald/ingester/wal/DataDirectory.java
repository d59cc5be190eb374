/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.wal;

import io.skald.core.disk.Disk;
import io.skald.core.model.StoreException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * The lock of a data directory and the number of its starts. Held from {@link #acquire} to {@link #close}; a crash lets go of it too.
 *
 * @see java.nio.channels.FileLock
 */
public final class DataDirectory implements AutoCloseable {
    private static final String LOCK = "lock";

    private final Path dir;
    private final FileChannel channel;
    private final FileLock lock;
    private final long epoch;

    private DataDirectory(Path dir, FileChannel channel, FileLock lock, long epoch) {
        this.dir = dir;
        this.channel = channel;
        this.lock = lock;
        this.epoch = epoch;
    }

    /**
     * Makes the directory if need be, and locks it.
     *
     * @throws StoreException.Unavailable if another process holds it or the disk fails; the message names directory and holder
     */
    public static DataDirectory acquire(Disk disk, Path dir) throws StoreException {
        FileChannel channel = null;
        try {
            Files.createDirectories(dir);
            channel = FileChannel.open(
                    dir.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            disk.syncDirectory(dir);
            FileLock lock = tryLock(channel);
            String[] held = read(channel).split(" ", 2);
            if (lock == null) {
                throw new StoreException.Unavailable(
                        "data directory " + dir + " is in use by process " + held[0] + "; each needs its own");
            }
            long epoch = held.length == 2 ? parse(held[1].trim()) + 1 : 1;
            write(channel, ProcessHandle.current().pid() + " " + epoch + "\n");
            return new DataDirectory(dir, channel, lock, epoch);
        } catch (IOException e) {
            closeAfter(channel, e);
            throw new StoreException.Unavailable("cannot lock data directory " + dir + ": " + e.getMessage(), e);
        } catch (StoreException e) {
            closeAfter(channel, e);
            throw e;
        }
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            // held by another object of this very process
            return null;
        }
    }

    private static long parse(String epoch) {
        // the file may have been cut short by a power failure: an epoch only tells starts apart, so beginning again is
        // harmless
        return epoch.matches("[0-9]{1,18}") ? Long.parseLong(epoch) : 0;
    }

    private static String read(FileChannel channel) throws IOException {
        ByteBuffer b = ByteBuffer.allocate(64);
        channel.read(b, 0);
        return new String(b.array(), 0, b.position(), StandardCharsets.UTF_8);
    }

    private static void write(FileChannel channel, String text) throws IOException {
        channel.truncate(0);
        channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)), 0);
        channel.force(true);
    }

    private static void closeAfter(@Nullable FileChannel channel, Exception cause) {
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                cause.addSuppressed(e);
            }
        }
    }

    public Path dir() {
        return dir;
    }

    /** How many times the directory was locked, this time included. */
    public long epoch() {
        return epoch;
    }

    @Override
    public void close() throws StoreException {
        try {
            if (channel.isOpen()) {
                lock.release();
                channel.close();
            }
        } catch (IOException e) {
            throw new StoreException.Unavailable("cannot unlock data directory " + dir + ": " + e.getMessage(), e);
        }
    }
}
