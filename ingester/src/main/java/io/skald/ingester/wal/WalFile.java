/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.wal;

import io.skald.core.model.StoreException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * A file of the WAL. Counted by its users: it is let go (recycled, set aside or deleted) when the WAL and every reader have released it.
 * Thread-safe.
 */
public final class WalFile {
    private final long number;
    private final Path path;
    private final Consumer<WalFile> onReleased;
    private final AtomicInteger users = new AtomicInteger(1);
    private volatile boolean poisoned;
    private volatile boolean damaged;

    /** {@code onReleased} runs once, after the last user has gone. */
    WalFile(Path path, long number, Consumer<WalFile> onReleased) {
        this.path = path;
        this.number = number;
        this.onReleased = onReleased;
    }

    long number() {
        return number;
    }

    Path path() {
        return path;
    }

    boolean poisoned() {
        return poisoned;
    }

    /** Whether bytes were found in it that are not what was written. */
    boolean damaged() {
        return damaged;
    }

    void markPoisoned() {
        poisoned = true;
    }

    void markDamaged() {
        damaged = true;
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

    /** Ends a use. */
    void release() {
        int n = users.decrementAndGet();
        if (n < 0) {
            throw new IllegalStateException(path + " released too often");
        }
        if (n == 0) {
            onReleased.accept(this);
        }
    }

    /**
     * A use of a file for reading, through a channel of its own: an interrupt closes the channel that it meets, and must not take one from other
     * readers. Reading is thread-safe.
     */
    public static final class Reader implements AutoCloseable {
        private final WalFile file;
        private final FileChannel channel;
        private final long size;

        private Reader(WalFile file, FileChannel channel, long size) {
            this.file = file;
            this.channel = channel;
            this.size = size;
        }

        /** Takes over a use of the file, which ends when the reader is closed. */
        static Reader of(WalFile file) throws StoreException {
            try {
                FileChannel channel = FileChannel.open(file.path, StandardOpenOption.READ);
                return new Reader(file, channel, channel.size());
            } catch (IOException e) {
                file.release();
                throw new StoreException.Unavailable("cannot open WAL file " + file + ": " + e.getMessage(), e);
            }
        }

        /** Bytes of the file when it was opened. */
        public long size() {
            return size;
        }

        /**
         * Fills an array.
         *
         * @throws StoreException.CorruptData if the file ends before, or the disk cannot read it
         */
        public void read(int offset, byte[] into) throws StoreException {
            ByteBuffer b = ByteBuffer.wrap(into);
            try {
                while (b.hasRemaining()) {
                    if (channel.read(b, (long) offset + b.position()) < 0) {
                        throw damaged(offset, new IOException("the file ends early"));
                    }
                }
            } catch (java.nio.channels.ClosedChannelException e) {
                throw new StoreException.Unavailable("reading of WAL file " + file + " was interrupted", e);
            } catch (IOException e) {
                throw damaged(offset, e);
            }
        }

        /** Notes that the file is damaged, which keeps it from being used again; returns what to throw. */
        public StoreException.CorruptData damaged(int offset, Exception cause) {
            file.markDamaged();
            return new StoreException.CorruptData(
                    "WAL file " + file + " is corrupt at offset " + offset + ": " + cause.getMessage(), cause);
        }

        @Override
        public void close() {
            try {
                channel.close();
            } catch (IOException e) {
                System.getLogger(WalFile.class.getName())
                        .log(System.Logger.Level.WARNING, "closing WAL file " + file, e);
            }
            file.release();
        }
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
