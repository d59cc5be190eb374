/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.compact;

import io.skald.storage.segment.SegmentRef;
import java.util.List;

/**
 * Segments of one tenant, day and retention that become one.
 *
 * @param inputs at least one, in the order of their commits
 */
public record CompactionJob(List<SegmentRef> inputs) {
    public CompactionJob {
        inputs = List.copyOf(inputs);
        if (inputs.isEmpty()) {
            throw new IllegalArgumentException("nothing to compact");
        }
    }

    public int day() {
        return inputs.getFirst().day();
    }

    public String retention() {
        return inputs.getFirst().retention();
    }

    /** Bytes of the inputs. */
    public long bytes() {
        return inputs.stream().mapToLong(SegmentRef::sizeBytes).sum();
    }
}
