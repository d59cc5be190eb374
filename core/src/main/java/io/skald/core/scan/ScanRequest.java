/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.scan;

import io.skald.core.model.Matcher;
import java.util.List;

/**
 * What a query needs from a source of entries.
 *
 * @param matchers conditions on stream labels; all must hold
 * @param startNanos first time wanted, inclusive, nanoseconds since the epoch
 * @param endNanos end of the time wanted, exclusive
 * @param direction order within each stream
 * @param columns what will be read of each entry; a source may leave the rest empty
 * @param requirements all must hold of an entry for it to be of any use to the caller
 */
public record ScanRequest(
        List<Matcher> matchers,
        long startNanos,
        long endNanos,
        Direction direction,
        Columns columns,
        List<Requirement> requirements) {
    public ScanRequest {
        matchers = List.copyOf(matchers);
        requirements = List.copyOf(requirements);
    }

    /**
     * The columns of an entry beside its time.
     *
     * @param lineLengths whether {@link EntryCursor#length} is read
     * @param lines whether the line's bytes are read; implies lengths
     * @param metadata whether {@link EntryCursor#metadata} is read
     */
    public record Columns(boolean lineLengths, boolean lines, boolean metadata) {
        public static final Columns ALL = new Columns(true, true, true);

        public Columns {
            lineLengths |= lines;
        }
    }
}
