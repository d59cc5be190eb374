/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.compact;

import io.skald.core.model.ErrorCode;
import io.skald.core.model.Matcher;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.wire.RecentEntries;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.parser.Parser;
import io.skald.logql.parser.Printer;
import io.skald.logql.pipeline.QueryFilter;
import io.skald.storage.index.CommitLog;
import io.skald.storage.index.CommitResult;
import io.skald.storage.index.DeleteRequest;
import io.skald.storage.index.Deletion;
import io.skald.storage.index.IndexVersion;
import io.skald.storage.index.LogRecord;
import io.skald.storage.segment.SegmentRef;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.LongSupplier;

/** Makes, lists and cancels delete requests. Thread-safe. */
public final class DeleteRequests {
    /** Most requests of a tenant that are not done: each is looked at by every query of its time. */
    private static final int MAX_PENDING = 500;

    /** Versions of the log that may be read anew because an ingester flushed, or left, meanwhile. */
    private static final int MAX_ATTEMPTS = 8;

    /** All that may hold entries that are not in segments. */
    public interface Ingesters {
        /** Those that hold any; asked before the log is read. */
        List<RecentEntries> holding() throws StoreException;

        /** Whether one of them still may. */
        boolean holds(String ingesterId) throws StoreException;
    }

    /**
     * How far a request is.
     *
     * @param deletion the request, and what was taken out so far
     * @param segmentsLeft segments that may hold entries of it
     * @param bytesLeft their size
     * @param unstored ingesters that may have entries of it in their write-ahead logs
     */
    public record Progress(Deletion deletion, int segmentsLeft, long bytesLeft, List<String> unstored) {
        /** Whether nothing of it is left anywhere. */
        public boolean done() {
            return segmentsLeft == 0 && unstored.isEmpty();
        }
    }

    private final CommitLog log;
    private final Ingesters ingesters;
    private final LongSupplier nowMillis;

    public DeleteRequests(CommitLog log, Ingesters ingesters, LongSupplier nowMillis) {
        this.log = log;
        this.ingesters = ingesters;
        this.nowMillis = nowMillis;
    }

    /**
     * Deletes: when this returns no query that begins later sees the entries. Entries that are acknowledged while it runs may stay.
     *
     * @param startNanos first time, inclusive
     * @param endNanos last time, inclusive
     * @return the id of the request
     * @throws RequestException if the query is none, or there are too many requests
     * @throws StoreException if the stores or an ingester fail: whether it holds is unknown then, asking again is harmless
     */
    public String create(TenantId tenant, String query, long startNanos, long endNanos) throws StoreException {
        LogExpr parsed = Parser.parseLog(query);
        String canonical = Printer.print(parsed);
        // what cannot be run must not get into the log
        Objects.requireNonNull(QueryFilter.of(canonical));
        long pending = list(tenant).stream().filter(p -> !p.done()).count();
        if (pending >= MAX_PENDING) {
            throw new RequestException(
                    ErrorCode.TOO_MANY_REQUESTS,
                    pending + " delete requests are waiting to be applied, the most is " + MAX_PENDING);
        }
        Map<String, Long> unstored = unstored(tenant, parsed.matchers(), startNanos, endNanos);
        String id = UUID.randomUUID().toString().substring(0, 8);
        LogRecord record = LogRecord.delete(
                new DeleteRequest(id, canonical, startNanos, endNanos, nowMillis.getAsLong(), unstored));
        CommitResult r = log.commit(tenant, record);
        if (!(r instanceof CommitResult.Committed)) {
            throw new IllegalStateException("a delete request was refused: " + r);
        }
        return id;
    }

    /**
     * Where the write-ahead logs end now of those that hold entries of these streams and times which are in no segment. What others hold is
     * younger than the request, or is in a segment that the log lists before it.
     */
    private Map<String, Long> unstored(TenantId tenant, List<Matcher> matchers, long startNanos, long endNanos)
            throws StoreException {
        long end = endNanos == Long.MAX_VALUE ? endNanos : endNanos + 1;
        for (int attempt = 1; ; attempt++) {
            // in this order: one that has left before has all in the log by then
            List<RecentEntries> all = ingesters.holding();
            IndexVersion v = log.read(tenant);
            Map<String, Long> found = new TreeMap<>();
            RecentEntries asked = null;
            try {
                for (RecentEntries r : all) {
                    asked = r;
                    long position = r.presentEndPosition();
                    if (!r.series(tenant, v.fence(r.ingesterId()), List.of(), matchers, startNanos, end)
                            .isEmpty()) {
                        found.put(r.ingesterId(), position);
                    }
                }
                return found;
            } catch (StoreException e) {
                String id = asked == null ? "" : asked.ingesterId();
                boolean moved = e instanceof StoreException.Stale || !ingesters.holds(id);
                if (!moved || attempt == MAX_ATTEMPTS) {
                    throw new StoreException.Unavailable(
                            "ingester " + id + " does not say what it holds: " + e.getMessage(), e);
                }
            }
        }
    }

    /** All requests that are not cancelled, the oldest first. Those that are done are forgotten when there are many. */
    public List<Progress> list(TenantId tenant) throws StoreException {
        Set<String> holding = new HashSet<>();
        ingesters.holding().forEach(r -> holding.add(r.ingesterId()));
        IndexVersion v = log.read(tenant);
        return v.deletions().stream()
                .map(d -> {
                    List<String> unstored = d.request().unstored().entrySet().stream()
                            .filter(e -> holding.contains(e.getKey()) && v.fence(e.getKey()) < e.getValue())
                            .map(Map.Entry::getKey)
                            .sorted()
                            .toList();
                    List<SegmentRef> left =
                            v.segments().stream().filter(d::concerns).toList();
                    return new Progress(
                            d,
                            left.size(),
                            left.stream().mapToLong(SegmentRef::sizeBytes).sum(),
                            unstored);
                })
                .toList();
    }

    /**
     * Cancels a request: what was not taken out yet is seen again.
     *
     * @param force also if it is done or partly done
     * @throws RequestException if there is none of that id, or it is applied in part and {@code force} is not given
     */
    public void cancel(TenantId tenant, String id, boolean force) throws StoreException {
        Progress p = list(tenant).stream()
                .filter(x -> x.deletion().request().id().equals(id))
                .findFirst()
                .orElseThrow(
                        () -> new RequestException(ErrorCode.NOT_FOUND, "could not find delete request with given id"));
        if (!force && (p.done() || p.deletion().lines() > 0)) {
            throw new RequestException(
                    ErrorCode.BAD_REQUEST,
                    "deletion of request which is in process or already processed is not allowed; force=true leaves out what is not applied yet");
        }
        CommitResult r = log.commit(tenant, LogRecord.cancel(id));
        if (!(r instanceof CommitResult.Committed)) {
            throw new IllegalStateException("a cancellation was refused: " + r);
        }
    }
}
