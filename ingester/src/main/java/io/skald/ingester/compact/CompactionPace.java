/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.compact;

import io.skald.storage.compact.Pace;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;

/** Keeps to a rate, and leaves most of the time to others while they need it. Confined to the compaction's thread. */
final class CompactionPace implements Pace {
    /** While others are at work, this many times as long as was worked is waited. */
    private static final int SHARE = 4;

    private static final long LONGEST_WAIT_NANOS = 2_000_000_000L;
    private static final long LOOK_NANOS = 20_000_000L;

    /** Waits; returns early when it is time to stop. */
    interface Waiting {
        /** @throws InterruptedException when it is time to stop */
        void pause(long nanos) throws InterruptedException;
    }

    private final long bytesPerSecond;
    private final BooleanSupplier foregroundBusy;
    private final Waiting waiting;
    private final LongConsumer waited;

    /**
     * @param bytesPerSecond most bytes of lines; 0 is no limit
     * @param foregroundBusy whether queries or pushes are being served
     */
    CompactionPace(long bytesPerSecond, BooleanSupplier foregroundBusy, Waiting waiting, LongConsumer waited) {
        this.bytesPerSecond = bytesPerSecond;
        this.foregroundBusy = foregroundBusy;
        this.waiting = waiting;
        this.waited = waited;
    }

    @Override
    public void worked(long workedNanos, long lineBytes) throws InterruptedException {
        long start = System.nanoTime();
        if (bytesPerSecond > 0) {
            waiting.pause(Math.max(0, (long) (lineBytes * 1e9 / bytesPerSecond) - workedNanos));
        }
        long most = Math.min(LONGEST_WAIT_NANOS, SHARE * workedNanos);
        while (foregroundBusy.getAsBoolean() && System.nanoTime() - start < most) {
            waiting.pause(LOOK_NANOS);
        }
        waiting.pause(0);
        waited.accept(System.nanoTime() - start);
    }
}
