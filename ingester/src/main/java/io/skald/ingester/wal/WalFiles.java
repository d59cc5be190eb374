/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.wal;

import io.skald.core.model.StoreException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The files that hold records, by number, and what becomes of them. Thread-safe: the map is guarded by {@code lock}, under which no I/O is done. */
final class WalFiles {
    private static final System.Logger LOG = System.getLogger(WalFiles.class.getName());

    private final WalDirectory directory;
    private final WalListener listener;
    private final ReentrantLock lock = new ReentrantLock();
    private final TreeMap<Long, WalFile> files = new TreeMap<>();
    private volatile boolean closed;

    WalFiles(WalDirectory directory, WalListener listener) {
        this.directory = directory;
        this.listener = listener;
    }

    WalFile add(long number) {
        WalFile file = new WalFile(directory.path(number), number, this::released);
        lock.lock();
        try {
            files.put(number, file);
        } finally {
            lock.unlock();
        }
        return file;
    }

    /** Lets go of one file. */
    void drop(WalFile file) {
        lock.lock();
        try {
            files.remove(file.number());
        } finally {
            lock.unlock();
        }
        file.release();
    }

    /** Opens a file for reading, or returns null when it was let go. */
    WalFile.@Nullable Reader open(long number) throws StoreException {
        WalFile file;
        lock.lock();
        try {
            file = files.get(number);
            if (file == null || !file.acquire()) {
                return null;
            }
        } finally {
            lock.unlock();
        }
        return WalFile.Reader.of(file);
    }

    /** Lets go of files with smaller numbers, but never of the newest one, so that its number is found after a restart. */
    void releaseBelow(long number) {
        List<WalFile> gone = new ArrayList<>();
        lock.lock();
        try {
            while (files.size() > 1 && files.firstKey() < number) {
                gone.add(files.pollFirstEntry().getValue());
            }
        } finally {
            lock.unlock();
        }
        gone.forEach(WalFile::release);
    }

    int size() {
        lock.lock();
        try {
            return files.size();
        } finally {
            lock.unlock();
        }
    }

    /** Writes the directory of a file that gets no more records, so that a restart need not read the file. */
    void seal(long number, int end) {
        byte[] content = listener.directory(number);
        try {
            if (content != null) {
                directory.writeSealed(new SealedDirectory(number, end, content));
            }
        } catch (IOException e) {
            // the file itself holds everything: the next start takes a little longer
            LOG.log(System.Logger.Level.WARNING, "cannot write the directory of WAL file " + directory.path(number), e);
        }
    }

    private void released(WalFile file) {
        if (closed) {
            return;
        }
        if (file.damaged()) {
            setAside(file.number(), "what could be read of it is stored");
        } else {
            directory.retire(file);
        }
    }

    /** Takes a file out of use for good, but keeps it for whoever wants to look at it. */
    void setAside(long number, String why) {
        try {
            String kept = directory.setAside(number).toString();
            LOG.log(System.Logger.Level.ERROR, "damaged WAL file is set aside as {0}: {1}", kept, why);
            listener.setAside(kept);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.ERROR, "cannot set WAL file " + directory.path(number) + " aside", e);
        }
    }

    /** Lets go of all files and leaves them where they are. */
    void close() {
        closed = true;
        List<WalFile> all;
        lock.lock();
        try {
            all = List.copyOf(files.values());
            files.clear();
        } finally {
            lock.unlock();
        }
        all.forEach(WalFile::release);
    }
}
