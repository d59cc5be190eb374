/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.source;

import io.skald.core.model.StoreException;
import io.skald.core.wire.RecentEntries;
import java.util.List;

/** The ingesters that a query has to ask. Thread-safe. */
@FunctionalInterface
public interface Ingesters {
    /**
     * All that may hold entries that are in no segment: every one that acknowledged an entry before the call, unless all that it
     * acknowledged is in the log. A query calls this first, and reads the log after it.
     */
    List<RecentEntries> holding() throws StoreException;

    /**
     * Whether an ingester that did not answer still holds anything. If not, it has left after {@link #holding} named it, and the log has it
     * all by now.
     */
    default boolean holds(String ingesterId) throws StoreException {
        return true;
    }
}
