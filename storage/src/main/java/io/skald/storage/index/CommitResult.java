/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.index;

import java.util.List;

/** What became of a commit. */
public sealed interface CommitResult {
    /** It holds, as record {@code n}; also the answer when the same commit had been written by an earlier attempt. */
    record Committed(long n) implements CommitResult {}

    /**
     * Nothing was written: the fence does not start where it stands.
     *
     * @param position where it stands
     */
    record FenceMoved(String ingesterId, long position) implements CommitResult {}

    /**
     * Nothing was written: delete requests concern the segments to be removed that were not applied to them, or requests that were applied are
     * cancelled. Read the log and begin again.
     *
     * @param numbers of their records
     */
    record DeletesChanged(List<Long> numbers) implements CommitResult {
        public DeletesChanged {
            numbers = List.copyOf(numbers);
        }
    }

    /** Nothing was written: keys to be added were voided, as this took too long, and their objects are gone. */
    record Voided(List<String> keys) implements CommitResult {
        public Voided {
            keys = List.copyOf(keys);
        }
    }

    /** Nothing was written: keys to be voided are those of live segments. */
    record Live(List<String> keys) implements CommitResult {
        public Live {
            keys = List.copyOf(keys);
        }
    }

    /** Nothing was written: segments to be removed do not exist (any more). */
    record SegmentsGone(List<String> keys) implements CommitResult {
        public SegmentsGone {
            keys = List.copyOf(keys);
        }
    }
}
