/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.recent;

import io.skald.core.model.StoreException;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanRequest.Columns;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** The scans that queriers have open here. One that nobody asks of for a while is closed: its querier is gone. Thread-safe. */
final class OpenScans implements AutoCloseable {
    private static final Duration IDLE = Duration.ofMinutes(2);
    private static final Duration CHECK = Duration.ofSeconds(10);
    private static final int MAX = 2000;

    private final SecureRandom numbers = new SecureRandom();
    private final ConcurrentHashMap<Long, OpenScan> scans = new ConcurrentHashMap<>();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Thread reaper = Thread.ofVirtual().name("idle-scans").unstarted(this::reap);

    void start() {
        reaper.start();
    }

    int size() {
        return scans.size();
    }

    /** Makes a scan known; it is used by the caller. Closes it when there are too many. */
    OpenScan add(Scan scan, Columns columns) throws StoreException {
        if (scans.size() >= MAX || closed.get()) {
            scan.close();
            throw new StoreException.Unavailable(scans.size() + " scans are open already, at most " + MAX);
        }
        OpenScan o = new OpenScan(number(), scan, columns);
        scans.put(o.number(), o);
        if (!o.use()) {
            throw new IllegalStateException("a new scan is closed");
        }
        return o;
    }

    private long number() {
        long n = 0;
        while (n == 0) {
            n = numbers.nextLong();
        }
        return n;
    }

    /** A scan for one request, or null when it is not open (any more). */
    @Nullable
    OpenScan use(long number) {
        OpenScan o = scans.get(number);
        return o != null && o.use() ? o : null;
    }

    void remove(long number) {
        OpenScan o = scans.remove(number);
        if (o != null) {
            o.close();
        }
    }

    private void reap() {
        try {
            while (!closed.get()) {
                Thread.sleep(CHECK);
                long now = System.nanoTime();
                for (OpenScan o : scans.values()) {
                    if (now - o.usedNanos() > IDLE.toNanos()) {
                        remove(o.number());
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        closed.set(true);
        reaper.interrupt();
        scans.keySet().forEach(this::remove);
    }
}
