/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.recent;

import io.skald.core.block.ByteSink;
import io.skald.core.model.StoreException;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanRequest.Columns;
import io.skald.core.scan.ScanStats;
import io.skald.core.scan.StreamScan;
import io.skald.core.wire.recent.Page;
import io.skald.core.wire.recent.RecentAnswers.Opened;
import io.skald.core.wire.recent.RecentAnswers.Stream;
import io.skald.core.wire.recent.RecentAnswers.Told;
import io.skald.core.wire.recent.RecentRequests.Next.Place;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A scan that a querier has open here. Streams are read page by page; a stream's cursor stays where the last page ended, and is opened anew
 * when the querier asks for another place. Thread-safe: each stream has a lock, {@code closing} guards the whole.
 */
final class OpenScan implements AutoCloseable {
    /** A stream's first page; later ones grow to {@link #MAX_PAGE}. */
    static final int FIRST_PAGE = 16 << 10;

    static final int MAX_PAGE = 256 << 10;

    private final long number;
    private final Scan scan;
    private final Columns columns;
    private final Reading[] streams;
    private final ReentrantLock closing = new ReentrantLock();
    private int users;
    private boolean closed;
    private volatile long usedNanos = System.nanoTime();
    private final ReentrantLock telling = new ReentrantLock();
    private long toldLines;
    private long toldBytes;
    private long toldStreams;
    private long toldDuplicates;
    private int toldWarnings;

    OpenScan(long number, Scan scan, Columns columns) {
        this.number = number;
        this.scan = scan;
        this.columns = columns;
        List<StreamScan> all = scan.streams();
        this.streams = new Reading[all.size()];
        for (int i = 0; i < streams.length; i++) {
            streams[i] = new Reading(i, all.get(i));
        }
    }

    long number() {
        return number;
    }

    long usedNanos() {
        return usedNanos;
    }

    /** How the scan is announced; without its number if everything is answered at once. */
    Opened opened(boolean complete) {
        List<Stream> all = new ArrayList<>(streams.length);
        for (Reading r : streams) {
            all.add(new Stream(r.stream.labels(), r.stream.minNanos(), r.stream.maxNanos()));
        }
        return new Opened(complete ? 0 : number, all);
    }

    private final class Reading {
        private final int place;
        private final StreamScan stream;
        private final ReentrantLock lock = new ReentrantLock();
        private @Nullable EntryCursor cursor;
        private long rows;
        private int page = FIRST_PAGE;
        private boolean ended;

        Reading(int place, StreamScan stream) {
            this.place = place;
            this.stream = stream;
        }

        /** Writes a page from a place on. */
        void write(ByteSink out, Page.Writer writer, long from) throws StoreException {
            lock.lock();
            try {
                EntryCursor c = cursor;
                if (c == null || rows != from) {
                    close();
                    c = stream.open();
                    cursor = c;
                    page = FIRST_PAGE;
                    while (rows < from && c.next()) {
                        rows++;
                    }
                }
                Page.Written w = writer.write(out, place, from, c, columns, page);
                rows += w.rows();
                page = Math.min(MAX_PAGE, page * 4);
                if (w.ended()) {
                    ended = true;
                    c.close();
                    cursor = null;
                }
            } finally {
                lock.unlock();
            }
        }

        void close() {
            lock.lock();
            try {
                EntryCursor c = cursor;
                if (c != null) {
                    c.close();
                }
                cursor = null;
                rows = 0;
            } finally {
                lock.unlock();
            }
        }
    }

    /** Claims the scan for one request; false when it is closed. */
    boolean use() {
        closing.lock();
        try {
            if (closed) {
                return false;
            }
            users++;
            usedNanos = System.nanoTime();
            return true;
        } finally {
            closing.unlock();
        }
    }

    /** Ends a request; the last one after the closing closes. */
    void unuse() {
        closing.lock();
        try {
            users--;
            usedNanos = System.nanoTime();
            if (closed && users == 0) {
                release();
            }
        } finally {
            closing.unlock();
        }
    }

    /**
     * Writes pages of the streams that are wanted: of the first in any case, of the others while there is room.
     *
     * @param maxBytes where there is no more room
     * @param cancelled ends it early
     */
    ByteSink pages(List<Place> wanted, int maxBytes, BooleanSupplier cancelled) throws StoreException {
        ByteSink body = new ByteSink(1 << 15);
        Page.Writer writer = new Page.Writer();
        for (Place p : wanted) {
            if (p.stream() >= streams.length) {
                throw new StoreException.CorruptData(
                        "stream " + p.stream() + " of " + streams.length + " asked for at offset 0");
            }
            if (body.size() >= maxBytes || cancelled.getAsBoolean()) {
                break;
            }
            streams[p.stream()].write(body, writer, p.rows());
        }
        ByteSink out = new ByteSink(body.size() + 64);
        told().encode(out);
        out.bytes(body.array(), 0, body.size());
        return out;
    }

    /** Whether all streams have been read to their ends. */
    boolean ended() {
        for (Reading r : streams) {
            if (!r.ended) {
                return false;
            }
        }
        return true;
    }

    /** Every stream from its beginning. */
    List<Place> all() {
        List<Place> all = new ArrayList<>(streams.length);
        for (int i = 0; i < streams.length; i++) {
            all.add(new Place(i, 0));
        }
        return all;
    }

    private Told told() {
        telling.lock();
        try {
            ScanStats s = scan.stats();
            List<String> warnings = scan.warnings();
            Told t = new Told(
                    s.headLines.sum() - toldLines,
                    s.headBytes.sum() - toldBytes,
                    s.headStreams.sum() - toldStreams,
                    s.duplicates.sum() - toldDuplicates,
                    warnings.subList(Math.min(toldWarnings, warnings.size()), warnings.size()));
            toldLines += t.lines();
            toldBytes += t.bytes();
            toldStreams += t.streams();
            toldDuplicates += t.duplicates();
            toldWarnings = warnings.size();
            return t;
        } finally {
            telling.unlock();
        }
    }

    private void release() {
        for (Reading r : streams) {
            r.close();
        }
        scan.close();
    }

    /** Closes now, or when the requests that use it have ended. Idempotent. */
    @Override
    public void close() {
        closing.lock();
        try {
            if (!closed) {
                closed = true;
                if (users == 0) {
                    release();
                }
            }
        } finally {
            closing.unlock();
        }
    }
}
