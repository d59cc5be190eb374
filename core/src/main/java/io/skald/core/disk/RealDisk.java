/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Straight to the file system. */
final class RealDisk implements Disk {
    private static final int ZEROS = 1 << 20;

    /** Past the page cache; null where the JVM cannot. By its name, as it is not part of the standard. */
    private static final @Nullable OpenOption DIRECT = direct();

    private static @Nullable OpenOption direct() {
        try {
            for (Object o : Class.forName("com.sun.nio.file.ExtendedOpenOption").getEnumConstants()) {
                if (o instanceof OpenOption option && option.toString().equals("DIRECT")) {
                    return option;
                }
            }
            return null;
        } catch (ClassNotFoundException e) {
            return null;
        }
    }

    @Override
    public FileChannel create(Path file) throws IOException {
        return FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }

    @Override
    public FileChannel open(Path file) throws IOException {
        return FileChannel.open(file, StandardOpenOption.WRITE);
    }

    /** Past the page cache, where the file system can: filling pages that nobody will read took a twentieth of a push's processor time. */
    @Override
    public void createZeros(Path file, int length) throws IOException {
        Path dir = Objects.requireNonNull(file.toAbsolutePath().getParent());
        long unit = Files.getFileStore(dir).getBlockSize();
        OpenOption direct = DIRECT;
        if (direct == null || unit < 1 || unit > ZEROS || length % unit != 0) {
            Disk.writeZeros(this, file, length);
            return;
        }
        try (FileChannel channel =
                FileChannel.open(file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, direct))) {
            ByteBuffer zeros = ByteBuffer.allocateDirect(ZEROS + (int) unit).alignedSlice((int) unit);
            for (int at = 0; at < length; at += ZEROS) {
                zeros.clear().limit(Math.min(ZEROS, length - at));
                write(channel, zeros, at);
            }
            channel.force(true);
        } catch (UnsupportedOperationException e) {
            plainZeros(file, length, e);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (IOException e) {
            // some file systems let a file be opened like this, and then refuse
            plainZeros(file, length, e);
        }
    }

    private void plainZeros(Path file, int length, Exception why) throws IOException {
        Files.deleteIfExists(file);
        try {
            Disk.writeZeros(this, file, length);
        } catch (IOException e) {
            e.addSuppressed(why);
            throw e;
        }
    }

    @Override
    public void write(FileChannel channel, ByteBuffer bytes, long offset) throws IOException {
        long at = offset;
        while (bytes.hasRemaining()) {
            at += channel.write(bytes, at);
        }
    }

    @Override
    public void force(FileChannel channel, boolean metadata) throws IOException {
        channel.force(metadata);
    }

    @Override
    public void move(Path from, Path to) throws IOException {
        Files.move(from, to);
    }

    @Override
    public void replace(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void link(Path link, Path existing) throws IOException {
        Files.createLink(link, existing);
    }

    @Override
    public boolean delete(Path file) throws IOException {
        return Files.deleteIfExists(file);
    }

    @Override
    public void createDirectory(Path directory) throws IOException {
        Files.createDirectory(directory);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        try (FileChannel d = FileChannel.open(directory, StandardOpenOption.READ)) {
            d.force(true);
        }
    }

    @Override
    public long usableBytes(Path path) throws IOException {
        return Files.getFileStore(path).getUsableSpace();
    }
}
