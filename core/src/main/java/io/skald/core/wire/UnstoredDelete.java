/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.wire;

/**
 * A delete request as it concerns what one ingester holds: entries that it acknowledged before the request, as far as the query means them,
 * must not be seen. What comes later is not touched, however old its times are.
 *
 * @param n number of the request's record in the tenant's log
 * @param query a LogQL selector with line and label filters
 * @param startNanos first time, inclusive
 * @param endNanos last time, inclusive
 * @param before WAL position of the first entry that it does not concern
 */
public record UnstoredDelete(long n, String query, long startNanos, long endNanos, long before) {
    /** Whether it may concern an entry at this position and within these times (both inclusive). */
    public boolean concerns(long position, long minNanos, long maxNanos) {
        return position < before && minNanos <= endNanos && maxNanos >= startNanos;
    }
}
