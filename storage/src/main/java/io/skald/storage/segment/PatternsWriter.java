/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.block.ByteSink;
import io.skald.core.block.Checksum;
import io.skald.core.block.Zstandard;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.pattern.PatternRecorder;
import io.skald.storage.SegmentStore;
import java.util.ArrayList;
import java.util.List;

/**
 * Patterns of the lines of each chunk, while a segment is written. Those of consecutive chunks, which often have much in common, are
 * compressed together and kept until the segment ends. Confined to one thread.
 */
final class PatternsWriter {
    /** Bytes of patterns at which a group ends. */
    private static final int GROUP_BYTES = 128 << 10;

    private record Group(int chunks, byte[] compressed, int rawLength) {}

    private final PatternRecorder recorder = new PatternRecorder();
    private final ByteSink chunk = new ByteSink(4 << 10);
    private final ByteSink group = new ByteSink(GROUP_BYTES);
    private final List<Group> groups = new ArrayList<>();
    private final List<Long> offsets = new ArrayList<>();
    private int chunks;

    /** A row of the chunk. */
    void add(long timestampNanos, byte[] buffer, int offset, int length, Labels metadata) {
        recorder.add(timestampNanos, buffer, offset, length, metadata);
    }

    /** Ends the chunk. */
    void end() {
        chunk.reset();
        recorder.end(chunk);
        put();
    }

    /** Adds a chunk of which the patterns are not known: queries will read its lines. */
    void skip() {
        chunk.reset();
        put();
    }

    private void put() {
        group.varint(chunk.size());
        group.bytes(chunk.array(), 0, chunk.size());
        chunks++;
        if (group.size() >= GROUP_BYTES) {
            endGroup();
        }
    }

    private void endGroup() {
        if (chunks > 0) {
            ByteSink compressed = new ByteSink(group.size() / 4);
            Zstandard.compress(group.array(), 0, group.size(), SegmentFormat.ZSTD_LEVEL, compressed);
            groups.add(new Group(chunks, compressed.toByteArray(), group.size()));
            group.reset();
            chunks = 0;
        }
    }

    /** Writes the groups; {@link #encode} then says where they are. */
    void write(SegmentStore.Output out) throws StoreException {
        endGroup();
        for (Group g : groups) {
            offsets.add(out.position());
            out.write(g.compressed, 0, g.compressed.length);
        }
    }

    void encode(ByteSink out) {
        out.varint(groups.size());
        for (int i = 0; i < groups.size(); i++) {
            Group g = groups.get(i);
            out.varint(g.chunks);
            out.varint(offsets.get(i));
            out.varint(g.compressed.length);
            out.varint(g.rawLength);
            out.u32(Checksum.of(g.compressed));
        }
    }
}
