/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester;

import io.skald.ingester.flush.FlushEvents;
import io.skald.ingester.flush.FlushStep;
import io.skald.ingester.flush.Flushed;
import io.skald.ingester.head.Head;
import java.time.Clock;
import java.time.Duration;
import java.util.function.Consumer;

/** What the flusher and the WAL report, as metrics. Thread-safe. */
final class IngesterEvents implements Head.WalEvents, FlushEvents {
    private final IngesterMetrics metrics;
    private final Clock clock;
    private final Consumer<FlushStep> steps;
    private volatile long lastFlushMillis;

    /** @param steps is told of each step of a flush */
    IngesterEvents(IngesterMetrics metrics, Clock clock, Consumer<FlushStep> steps) {
        this.metrics = metrics;
        this.clock = clock;
        this.steps = steps;
    }

    /** When the last flush ended, milliseconds since the epoch; 0 if there was none. */
    long lastFlushMillis() {
        return lastFlushMillis;
    }

    @Override
    public void synced(long nanos, long bytes) {
        metrics.fsync.observe(nanos / 1e9);
        metrics.walBytes.inc((double) bytes);
    }

    @Override
    public void poisoned() {
        metrics.walPoisoned.inc();
    }

    @Override
    public void corrupt() {
        metrics.corrupt.inc();
    }

    @Override
    public void setAside() {
        metrics.walSetAside.inc();
    }

    @Override
    public long nowMillis() {
        return clock.millis();
    }

    @Override
    public void reached(FlushStep step) {
        steps.accept(step);
    }

    @Override
    public void flushed(Flushed what, long walBytes) {
        metrics.flush.observe(what.nanos() / 1e9);
        metrics.flushedBytes.inc((double) walBytes);
        metrics.flushedEntries.inc((double) what.entries());
        metrics.flushedSegments.inc(what.segments());
        metrics.flushedSegmentBytes.inc((double) what.storedBytes());
        lastFlushMillis = clock.millis();
    }

    @Override
    public void failed(Exception cause, Duration nextAttemptIn) {
        metrics.flushFailures.inc();
    }
}
