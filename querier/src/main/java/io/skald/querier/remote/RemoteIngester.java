/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.remote;

import io.skald.core.block.ByteSink;
import io.skald.core.block.ByteSource;
import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.LogSource.StreamStats;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanRequest;
import io.skald.core.wire.HeldLines;
import io.skald.core.wire.RecentEntries;
import io.skald.core.wire.UnstoredDelete;
import io.skald.core.wire.recent.RecentAnswers;
import io.skald.core.wire.recent.RecentFormat;
import io.skald.core.wire.recent.RecentRequests;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An ingester in another process. Thread-safe. */
final class RemoteIngester implements RecentEntries {
    private final IngesterClient client;
    private final String id;
    private final Address address;
    private volatile long lastEnd;

    /** Where an ingester is. */
    interface Address {
        /** As a URL; null when nobody knows. */
        @Nullable
        String url();

        /** It does not answer there. */
        void lost();
    }

    RemoteIngester(IngesterClient client, String id, Address address) {
        this.client = client;
        this.id = id;
        this.address = address;
    }

    @Override
    public String ingesterId() {
        return id;
    }

    private String url() throws StoreException {
        String url = address.url();
        if (url == null) {
            throw new StoreException.Unavailable("its address is not known");
        }
        return url;
    }

    private <T> T ask(String url, String path, ByteSink body, Duration extra, IngesterClient.Reader<T> reader)
            throws StoreException {
        try {
            return client.ask(id, url, path, body, extra, reader);
        } catch (StoreException.Unavailable e) {
            address.lost();
            throw e;
        }
    }

    private interface Decoder<T> {
        T decode(ByteSource frame) throws StoreException.CorruptData;
    }

    /** Asks for something whose answer is one frame, which comes at once. */
    private <T> T askOne(String path, ByteSink body, Decoder<T> answer) throws StoreException {
        String url = url();
        return ask(url, path, body, Duration.ZERO, in -> answer.decode(IngesterClient.frame(in, url)));
    }

    /** Where its log ends. */
    private long end() throws StoreException {
        String url = url();
        try {
            RecentAnswers.Who who = client.who(url);
            if (!who.ingesterId().equals(id)) {
                throw new StoreException.Unavailable(url + " is ingester " + who.ingesterId() + ", not " + id);
            }
            lastEnd = who.endPosition();
            return lastEnd;
        } catch (StoreException.Unavailable e) {
            address.lost();
            throw e;
        }
    }

    @Override
    public Scan open(TenantId tenant, long fence, List<UnstoredDelete> without, ScanRequest request)
            throws StoreException {
        String url = url();
        return ask(
                url,
                RecentFormat.OPEN,
                new RecentRequests.Open(tenant, fence, without, request).encode(),
                Duration.ZERO,
                in -> {
                    RecentAnswers.Opened opened = RecentAnswers.Opened.decode(IngesterClient.frame(in, url));
                    RemoteScan scan = new RemoteScan(client, url, opened);
                    for (ByteSource f = IngesterClient.maybeFrame(in, url);
                            f != null;
                            f = IngesterClient.maybeFrame(in, url)) {
                        scan.take(RecentAnswers.Pages.decode(f));
                    }
                    return scan;
                });
    }

    @Override
    public List<StreamStats> streamStats(
            TenantId tenant,
            long fence,
            List<UnstoredDelete> without,
            List<Matcher> matchers,
            long startNanos,
            long endNanos)
            throws StoreException {
        return askOne(
                RecentFormat.STATS,
                new RecentRequests.Select(tenant, fence, without, matchers, startNanos, endNanos).encode(),
                RecentAnswers::stats);
    }

    @Override
    public List<Labels> series(
            TenantId tenant,
            long fence,
            List<UnstoredDelete> without,
            List<Matcher> matchers,
            long startNanos,
            long endNanos)
            throws StoreException {
        return askOne(
                RecentFormat.SERIES,
                new RecentRequests.Select(tenant, fence, without, matchers, startNanos, endNanos).encode(),
                RecentAnswers::series);
    }

    @Override
    public Arrived arrived(TenantId tenant, long fromPosition) throws StoreException {
        Arrived a = askOne(
                RecentFormat.ARRIVED,
                new RecentRequests.Select(tenant, fromPosition, List.of(), List.of(), 0, 0).encode(),
                RecentAnswers::arrived);
        lastEnd = Math.max(lastEnd, a.nextPosition());
        return a;
    }

    @Override
    public List<HeldLines> lines(Collection<HeldLines.Origin> of) throws StoreException {
        return askOne(RecentFormat.LINES, new RecentRequests.Lines(List.copyOf(of)).encode(), RecentAnswers::lines);
    }

    /** {@inheritDoc} While the ingester does not answer it is what it last said: a tail then begins earlier than it might. */
    @Override
    public long endPosition() {
        try {
            return end();
        } catch (StoreException e) {
            System.getLogger(RemoteIngester.class.getName())
                    .log(System.Logger.Level.DEBUG, "ingester " + id + " does not say where its log ends", e);
        }
        return lastEnd;
    }

    @Override
    public long presentEndPosition() throws StoreException {
        return end();
    }

    @Override
    public Tailed tail(TenantId tenant, List<Matcher> matchers, long fromPosition, int maxEntries, Duration maxWait)
            throws StoreException, InterruptedException {
        String url = url();
        Tailed t = ask(
                url,
                RecentFormat.TAIL,
                new RecentRequests.Tail(tenant, matchers, fromPosition, maxEntries, maxWait.toMillis()).encode(),
                maxWait,
                in -> RecentAnswers.tailed(IngesterClient.frame(in, url)));
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        lastEnd = Math.max(lastEnd, t.nextPosition());
        return t;
    }
}
