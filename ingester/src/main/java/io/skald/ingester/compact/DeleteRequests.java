/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.compact;

import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
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
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.function.LongSupplier;

/** Makes, lists and cancels delete requests. Thread-safe. */
public final class DeleteRequests {
    /** Most requests of a tenant that are not done: each is looked at by every query of its time. */
    private static final int MAX_PENDING = 500;

    /** Puts everything that is acknowledged into segments, so that the log knows what is older than a request. */
    public interface FlushAll {
        /** @throws StoreException some of it is still only in a write-ahead log */
        void flush() throws StoreException;
    }

    /**
     * How far a request is.
     *
     * @param deletion the request, and what was taken out so far
     * @param segmentsLeft segments that may hold entries of it
     * @param bytesLeft their size
     */
    public record Progress(Deletion deletion, int segmentsLeft, long bytesLeft) {
        /** Whether nothing of it is left in any segment. */
        public boolean done() {
            return segmentsLeft == 0;
        }
    }

    private final CommitLog log;
    private final FlushAll ingesters;
    private final LongSupplier nowMillis;

    /** @param ingesters all that may hold entries that are not in segments */
    public DeleteRequests(CommitLog log, FlushAll ingesters, LongSupplier nowMillis) {
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
        String canonical = Printer.print(Parser.parseLog(query));
        // what cannot be run must not get into the log
        Objects.requireNonNull(QueryFilter.of(canonical));
        long pending = list(tenant).stream().filter(p -> !p.done()).count();
        if (pending >= MAX_PENDING) {
            throw new RequestException(
                    ErrorCode.TOO_MANY_REQUESTS,
                    pending + " delete requests are waiting to be applied, the most is " + MAX_PENDING);
        }
        ingesters.flush();
        String id = UUID.randomUUID().toString().substring(0, 8);
        LogRecord record =
                LogRecord.delete(new DeleteRequest(id, canonical, startNanos, endNanos, nowMillis.getAsLong()));
        CommitResult r = log.commit(tenant, record);
        if (!(r instanceof CommitResult.Committed)) {
            throw new IllegalStateException("a delete request was refused: " + r);
        }
        return id;
    }

    /** All requests that are not cancelled, the oldest first. Those that are done are forgotten when there are many. */
    public List<Progress> list(TenantId tenant) throws StoreException {
        IndexVersion v = log.read(tenant);
        return v.deletions().stream()
                .map(d -> {
                    List<SegmentRef> left =
                            v.segments().stream().filter(d::concerns).toList();
                    return new Progress(
                            d,
                            left.size(),
                            left.stream().mapToLong(SegmentRef::sizeBytes).sum());
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
