/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.wal;

import io.skald.core.disk.Disk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/** The real disk, with errors on demand. */
public final class FaultyDisk implements Disk {
    /** How many of the next syncs of data fail. */
    public final AtomicInteger failingForces = new AtomicInteger();
    /** Whether there is no room for new files. */
    public volatile boolean full;
    /** What the probe of free space says. */
    public volatile long usable = Long.MAX_VALUE;
    /** Syncs of data that were asked for. */
    public final AtomicInteger forces = new AtomicInteger();

    @Override
    public FileChannel create(Path file) throws IOException {
        if (full) {
            throw new IOException("No space left on device");
        }
        return REAL.create(file);
    }

    @Override
    public FileChannel open(Path file) throws IOException {
        if (full) {
            throw new IOException("No space left on device");
        }
        return REAL.open(file);
    }

    @Override
    public void createZeros(Path file, int length) throws IOException {
        Disk.writeZeros(this, file, length);
    }

    @Override
    public void write(FileChannel channel, ByteBuffer bytes, long offset) throws IOException {
        REAL.write(channel, bytes, offset);
    }

    @Override
    public void force(FileChannel channel, boolean metadata) throws IOException {
        if (!metadata) {
            forces.incrementAndGet();
            if (failingForces.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
                throw new IOException("Input/output error");
            }
        }
        REAL.force(channel, metadata);
    }

    @Override
    public void move(Path from, Path to) throws IOException {
        REAL.move(from, to);
    }

    @Override
    public void replace(Path from, Path to) throws IOException {
        REAL.replace(from, to);
    }

    @Override
    public void link(Path link, Path existing) throws IOException {
        REAL.link(link, existing);
    }

    @Override
    public boolean delete(Path file) throws IOException {
        return REAL.delete(file);
    }

    @Override
    public void createDirectory(Path directory) throws IOException {
        REAL.createDirectory(directory);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        REAL.syncDirectory(directory);
    }

    @Override
    public long usableBytes(Path path) {
        return usable;
    }
}
