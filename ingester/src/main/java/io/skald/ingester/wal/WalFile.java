/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.wal;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * A file of the WAL, mapped for reading. Counted by its users: it is let go (recycled or deleted) when the WAL and every reader have released
 * it. Thread-safe.
 */
public final class WalFile {
    private final long number;
    private final Path path;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment bytes;
    private final Consumer<WalFile> onReleased;
    private final AtomicInteger users = new AtomicInteger(1);
    private volatile boolean poisoned;

    private WalFile(Path path, long number, Consumer<WalFile> onReleased) throws IOException {
        this.path = path;
        this.number = number;
        this.onReleased = onReleased;
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            long size = channel.size();
            bytes = size == 0 ? MemorySegment.NULL : channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
        }
    }

    /** Maps a file. {@code onReleased} runs once, after the last user has gone and the file is unmapped. */
    static WalFile map(Path path, long number, Consumer<WalFile> onReleased) throws IOException {
        return new WalFile(path, number, onReleased);
    }

    public long number() {
        return number;
    }

    Path path() {
        return path;
    }

    boolean poisoned() {
        return poisoned;
    }

    void poison() {
        poisoned = true;
    }

    /** All bytes of the file. Valid while the caller is a user. */
    public MemorySegment bytes() {
        return bytes;
    }

    /** Becomes a user. Returns false when the file was let go already. */
    boolean acquire() {
        while (true) {
            int n = users.get();
            if (n == 0) {
                return false;
            }
            if (users.compareAndSet(n, n + 1)) {
                return true;
            }
        }
    }

    /** Ends a use that {@link Wal#acquire} began. */
    public void release() {
        int n = users.decrementAndGet();
        if (n < 0) {
            throw new IllegalStateException(path + " released too often");
        }
        if (n == 0) {
            arena.close();
            onReleased.accept(this);
        }
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
