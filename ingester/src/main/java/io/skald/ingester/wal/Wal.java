/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.wal;

import io.skald.core.disk.Disk;
import io.skald.core.model.StoreException;
import io.skald.core.service.Threads;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The write-ahead log. {@link #append} returns when the record is durable; one thread of its own writes and syncs all records that have
 * gathered meanwhile at once. A position is the number of a file and an offset in it; positions grow and are never used twice, not even after
 * a restart, as every start begins a new file.
 *
 * <p>A file that failed to be written or synced is never trusted again: records that were not acknowledged are written once more to a new
 * file. If that fails too, the appends fail, and the next one tries again with another file.
 *
 * <p>Thread-safe: guarded by {@code lock}; the writer is confined to the WAL's thread.
 */
public final class Wal implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Wal.class.getName());
    private static final int BUFFER = 1 << 20;
    /** Most bytes of one group, so that a surge does not hold up the first. */
    private static final long MAX_GROUP_BYTES = 16 << 20;

    /**
     * Settings.
     *
     * @param dir directory of the files
     * @param segmentBytes size of a file
     * @param sync when an append returns
     * @param syncInterval how often to sync with {@link SyncMode#INTERVAL}
     * @param maxSpares most files kept for later use; asked whenever it matters
     */
    public record Settings(Path dir, int segmentBytes, SyncMode sync, Duration syncInterval, IntSupplier maxSpares) {}

    private final Settings settings;
    private final WalDirectory directory;
    private final WalFiles files;
    private final WalListener listener;
    private final Disk disk;
    private final long epoch;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
    private final ExecutorService preparer;
    private final Thread thread;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final Deque<PendingRecord> queue = new ArrayDeque<>();
    private boolean closing;
    private volatile boolean closed;
    private long firstPosition;

    // confined to the WAL's thread after open
    private @Nullable WalWriter writer;
    private long lastNumber;
    private long previousNumber;
    private long previousEnd;
    private long dirtySinceNanos;

    private Wal(Settings settings, WalDirectory directory, long epoch, WalListener listener, Disk disk) {
        this.settings = settings;
        this.directory = directory;
        this.files = new WalFiles(directory, listener);
        this.epoch = epoch;
        this.listener = listener;
        this.disk = disk;
        this.preparer = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().daemon().name("wal-prepare").factory());
        this.thread = Thread.ofPlatform().name("wal-sync").unstarted(this::run);
    }

    /** Receives what earlier runs left. */
    public interface Replay {
        /** A record; {@code payload} is a view of the mapped file, valid during the call. */
        void record(long position, byte type, MemorySegment payload);

        /**
         * The records of a sealed file, as {@link WalListener#directory} told of them.
         *
         * @return false to have the records read instead
         */
        boolean directory(long number, byte[] content);

        /** Bytes of a file that hold no readable record; the message names file and offset. */
        void corrupt(StoreException.CorruptData damage);
    }

    /**
     * Opens a directory: replays what is there, then begins a new file.
     *
     * @param disk what the files are written through
     * @param epoch number of this start, written into the files
     * @param minNumber the new file's number will be greater than this (and than those present)
     * @throws StoreException.Unavailable if the directory cannot be read or written
     */
    public static Wal open(
            Disk disk, Settings settings, long epoch, long minNumber, Replay replay, WalListener listener)
            throws StoreException {
        try {
            WalDirectory directory =
                    WalDirectory.open(disk, settings.dir(), settings.segmentBytes(), settings.maxSpares());
            Wal wal = new Wal(settings, directory, epoch, listener, disk);
            long start = System.nanoTime();
            wal.recover(replay, minNumber);
            LOG.log(
                    System.Logger.Level.DEBUG,
                    "recovered {0} WAL files in {1} ms",
                    wal.files.size(),
                    (System.nanoTime() - start) / 1_000_000);
            WalWriter first = wal.newFile();
            wal.writer = first;
            wal.firstPosition = WalFormat.position(first.file().number(), first.end());
            wal.thread.start();
            return wal;
        } catch (IOException e) {
            throw new StoreException.Unavailable("cannot open WAL in " + settings.dir() + ": " + e.getMessage(), e);
        }
    }

    private void recover(Replay replay, long minNumber) throws IOException {
        WalRecovery.Found f = new WalRecovery(directory, files, replay).read();
        lastNumber = Math.max(f.lastNumber(), minNumber);
        previousNumber = f.lastNumber();
        previousEnd = f.lastEnd();
        f.unsealed().forEach((number, end) -> preparer.execute(() -> files.seal(number, end)));
    }

    /**
     * Writes records and waits until they are durable and the listener has been told.
     *
     * @throws StoreException.Unavailable if neither the current nor a new file took it; nothing is known to be stored
     * @throws IllegalArgumentException if the record does not fit into a file
     */
    public void append(List<? extends PendingRecord> records) throws StoreException, InterruptedException {
        for (PendingRecord r : records) {
            if (r.length() < 1 || r.length() > WalFormat.maxPayload(settings.segmentBytes())) {
                throw new IllegalArgumentException("record of " + r.length() + " bytes, WAL files of "
                        + settings.segmentBytes() + " bytes take 1 to "
                        + WalFormat.maxPayload(settings.segmentBytes()));
            }
        }
        lock.lock();
        try {
            if (closing) {
                throw new StoreException.Unavailable("WAL is closed");
            }
            queue.addAll(records);
            arrived.signal();
        } finally {
            lock.unlock();
        }
        for (PendingRecord r : records) {
            Exception failure = r.await();
            if (failure != null) {
                throw new StoreException.Unavailable("WAL cannot be written: " + failure.getMessage(), failure);
            }
        }
    }

    private void run() {
        List<PendingRecord> group = new ArrayList<>();
        try {
            while (next(group)) {
                if (!group.isEmpty()) {
                    write(group);
                    group.clear();
                }
                if (lateNanos() <= 0) {
                    syncLate();
                }
            }
        } catch (RuntimeException | Error e) {
            // a defect: those who wait must not wait for ever, and nobody may be told that a record is durable
            stopAccepting();
            failAll(group, e);
            group.clear();
            drain(group);
            failAll(group, e);
            throw e;
        }
    }

    private void stopAccepting() {
        lock.lock();
        try {
            closing = true;
        } finally {
            lock.unlock();
        }
    }

    /** Waits for records. Leaves the group empty when it is time to sync what was acknowledged early; false at the end. */
    private boolean next(List<PendingRecord> group) {
        lock.lock();
        try {
            while (queue.isEmpty()) {
                WalWriter w = writer;
                boolean unsynced = w != null && w.dirty();
                if (closing) {
                    return unsynced;
                }
                if (!unsynced) {
                    arrived.awaitUninterruptibly();
                } else if (arrived.awaitNanos(lateNanos()) <= 0) {
                    return true;
                }
            }
            drainGroup(group);
            return true;
        } catch (InterruptedException e) {
            throw new IllegalStateException("the WAL's thread was interrupted", e);
        } finally {
            lock.unlock();
        }
    }

    /** Nanoseconds until what was acknowledged early has to be synced; at the end at once. */
    private long lateNanos() {
        WalWriter w = writer;
        if (w == null || !w.dirty()) {
            return Long.MAX_VALUE;
        }
        return closed() ? 0 : dirtySinceNanos + settings.syncInterval().toNanos() - System.nanoTime();
    }

    private boolean closed() {
        lock.lock();
        try {
            return closing;
        } finally {
            lock.unlock();
        }
    }

    private void drainGroup(List<PendingRecord> group) {
        long bytes = 0;
        while (!queue.isEmpty() && bytes < MAX_GROUP_BYTES) {
            PendingRecord r = queue.remove();
            bytes += r.length();
            group.add(r);
        }
    }

    private void drain(List<PendingRecord> into) {
        lock.lock();
        try {
            into.addAll(queue);
            queue.clear();
        } finally {
            lock.unlock();
        }
    }

    private void write(List<PendingRecord> group) {
        int from = 0;
        int failures = 0;
        while (from < group.size()) {
            try {
                WalWriter w = writer;
                int to = w == null ? from : fitting(w, group, from);
                if (w == null || to == from) {
                    roll();
                } else {
                    writeAndSync(w, group.subList(from, to));
                    from = to;
                    failures = 0;
                }
            } catch (IOException e) {
                // once is a bad file; twice in a row, with a new file, is a bad disk
                if (++failures == 2) {
                    failAll(group.subList(from, group.size()), e);
                    return;
                }
            }
        }
    }

    private int fitting(WalWriter w, List<PendingRecord> group, int from) {
        int at = w.end();
        int to = from;
        while (to < group.size() && w.fits(group.get(to), at)) {
            at += WalFormat.recordBytes(group.get(to).length());
            to++;
        }
        return to;
    }

    private void writeAndSync(WalWriter w, List<PendingRecord> run) throws IOException {
        long start = System.nanoTime();
        int before = w.end();
        if (!w.dirty()) {
            dirtySinceNanos = start;
        }
        try {
            w.write(run);
            if (settings.sync() == SyncMode.ALWAYS) {
                w.force();
                w.markEnd();
                listener.synced(System.nanoTime() - start, w.end() - (long) before);
            }
        } catch (IOException e) {
            poison(w, before, e);
            throw e;
        }
        listener.durable(run, WalFormat.position(w.file().number(), w.end()));
        for (PendingRecord r : run) {
            r.completed(null);
        }
    }

    /** Syncs what was acknowledged before it was durable, which only {@link SyncMode#INTERVAL} does. */
    private void syncLate() {
        WalWriter w = writer;
        if (w == null || !w.dirty()) {
            return;
        }
        long start = System.nanoTime();
        long bytes = w.end() - (long) w.synced();
        try {
            w.force();
            listener.synced(System.nanoTime() - start, bytes);
        } catch (IOException e) {
            poison(w, w.end(), e);
        }
    }

    /** Goes on with a new file. */
    private void roll() throws IOException {
        syncLate();
        WalWriter w = writer;
        if (w != null) {
            finish(w, w.end());
        }
        writer = newFile();
    }

    /** Ends the use of a file for writing; the header of the next one tells where its acknowledged records end. */
    private void finish(WalWriter w, int acknowledgedEnd) {
        writer = null;
        if (acknowledgedEnd > WalFormat.FILE_HEADER) {
            long number = w.file().number();
            previousNumber = number;
            previousEnd = acknowledgedEnd;
            preparer.execute(() -> files.seal(number, acknowledgedEnd));
        } else {
            files.drop(w.file());
        }
        try {
            w.close();
        } catch (IOException e) {
            // everything acknowledged was synced before, or is known not to be
            LOG.log(System.Logger.Level.WARNING, "closing WAL file " + w.file(), e);
        }
    }

    private void poison(WalWriter w, int acknowledgedEnd, IOException cause) {
        LOG.log(System.Logger.Level.ERROR, "WAL file " + w.file() + " failed and is not written any more", cause);
        w.file().markPoisoned();
        listener.poisoned(w.file(), cause);
        finish(w, acknowledgedEnd);
    }

    private WalWriter newFile() throws IOException {
        long number = lastNumber + 1;
        FileChannel channel = directory.create(
                new WalFormat.Header(settings.segmentBytes(), number, epoch, previousNumber, previousEnd));
        lastNumber = number;
        WalFile file = files.add(number);
        preparer.execute(() -> prepare(number));
        return new WalWriter(file, channel, disk, buffer, settings.segmentBytes());
    }

    private void prepare(long number) {
        try {
            directory.prepareSpare(number);
        } catch (IOException e) {
            // the next file is then made when it is needed, and fails there if it must
            LOG.log(System.Logger.Level.WARNING, "cannot prepare a WAL file in " + settings.dir(), e);
        }
    }

    private static void failAll(List<PendingRecord> records, Throwable cause) {
        Exception e = cause instanceof Exception x ? x : new IllegalStateException("the WAL's thread died", cause);
        for (PendingRecord r : records) {
            r.completed(e);
        }
    }

    /** Where the newest file begins: every record appended from now on has a greater position. */
    public long firstPosition() {
        return firstPosition;
    }

    /** Opens a file for reading, or returns null when it was let go. The caller closes it. */
    public WalFile.@Nullable Reader open(long number) throws StoreException {
        return files.open(number);
    }

    /** Lets go of files with smaller numbers: nothing in them will be asked for again. Readers that hold one may finish. */
    public void releaseBelow(long number) {
        files.releaseBelow(number);
    }

    /** What waits to be written: records, and their bytes. */
    public record Queue(int records, long bytes) {}

    /** What waits now. */
    public Queue queue() {
        lock.lock();
        try {
            return new Queue(
                    queue.size(),
                    queue.stream().mapToLong(PendingRecord::length).sum());
        } finally {
            lock.unlock();
        }
    }

    /** Removes files kept for later use that are more than the settings allow now. */
    public void trimSpares() {
        directory.trim();
    }

    /** Bytes of disk that the files with records take. */
    public long diskBytes() {
        return (long) files.size() * settings.segmentBytes();
    }

    /** Writes what has gathered, then stops. Files stay where they are. Idempotent. */
    @Override
    public void close() {
        lock.lock();
        try {
            closing = true;
            arrived.signal();
        } finally {
            lock.unlock();
        }
        Threads.awaitEnd(thread);
        preparer.close();
        if (!closed) {
            closed = true;
            closeFiles();
        }
    }

    private void closeFiles() {
        WalWriter w = writer;
        if (w != null) {
            try {
                w.close();
            } catch (IOException e) {
                LOG.log(System.Logger.Level.WARNING, "closing WAL file " + w.file(), e);
            }
        }
        files.close();
    }
}
