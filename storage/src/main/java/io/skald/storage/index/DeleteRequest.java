/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.index;

import java.util.Map;

/**
 * Entries that must not be seen any more: those of the selected streams in a range of times that match, as far as they are in segments that
 * the log lists before the request, or were acknowledged by ingesters before it. What comes after it is not touched, however old its times are.
 *
 * @param id name of the request, unique per tenant
 * @param query a LogQL selector with line and label filters, in canonical form
 * @param startNanos first time, inclusive
 * @param endNanos last time, inclusive
 * @param createdMillis when it was made, milliseconds since the epoch
 * @param unstored by ingester: the WAL position before which it concerns entries that are in no segment yet; only of those that hold any
 */
public record DeleteRequest(
        String id, String query, long startNanos, long endNanos, long createdMillis, Map<String, Long> unstored) {
    public DeleteRequest {
        unstored = Map.copyOf(unstored);
        if (id.isEmpty() || id.length() > LogFormat.MAX_INGESTER_ID_LENGTH) {
            throw new IllegalArgumentException("delete request id of " + id.length() + " characters");
        }
        if (query.length() > LogFormat.MAX_QUERY_LENGTH) {
            throw new IllegalArgumentException("delete request with a query of " + query.length() + " characters");
        }
        if (startNanos > endNanos) {
            throw new IllegalArgumentException("delete request from " + startNanos + " to " + endNanos);
        }
    }

    /** One that concerns only what is in segments. */
    public DeleteRequest(String id, String query, long startNanos, long endNanos, long createdMillis) {
        this(id, query, startNanos, endNanos, createdMillis, Map.of());
    }

    /** Position in an ingester's WAL before which entries are concerned; 0 if none are. */
    public long unstored(String ingesterId) {
        return unstored.getOrDefault(ingesterId, 0L);
    }

    /** Whether entries of a range (both ends inclusive) may be of it. */
    public boolean overlaps(long minNanos, long maxNanos) {
        return minNanos <= endNanos && maxNanos >= startNanos;
    }
}
