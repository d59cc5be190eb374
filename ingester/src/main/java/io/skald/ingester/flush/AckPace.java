/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.flush;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * Watches how long pushes wait for their acknowledgement, and lets a flush rest while more than one in a hundred waits too long: half of the time at
 * most, so that it always gets on. Thread-safe; {@link #giveWay} is for one thread.
 */
public final class AckPace {
    private static final long TARGET_NANOS = 80_000_000;
    private static final long WINDOW_NANOS = 1_000_000_000;
    /** How long a flush works, at least, before it rests as long. */
    private static final long TURN_NANOS = 20_000_000;

    private final LongSupplier nanoTime;
    // acknowledgements and late ones of the present window and of the one before it; an increment that is lost when
    // windows change does no harm
    private final AtomicLong acks = new AtomicLong();
    private final AtomicLong late = new AtomicLong();
    private final AtomicLong windowEnd;
    private volatile boolean wasLate;
    private long turnBegan;

    public AckPace() {
        this(System::nanoTime);
    }

    AckPace(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        long now = nanoTime.getAsLong();
        this.windowEnd = new AtomicLong(now + WINDOW_NANOS);
        this.turnBegan = now;
    }

    /** A push was acknowledged after so long. */
    public void acked(long nanos) {
        roll(nanoTime.getAsLong());
        acks.incrementAndGet();
        if (nanos > TARGET_NANOS) {
            late.incrementAndGet();
        }
    }

    private void roll(long now) {
        long end = windowEnd.get();
        if (now - end >= 0 && windowEnd.compareAndSet(end, now + WINDOW_NANOS)) {
            // a window that nobody pushed in says that nobody waits
            wasLate = now - end < WINDOW_NANOS && tooLate();
            acks.set(0);
            late.set(0);
        }
    }

    private boolean tooLate() {
        return late.get() * 100 > acks.get();
    }

    /** Whether pushes waited too long, in this second or in the one before. */
    boolean late() {
        roll(nanoTime.getAsLong());
        return wasLate || tooLate();
    }

    /** Rests if pushes wait and the last rest was some time ago. */
    void giveWay() {
        long now = nanoTime.getAsLong();
        if (now - turnBegan >= TURN_NANOS && late()) {
            LockSupport.parkNanos(this, TURN_NANOS);
            turnBegan = nanoTime.getAsLong();
        }
    }
}
