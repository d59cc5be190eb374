/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.wire;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.LogSource.StreamStats;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanRequest;
import java.time.Duration;
import java.util.Collection;
import java.util.List;

/**
 * What one ingester holds that the index may not: all acknowledged entries from a WAL position on. Positions grow with every record and are
 * never reused; the index knows for each tenant and ingester up to which position (the fence) everything is stored in segments. A query
 * reads the index first, then asks here for everything at or after the fence that it read, so nothing is missed and nothing comes twice,
 * whatever is flushed meanwhile. Thread-safe.
 */
public interface RecentEntries {
    /** The ingester's name, stable across restarts; the key of its fence in the index. */
    String ingesterId();

    /**
     * Entries at WAL positions ≥ {@code fence}, streams merged and equal entries collapsed as {@link Scan} says.
     *
     * @param without delete requests; what they mean is left out before equal entries collapse
     * @throws StoreException.Stale if entries at or after the fence were flushed so long ago that they are gone from here; read the index
     *     again
     */
    Scan open(TenantId tenant, long fence, List<UnstoredDelete> without, ScanRequest request) throws StoreException;

    /** The same with nothing deleted. */
    default Scan open(TenantId tenant, long fence, ScanRequest request) throws StoreException {
        return open(tenant, fence, List.of(), request);
    }

    /** Streams with entries at positions ≥ {@code fence} within a time range, sorted, with counts that are exact. */
    List<StreamStats> streamStats(
            TenantId tenant,
            long fence,
            List<UnstoredDelete> without,
            List<Matcher> matchers,
            long startNanos,
            long endNanos)
            throws StoreException;

    /** Streams as above without counts. */
    List<Labels> series(
            TenantId tenant,
            long fence,
            List<UnstoredDelete> without,
            List<Matcher> matchers,
            long startNanos,
            long endNanos)
            throws StoreException;

    /** The position that the next acknowledged record will have at least; where a tail starts that wants only what is new. */
    long endPosition();

    /**
     * The same, and not what it was a while ago.
     *
     * @throws StoreException if it cannot be found out
     */
    default long presentEndPosition() throws StoreException {
        return endPosition();
    }

    /**
     * Follows the log: acknowledged entries at positions ≥ {@code fromPosition} whose streams match, in the order of acknowledgement.
     * Waits up to {@code maxWait} for the first.
     *
     * @return the entries, and the position to go on from; no entries after a time-out
     * @throws StoreException.Stale if that position is gone from here; its entries are in the index
     */
    Tailed tail(TenantId tenant, List<Matcher> matchers, long fromPosition, int maxEntries, Duration maxWait)
            throws StoreException, InterruptedException;

    /**
     * What was acknowledged at positions ≥ {@code fromPosition}: only when its entries are from, so that it costs little to ask often.
     *
     * @return nothing, from an ingester that cannot tell
     * @throws StoreException.Stale if that position is gone from here
     */
    default Arrived arrived(TenantId tenant, long fromPosition) throws StoreException {
        return new Arrived(List.of(), endPosition());
    }

    /**
     * Which lines of agents' files were acknowledged here, whatever became of their entries since.
     *
     * @param of which generations of files; if empty, those that are incomplete here
     * @return those that are known here, in no order
     */
    default List<HeldLines> lines(Collection<HeldLines.Origin> of) throws StoreException {
        return List.of();
    }

    /**
     * Entries of one stream that arrived.
     *
     * @param minNanos the smallest of their times
     * @param maxNanos the greatest
     * @param entries how many
     */
    record Arrival(Labels labels, long minNanos, long maxNanos, long entries) {}

    /**
     * What arrived, in no order.
     *
     * @param nextPosition where to go on
     */
    record Arrived(List<Arrival> arrivals, long nextPosition) {}

    /**
     * A step of a tail.
     *
     * @param batches entries in the order of acknowledgement
     * @param nextPosition where to go on
     */
    record Tailed(List<EntryBatch> batches, long nextPosition) {}
}
