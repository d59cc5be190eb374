/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import io.skald.core.model.Labels;
import io.skald.core.scan.StreamScan;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Hands out the streams of a scan, and the pieces that workers cut them into. Thread-safe: guarded by {@code this}. */
final class ScanTasks {
    /** How long to pause when there is nothing to do yet. */
    static final long PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(100);

    /** What a worker is to do next. */
    sealed interface Task {}

    /** A stream to be cut; {@link #expanded} must follow unless the query fails. */
    record Stream(int ordinal, StreamScan scan) implements Task {}

    /** A piece to be read. */
    record Piece(int ordinal, StreamScan scan) implements Task {}

    /** Nothing yet: another worker is cutting a stream. */
    record Later() implements Task {}

    /** Nothing any more. */
    record None() implements Task {}

    private static final Later LATER = new Later();
    private static final None NONE = new None();

    private final List<StreamScan> streams;
    private final ArrayDeque<Piece> pieces = new ArrayDeque<>();
    private int next;
    private int expanding;

    ScanTasks(List<StreamScan> streams) {
        this.streams = streams;
    }

    Labels labels(int ordinal) {
        return streams.get(ordinal).labels();
    }

    /** Pieces come before streams, so that few wait. */
    synchronized Task next() {
        Piece p = pieces.poll();
        if (p != null) {
            return p;
        }
        if (next < streams.size()) {
            expanding++;
            int ordinal = next++;
            return new Stream(ordinal, streams.get(ordinal));
        }
        return expanding > 0 ? LATER : NONE;
    }

    synchronized void expanded(Stream stream, List<StreamScan> into) {
        expanding--;
        for (StreamScan s : into) {
            pieces.add(new Piece(stream.ordinal, s));
        }
    }
}
