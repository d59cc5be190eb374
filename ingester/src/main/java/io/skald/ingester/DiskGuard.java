/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester;

import io.skald.core.disk.Disk;
import io.skald.core.model.StoreException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.LongAdder;

/**
 * Refuses pushes while the disk has less space left than its reserve. Looks a few times in a second, and more often while much comes in: a
 * fast client must not get through the reserve between two looks. Thread-safe.
 */
final class DiskGuard {
    private static final long CHECK_NANOS = 200_000_000L;

    private final Disk disk;
    private final Path dir;
    private final long reserveBytes;
    private final LongAdder takenBytes = new LongAdder();
    private volatile long checkedNanos;
    private volatile long checkedBytes;
    private volatile long usableBytes = Long.MAX_VALUE;

    /** @param reserveBytes what must be left; 0 turns the guard off */
    DiskGuard(Disk disk, Path dir, long reserveBytes) {
        this.disk = disk;
        this.dir = dir;
        this.reserveBytes = reserveBytes;
    }

    /** So much was taken in, bytes. */
    void taken(long bytes) {
        takenBytes.add(bytes);
    }

    /**
     * Looks if it is time to.
     *
     * @param looked runs after a look, also if there is too little: it may make room
     * @throws StoreException.Unavailable while there is less than the reserve
     */
    void check(Runnable looked) throws StoreException {
        if (reserveBytes == 0) {
            return;
        }
        if (System.nanoTime() - checkedNanos > CHECK_NANOS || takenBytes.sum() - checkedBytes > reserveBytes / 8) {
            look();
            looked.run();
        }
        long usable = usableBytes;
        if (usable < reserveBytes) {
            throw new StoreException.Unavailable("disk of " + dir + " has " + usable + " bytes left, the reserve is "
                    + reserveBytes + "; pushes are taken again when there is more");
        }
    }

    /** Finds out how much is left. */
    void look() throws StoreException {
        checkedNanos = System.nanoTime();
        checkedBytes = takenBytes.sum();
        try {
            usableBytes = disk.usableBytes(dir);
        } catch (IOException e) {
            throw new StoreException.Unavailable("cannot tell the free space of " + dir, e);
        }
    }

    /** Whether a flush should free WAL files early, before pushes have to be refused. */
    boolean pressure() {
        return reserveBytes > 0 && usableBytes < 2 * reserveBytes;
    }

    /** What was left at the last look, bytes; infinite before the first. */
    double usableBytes() {
        long usable = usableBytes;
        return usable == Long.MAX_VALUE ? Double.POSITIVE_INFINITY : usable;
    }
}
