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

    /** Nothing was written: segments to be removed do not exist (any more). */
    record SegmentsGone(List<String> keys) implements CommitResult {
        public SegmentsGone {
            keys = List.copyOf(keys);
        }
    }
}
