/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * What the write-ahead log, the segment files and the small files of the data directory ask of a file system. Nothing survives a power cut but the bytes of a file
 * that {@link #force} was called for, and the names in a directory that {@link #syncDirectory} was called for; code above relies on no more. Reading
 * goes straight to the files. Thread-safe.
 */
public interface Disk {
    /** The file system of the machine. */
    Disk REAL = new RealDisk();

    /**
     * Makes a file and opens it for writing.
     *
     * @throws java.nio.file.FileAlreadyExistsException if the name is taken
     */
    FileChannel create(Path file) throws IOException;

    /** Opens a file that exists for writing. */
    FileChannel open(Path file) throws IOException;

    /**
     * Makes a file of zeros, which are durable on return: overwriting them later changes no metadata.
     *
     * @throws java.nio.file.FileAlreadyExistsException if the name is taken
     */
    void createZeros(Path file, int length) throws IOException;

    /** Writes all that remains of {@code bytes} at an offset of a channel that came from here. */
    void write(FileChannel channel, ByteBuffer bytes, long offset) throws IOException;

    /**
     * Makes what was written to a file durable.
     *
     * @param metadata also its size; not needed where bytes within the size are overwritten
     */
    void force(FileChannel channel, boolean metadata) throws IOException;

    /** Gives a file another name in the same directory, replacing none. */
    void move(Path from, Path to) throws IOException;

    /** Gives a file the name of another in the same directory, which it replaces at once if it is there. */
    void replace(Path from, Path to) throws IOException;

    /**
     * Gives a file a second name.
     *
     * @throws java.nio.file.FileAlreadyExistsException if the name is taken
     */
    void link(Path link, Path existing) throws IOException;

    /** Removes a name; returns whether it was there. */
    boolean delete(Path file) throws IOException;

    /** Makes a directory in one that exists. */
    void createDirectory(Path directory) throws IOException;

    /** Makes the names in a directory durable. */
    void syncDirectory(Path directory) throws IOException;

    /** Bytes that can still be written to the file system of a path. */
    long usableBytes(Path path) throws IOException;

    /** {@link #createZeros} by the other calls of a disk. */
    static void writeZeros(Disk disk, Path file, int length) throws IOException {
        try (FileChannel channel = disk.create(file)) {
            ByteBuffer zeros = ByteBuffer.allocateDirect(Math.min(1 << 20, length));
            for (int at = 0; at < length; ) {
                zeros.clear().limit(Math.min(zeros.capacity(), length - at));
                int n = zeros.remaining();
                disk.write(channel, zeros, at);
                at += n;
            }
            disk.force(channel, true);
        }
    }
}
