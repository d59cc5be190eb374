/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.tail;

import io.skald.agent.discover.FileId;
import io.skald.agent.spool.FileState;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Collects entries and gives them their times: that of the line, or of reading where it has none, but always later than the last of the
 * stream. So no two entries of a stream are equal, and a batch that is sent twice can be told from two identical lines. Confined to the tail
 * thread.
 */
public final class BatchBuilder {
    /** An entry has a cost of its own, so that empty lines fill a batch too. */
    private static final int ENTRY_BYTES = 16;
    /** Times further in the future are taken for a clock gone wrong; one such entry would drag all later ones along. */
    private static final long MAX_AHEAD_NANOS = 10_000_000_000L;

    private final InstantSource clock;
    private final int maxBytes;
    private final Map<Labels, Long> marks;
    private final Map<Labels, EntryBatch> streams = new LinkedHashMap<>();
    private final Map<FileId, FileState> files = new LinkedHashMap<>();
    private long bytes;
    private long nowNanos;

    /** @param marks the last time of each stream so far */
    public BatchBuilder(InstantSource clock, int maxBytes, Map<Labels, Long> marks) {
        this.clock = clock;
        this.maxBytes = maxBytes;
        this.marks = new HashMap<>(marks);
    }

    /** Whether no more lines should come in before {@link #takeStreams}. */
    boolean isFull() {
        return bytes >= maxBytes;
    }

    /** Whether there is no entry to send. */
    public boolean isEmpty() {
        return streams.isEmpty();
    }

    /** To be called before lines of a file are added; they get this time if they have none. */
    void readNow() {
        Instant now = clock.instant();
        nowNanos = now.getEpochSecond() * 1_000_000_000 + now.getNano();
    }

    void add(Labels labels, byte[] buffer, int offset, int length) {
        add(labels, nowNanos, buffer, offset, length);
    }

    void add(Labels labels, long timestampNanos, byte[] buffer, int offset, int length) {
        long time = timestampNanos > nowNanos + MAX_AHEAD_NANOS ? nowNanos : timestampNanos;
        Long mark = marks.get(labels);
        if (mark != null && time <= mark) {
            time = mark + 1;
        }
        marks.put(labels, time);
        streams.computeIfAbsent(labels, EntryBatch::new).add(time, buffer, offset, length, Labels.EMPTY);
        bytes += length + ENTRY_BYTES;
    }

    /** How far a file is read with what was added. */
    void file(FileState state) {
        files.put(state.id(), state);
    }

    /** The streams collected since the last call; {@link #takeFiles} goes with it. */
    public List<EntryBatch> takeStreams() {
        List<EntryBatch> taken = new ArrayList<>(streams.values());
        streams.clear();
        bytes = 0;
        return taken;
    }

    /** The states of the files that were read since the last call. */
    public List<FileState> takeFiles() {
        List<FileState> taken = new ArrayList<>(files.values());
        files.clear();
        return taken;
    }

    /** Forgets the last time of a stream of which nothing comes any more. */
    public void forget(Labels labels) {
        marks.remove(labels);
    }
}
