/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.scan;

import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One stream that a request selected. */
public interface StreamScan {
    Labels labels();

    /** A time not later than that of any entry that {@link #open} will give. Lets a merge open streams late. */
    long minNanos();

    /** A time not earlier than that of any entry that {@link #open} will give. */
    long maxNanos();

    /**
     * The stream in stretches of time that can be read apart, by several threads, in order of time. All entries of one time are in the same, and
     * every entry is in one, unless it does not fulfil the requirements of the request. May read skip filters.
     */
    default List<StreamScan> pieces() {
        return List.of(this);
    }

    /** What can be told of the stream without reading it, for who only wants to count. Null if nothing can. May read counters. */
    default @Nullable Counted counted(Counted.Wanted wanted) throws StoreException {
        return null;
    }

    /** Opens a new cursor; may be called again after the first was closed. Blocks on I/O. */
    EntryCursor open() throws StoreException;
}
