/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent;

import java.time.Duration;

/**
 * Keeps the heap of an agent's process small. The JVM fills all of the heap that it may have before it collects what has become old, and never gives
 * it back; an agent may need much where it has tens of thousands of files, and mostly does not. So what is old is collected when there is a third
 * more of it than was in use.
 */
final class SmallHeap implements AutoCloseable {
    /** As much is used without a second thought. */
    private static final long FREE_BYTES = 40 << 20;

    private static final Duration PERIOD = Duration.ofSeconds(1);
    private static final System.Logger LOG = System.getLogger(SmallHeap.class.getName());

    private final Thread thread = Thread.ofVirtual().name("skald-agent-heap").unstarted(this::run);
    private long limit = FREE_BYTES;

    void start() {
        thread.start();
    }

    private void run() {
        try {
            while (true) {
                Thread.sleep(PERIOD);
                if (used() > limit) {
                    System.gc();
                    limit = Math.max(FREE_BYTES, used() / 3 * 4);
                }
            }
        } catch (InterruptedException e) {
            LOG.log(System.Logger.Level.DEBUG, "interrupted");
        }
    }

    private static long used() {
        Runtime r = Runtime.getRuntime();
        return r.totalMemory() - r.freeMemory();
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
