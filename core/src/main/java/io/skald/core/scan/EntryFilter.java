/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.scan;

import io.skald.core.model.Labels;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Tells certain entries from others. Thread-safe; what {@link #forStream} returns is confined to one thread. */
public interface EntryFilter {
    /** The entries of a stream; null if none of them can be meant. */
    @Nullable
    Entries forStream(Labels stream);

    /** What an entry must have to be meant; as in a {@link ScanRequest}. */
    default List<Requirement> requirements() {
        return List.of();
    }

    /** Those of one stream. */
    interface Entries {
        /** Whether the present entry of a cursor that gives all columns is meant. */
        boolean match(EntryCursor at);
    }
}
