/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.spool;

import io.skald.core.model.EntryBatch;
import java.util.List;

/**
 * What is sent at once and how far the files are read with it. Not changed after it was built.
 *
 * @param sequence its number in the outbox, from 1 without gaps
 * @param files the state of every file that these entries are from, behind them
 * @param streams the entries, one element for each stream
 */
public record Batch(long sequence, List<FileState> files, List<EntryBatch> streams) {
    public Batch {
        files = List.copyOf(files);
        streams = List.copyOf(streams);
    }

    /** Entries of all streams. */
    public long entries() {
        return streams.stream().mapToLong(EntryBatch::size).sum();
    }

    /** Bytes of all lines. */
    public long lineBytes() {
        return streams.stream().mapToLong(EntryBatch::lineBytes).sum();
    }
}
