/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.collect;

import io.skald.agent.spool.FileState;
import io.skald.agent.spool.Marks;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.TenantId;
import io.skald.core.wire.BlockPush.LineRange;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * What was collected, and how far the sources are read with it.
 *
 * @param streams entries by tenant
 * @param ranges lines of files that they are from, by tenant
 * @param files the states of files behind these entries
 * @param cursors where other sources go on behind them
 * @param forgotten files that are gone
 * @param marks the last time of each stream with these entries
 * @param chunks buffers to be used again once the entries are encoded
 * @param waiting to be told when it is on disk
 */
record Batch(
        Map<TenantId, List<EntryBatch>> streams,
        Map<TenantId, List<LineRange>> ranges,
        Collection<FileState> files,
        Map<String, String> cursors,
        Collection<FileState.Key> forgotten,
        Map<Marks.Stream, Long> marks,
        List<byte[]> chunks,
        List<CompletableFuture<Void>> waiting) {
    boolean isEmpty() {
        return streams.isEmpty() && ranges.isEmpty() && files.isEmpty() && cursors.isEmpty() && forgotten.isEmpty();
    }
}
