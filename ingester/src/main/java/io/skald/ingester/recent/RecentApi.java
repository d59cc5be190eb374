/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.recent;

import io.skald.core.block.ByteSink;
import io.skald.core.block.ByteSource;
import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.http.Router;
import io.skald.core.model.StoreException;
import io.skald.core.scan.ScanRequest;
import io.skald.core.wire.RecentEntries;
import io.skald.core.wire.recent.Frames;
import io.skald.core.wire.recent.RecentAnswers;
import io.skald.core.wire.recent.RecentFormat;
import io.skald.core.wire.recent.RecentRequests;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Serves {@link RecentEntries} to queriers in other processes. Not for clients: it takes any tenant's name, as the rest of the cluster must
 * be trusted; a network policy or a proxy keeps others out. Thread-safe.
 */
public final class RecentApi implements AutoCloseable {
    /** How much the answer to an opening holds at most beside the list of streams: most scans are small and need no second request. */
    private static final int AT_ONCE = 512 << 10;

    private static final int MAX_ANSWER = 2 << 20;

    private final RecentEntries entries;
    private final OpenScans scans = new OpenScans();

    public RecentApi(RecentEntries entries) {
        this.entries = entries;
    }

    /** Adds the endpoints, and begins to close scans that are left open. */
    public void register(Router router) {
        router.get(
                RecentFormat.WHO,
                r -> one(new RecentAnswers.Who(entries.ingesterId(), entries.endPosition()).encode()));
        router.post(RecentFormat.OPEN, r -> answer(r, () -> open(r)));
        router.post(RecentFormat.NEXT, this::next);
        router.post(RecentFormat.CLOSE, this::close);
        router.post(RecentFormat.STATS, r -> answer(r, () -> stats(r)));
        router.post(RecentFormat.SERIES, r -> answer(r, () -> series(r)));
        router.post(RecentFormat.TAIL, r -> answer(r, () -> tail(r)));
        router.post(RecentFormat.ARRIVED, r -> answer(r, () -> arrived(r)));
        router.post(
                RecentFormat.LINES,
                r -> answer(
                        r,
                        () -> one(RecentAnswers.lines(entries.lines(
                                RecentRequests.Lines.decode(body(r)).origins())))));
        scans.start();
    }

    /** Scans that queriers have open. */
    public int open() {
        return scans.size();
    }

    /** Waits until no scan is open, so that queries that are being answered come to their end; at most for a while. */
    public void awaitClosed(Duration atMost) throws InterruptedException {
        long deadline = System.nanoTime() + atMost.toNanos();
        while (scans.size() > 0 && System.nanoTime() < deadline) {
            Thread.sleep(50);
        }
    }

    @Override
    public void close() {
        scans.close();
    }

    private interface Answer {
        HttpResponse get() throws StoreException, InterruptedException;
    }

    /** Answers for the ingester that is meant only: with the position of one, another would leave out what it holds, and nobody would know. */
    private HttpResponse answer(HttpRequest request, Answer answer) throws StoreException, InterruptedException {
        String meant = request.header(RecentFormat.INGESTER);
        if (meant != null && !meant.equals(entries.ingesterId())) {
            return HttpResponse.text(
                    RecentFormat.ANOTHER, "this is ingester " + entries.ingesterId() + ", not " + meant);
        }
        try {
            return answer.get();
        } catch (StoreException.Stale e) {
            return HttpResponse.text(RecentFormat.STALE, String.valueOf(e.getMessage()));
        }
    }

    private static ByteSource body(HttpRequest r) throws StoreException {
        try {
            ByteSource in = Frames.read(new ByteArrayInputStream(r.body()), "request");
            if (in == null) {
                throw new StoreException.CorruptData("request without a body at offset 0");
            }
            return in;
        } catch (IOException e) {
            throw new StoreException.CorruptData("request: " + e.getMessage() + " at offset 0", e);
        }
    }

    private static HttpResponse one(ByteSink frame) {
        byte[] b = Frames.encode(frame);
        return HttpResponse.of(200, RecentFormat.CONTENT_TYPE, b);
    }

    private static HttpResponse many(List<ByteSink> frames) {
        return new HttpResponse(200, Map.of("Content-Type", RecentFormat.CONTENT_TYPE), out -> {
            for (ByteSink f : frames) {
                Frames.write(out, f);
            }
        });
    }

    private HttpResponse open(HttpRequest r) throws StoreException {
        RecentRequests.Open ask = RecentRequests.Open.decode(body(r));
        ScanRequest request = ask.request();
        OpenScan scan = scans.add(entries.open(ask.tenant(), ask.fence(), ask.without(), request), request.columns());
        boolean keep = false;
        try {
            List<ByteSink> frames = new ArrayList<>();
            frames.add(scan.pages(scan.all(), AT_ONCE, r.disconnected()));
            boolean complete = scan.ended();
            frames.addFirst(scan.opened(complete).encode());
            keep = !complete && !r.disconnected().getAsBoolean();
            return many(frames);
        } finally {
            scan.unuse();
            if (!keep) {
                scans.remove(scan.number());
            }
        }
    }

    private HttpResponse next(HttpRequest r) throws StoreException {
        RecentRequests.Next ask = RecentRequests.Next.decode(body(r));
        OpenScan scan = scans.use(ask.scan());
        if (scan == null) {
            return HttpResponse.text(RecentFormat.GONE, "this scan is not open any more");
        }
        try {
            return one(scan.pages(ask.streams(), MAX_ANSWER, r.disconnected()));
        } finally {
            scan.unuse();
        }
    }

    private HttpResponse close(HttpRequest r) throws StoreException {
        scans.remove(RecentRequests.Next.decode(body(r)).scan());
        return HttpResponse.noContent();
    }

    private HttpResponse stats(HttpRequest r) throws StoreException {
        RecentRequests.Select s = RecentRequests.Select.decode(body(r));
        return one(RecentAnswers.stats(
                entries.streamStats(s.tenant(), s.fence(), s.without(), s.matchers(), s.startNanos(), s.endNanos())));
    }

    private HttpResponse series(HttpRequest r) throws StoreException {
        RecentRequests.Select s = RecentRequests.Select.decode(body(r));
        return one(RecentAnswers.series(
                entries.series(s.tenant(), s.fence(), s.without(), s.matchers(), s.startNanos(), s.endNanos())));
    }

    private HttpResponse arrived(HttpRequest r) throws StoreException {
        RecentRequests.Select s = RecentRequests.Select.decode(body(r));
        return one(RecentAnswers.arrived(entries.arrived(s.tenant(), s.fence())));
    }

    private HttpResponse tail(HttpRequest r) throws StoreException, InterruptedException {
        RecentRequests.Tail t = RecentRequests.Tail.decode(body(r));
        return one(RecentAnswers.tailed(entries.tail(
                t.tenant(), t.matchers(), t.fromPosition(), t.maxEntries(), Duration.ofMillis(t.maxWaitMillis()))));
    }
}
