/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.index;

import io.skald.storage.segment.SegmentRef;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One commit: all of it holds from its number on, or nothing.
 *
 * @param nonce tells this commit from all others, so that a writer whose put timed out finds out whether it was written. Keep it when
 *     retrying, and only then.
 * @param adds segments that exist from now on; durable already, their keys never used before
 * @param removes keys of segments that no longer exist
 * @param fence how far an ingester's WAL is covered now; null if this commit stores no new entries
 */
public record LogRecord(
        UUID nonce,
        List<SegmentRef> adds,
        List<String> removes,
        @Nullable Fence fence) {
    public LogRecord {
        adds = List.copyOf(adds);
        removes = List.copyOf(removes);
    }

    /** What a flush commits. */
    public static LogRecord flush(List<SegmentRef> adds, Fence fence) {
        return new LogRecord(UUID.randomUUID(), adds, List.of(), fence);
    }
}
