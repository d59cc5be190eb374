/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.index;

import io.skald.storage.segment.SegmentRef;
import java.util.ArrayList;
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
 * @param deletes delete requests that are in force from now on
 * @param cancels ids of delete requests that no longer are
 * @param applied delete requests that were applied to all segments that are removed here, and what that took out of them
 * @param marks segments in which requests have nothing to do though they are older
 * @param voids keys that must never be added any more: whoever wrote them did not commit in time, and the objects go
 */
public record LogRecord(
        UUID nonce,
        List<SegmentRef> adds,
        List<String> removes,
        @Nullable Fence fence,
        List<DeleteRequest> deletes,
        List<String> cancels,
        List<Applied> applied,
        List<Mark> marks,
        List<String> voids) {
    public LogRecord {
        marks = List.copyOf(marks);
        adds = List.copyOf(adds);
        removes = List.copyOf(removes);
        deletes = List.copyOf(deletes);
        cancels = List.copyOf(cancels);
        applied = List.copyOf(applied);
        voids = List.copyOf(voids);
    }

    public LogRecord(UUID nonce, List<SegmentRef> adds, List<String> removes, @Nullable Fence fence) {
        this(nonce, adds, removes, fence, List.of(), List.of(), List.of(), List.of(), List.of());
    }

    /**
     * A delete request, and what was taken out for it.
     *
     * @param n number of the request's record
     */
    public record Applied(long n, long lines, long bytes) {}

    /**
     * A segment that was looked through for a delete request.
     *
     * @param deletes number of the last record whose request has nothing to do there
     */
    public record Mark(String key, long deletes) {}

    /** What a flush commits. */
    public static LogRecord flush(List<SegmentRef> adds, Fence fence) {
        return new LogRecord(UUID.randomUUID(), adds, List.of(), fence);
    }

    /**
     * What a flush commits.
     *
     * @param adds each clean of delete requests up to its {@link SegmentRef#deletes}
     * @param applied requests that were applied to what ingesters held, and what that took out
     */
    public static LogRecord flush(List<SegmentRef> adds, Fence fence, List<Applied> applied) {
        return new LogRecord(
                UUID.randomUUID(), adds, List.of(), fence, List.of(), List.of(), applied, List.of(), List.of());
    }

    /**
     * What a flush commits, in as many records as it takes for each to be as short as the format demands: mostly one. The fence moves with the last. Until
     * then the ingester still gives what is in the others, and equal entries count once; a crash in between stores them again.
     */
    public static List<LogRecord> flushInParts(List<SegmentRef> adds, Fence fence, List<Applied> applied) {
        LogRecord whole = flush(adds, fence, applied);
        if (adds.size() < 2 || LogCodec.encode(whole).length <= LogFormat.MAX_RECORD_BYTES) {
            return List.of(whole);
        }
        int half = adds.size() / 2;
        Fence unmoved = new Fence(fence.ingesterId(), fence.from(), fence.from());
        List<LogRecord> parts = new ArrayList<>(flushInParts(adds.subList(0, half), unmoved, List.of()));
        parts.addAll(flushInParts(adds.subList(half, adds.size()), fence, applied));
        return parts;
    }

    /** What a compaction commits. */
    public static LogRecord compaction(List<SegmentRef> adds, List<String> removes, List<Applied> applied) {
        return of(adds, removes, List.of(), List.of(), applied, List.of(), List.of());
    }

    /** Segments that go without a successor. */
    public static LogRecord removal(List<String> keys) {
        return of(List.of(), keys, List.of(), List.of(), List.of(), List.of(), List.of());
    }

    /** A new delete request. */
    public static LogRecord delete(DeleteRequest request) {
        return of(List.of(), List.of(), List.of(request), List.of(), List.of(), List.of(), List.of());
    }

    /** The end of a delete request. */
    public static LogRecord cancel(String id) {
        return of(List.of(), List.of(), List.of(), List.of(id), List.of(), List.of(), List.of());
    }

    /** Segments that delete requests need not be applied to, and the requests. */
    public static LogRecord marked(List<Mark> marks, List<Applied> applied) {
        return of(List.of(), List.of(), List.of(), List.of(), applied, marks, List.of());
    }

    /** Keys that must never be added. */
    public static LogRecord voided(List<String> keys) {
        return of(List.of(), List.of(), List.of(), List.of(), List.of(), List.of(), keys);
    }

    private static LogRecord of(
            List<SegmentRef> adds,
            List<String> removes,
            List<DeleteRequest> deletes,
            List<String> cancels,
            List<Applied> applied,
            List<Mark> marks,
            List<String> voids) {
        return new LogRecord(UUID.randomUUID(), adds, removes, null, deletes, cancels, applied, marks, voids);
    }
}
