/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.remote;

import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanStats;
import io.skald.core.scan.StreamScan;
import io.skald.core.wire.recent.Page;
import io.skald.core.wire.recent.RecentAnswers;
import io.skald.core.wire.recent.RecentFormat;
import io.skald.core.wire.recent.RecentRequests.Next;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A scan that is open in an ingester. The answer to its opening holds the first entries of as many streams as fit; the others are asked for
 * when they are read, together with those that come next. A request that failed may be repeated: it names the place to go on from.
 */
final class RemoteScan implements Scan {
    /** How many streams are asked for beside the one that is needed: as much as fits comes. */
    private static final int AHEAD = 256;

    private static final int MAX_WARNINGS = 20;

    private final IngesterClient client;
    private final String url;
    private final long number;
    private final List<StreamScan> streams = new ArrayList<>();
    private final ScanStats stats = new ScanStats();
    private final ReentrantLock lock = new ReentrantLock();
    // guarded by lock
    private final Set<String> warnings = new LinkedHashSet<>();
    private final Page[] first;
    private final boolean[] begun;
    private final boolean[] asked;
    private boolean closed;
    /** The ingester does not answer any more: nobody waits for it again. */
    private boolean lost;

    RemoteScan(IngesterClient client, String url, RecentAnswers.Opened opened) {
        this.client = client;
        this.url = url;
        this.number = opened.scan();
        this.first = new Page[opened.streams().size()];
        this.begun = new boolean[first.length];
        this.asked = new boolean[first.length];
        for (int i = 0; i < first.length; i++) {
            streams.add(new Stream(i, opened.streams().get(i)));
        }
    }

    /** Takes in what an answer holds. */
    void take(RecentAnswers.Pages answer) {
        answer.told().addTo(stats);
        lock.lock();
        try {
            for (String w : answer.told().warnings()) {
                if (warnings.size() < MAX_WARNINGS) {
                    warnings.add(w);
                }
            }
            for (Page p : answer.pages()) {
                if (p.stream() < first.length && p.first() == 0 && !begun[p.stream()]) {
                    first[p.stream()] = p;
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private final class Stream implements StreamScan {
        private final int place;
        private final RecentAnswers.Stream stream;

        Stream(int place, RecentAnswers.Stream stream) {
            this.place = place;
            this.stream = stream;
        }

        @Override
        public Labels labels() {
            return stream.labels();
        }

        @Override
        public long minNanos() {
            return stream.minNanos();
        }

        @Override
        public long maxNanos() {
            return stream.maxNanos();
        }

        @Override
        public EntryCursor open() {
            return new Cursor(place);
        }
    }

    /** The page of a stream that begins at a row; null if the ingester has died meanwhile, which leaves a warning. */
    private @Nullable Page pageOrEnd(int stream, long row) throws StoreException {
        try {
            return page(stream, row);
        } catch (StoreException.Unavailable e) {
            lock.lock();
            try {
                if (closed || Thread.currentThread().isInterrupted()) {
                    throw e;
                }
                if (!lost) {
                    lost = true;
                    warnings.add("an ingester did not answer to the end, its recent entries may be missing: "
                            + e.getMessage());
                }
                return null;
            } finally {
                lock.unlock();
            }
        }
    }

    /** The page of a stream that begins at a row. */
    private Page page(int stream, long row) throws StoreException {
        List<Next.Place> wanted = new ArrayList<>();
        wanted.add(new Next.Place(stream, row));
        lock.lock();
        try {
            begun[stream] = true;
            Page here = first[stream];
            // kept if the scan is all here and cannot be asked: a stream may be read again
            if (number != 0) {
                first[stream] = null;
            }
            if (row == 0 && here != null) {
                return here;
            }
            if (closed || number == 0) {
                throw new StoreException.Unavailable(url + ": the scan is closed");
            }
            if (lost) {
                throw new StoreException.Unavailable(url + ": no answer a moment ago");
            }
            for (int i = stream + 1; row == 0 && i < begun.length && wanted.size() <= AHEAD; i++) {
                if (!begun[i] && !asked[i] && first[i] == null) {
                    asked[i] = true;
                    wanted.add(new Next.Place(i, 0));
                }
            }
        } finally {
            lock.unlock();
        }
        RecentAnswers.Pages answer;
        try {
            answer = client.ask(
                    url,
                    RecentFormat.NEXT,
                    new Next(number, wanted).encode(),
                    Duration.ZERO,
                    in -> RecentAnswers.Pages.decode(IngesterClient.frame(in, url)));
            take(answer);
        } finally {
            lock.lock();
            try {
                wanted.forEach(w -> asked[w.stream()] = false);
            } finally {
                lock.unlock();
            }
        }
        for (Page p : answer.pages()) {
            if (p.stream() == stream && p.first() == row) {
                return p;
            }
        }
        throw new StoreException.Unavailable(url + ": answered without what was asked");
    }

    private final class Cursor implements EntryCursor {
        private final int stream;
        private @Nullable Page page;
        private int row;

        Cursor(int stream) {
            this.stream = stream;
        }

        @Override
        public boolean next() throws StoreException {
            Page p = page;
            row++;
            if (p == null) {
                p = pageOrEnd(stream, 0);
                page = p;
                row = 0;
            }
            while (p != null && row >= p.rows()) {
                if (p.last()) {
                    return false;
                }
                p = pageOrEnd(stream, p.first() + p.rows());
                page = p;
                row = 0;
            }
            return p != null;
        }

        private Page here() {
            Page p = page;
            if (p == null) {
                throw new IllegalStateException("no entry");
            }
            return p;
        }

        @Override
        public long timestampNanos() {
            return here().times()[row];
        }

        @Override
        public byte[] buffer() {
            return here().buffer();
        }

        @Override
        public int offset() {
            return here().offsets()[row];
        }

        @Override
        public int length() {
            return here().lengths()[row];
        }

        @Override
        public Labels metadata() {
            return here().metadata()[row];
        }

        @Override
        public void close() {
            page = null;
        }
    }

    @Override
    public List<StreamScan> streams() {
        return streams;
    }

    @Override
    public ScanStats stats() {
        return stats;
    }

    @Override
    public List<String> warnings() {
        lock.lock();
        try {
            return List.copyOf(warnings);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
        } finally {
            lock.unlock();
        }
        if (number != 0) {
            client.tell(url, RecentFormat.CLOSE, new Next(number, List.of()).encode());
        }
    }
}
