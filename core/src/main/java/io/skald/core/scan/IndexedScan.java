/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.scan;

import io.skald.core.model.StoreException;
import org.jspecify.annotations.Nullable;

/**
 * A part of a stream whose directory says where its entries lie in time, so that it can be read in pieces, or counted without being read.
 * Who leaves entries out of a part (deletes do) wraps it as a plain {@link StreamScan}: what the directory says no longer holds then.
 */
public interface IndexedScan extends StreamScan {
    /** Times at which it is cheap to cut: each at most once, ascending, all behind {@link #minNanos} and up to {@link #maxNanos}. */
    long[] cuts();

    /** The entries with times in [startNanos, endNanos) only. */
    IndexedScan between(long startNanos, long endNanos);

    /** Whether any entry lies in a range, as far as the directory tells. */
    default boolean overlaps(long startNanos, long endNanos) {
        return minNanos() < endNanos && maxNanos() >= startNanos;
    }

    /** False if no entry fulfils the requirements of the request, as far as can be told without reading any. May read skip filters. */
    default boolean mayHoldAny() {
        return true;
    }

    /** Lines and bytes of the part; of minutes that the range of the request cuts, those outside of it too. Null if unknown. */
    @Nullable
    Tally tally() throws StoreException;
}
