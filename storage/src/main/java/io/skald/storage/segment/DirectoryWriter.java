/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.block.ByteSink;
import io.skald.core.model.Labels;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The series section while a segment is written: label strings once each, then the chunks. */
final class DirectoryWriter {
    private final Map<String, Integer> strings = new LinkedHashMap<>();
    private final List<ChunkBuilder> chunks = new ArrayList<>();

    void add(ChunkBuilder chunk) {
        chunks.add(chunk);
        Labels l = chunk.labels;
        for (int i = 0; i < l.size(); i++) {
            strings.putIfAbsent(l.name(i), strings.size());
            strings.putIfAbsent(l.value(i), strings.size());
        }
    }

    void encode(ByteSink out, long baseNanos) {
        out.i64(baseNanos);
        out.varint(strings.size());
        for (String s : strings.keySet()) {
            out.string(s);
        }
        out.varint(chunks.size());
        for (ChunkBuilder c : chunks) {
            encode(out, c, baseNanos);
        }
    }

    private void encode(ByteSink out, ChunkBuilder c, long baseNanos) {
        Labels l = c.labels;
        out.varint(l.size());
        for (int i = 0; i < l.size(); i++) {
            out.varint(strings.getOrDefault(l.name(i), 0));
            out.varint(strings.getOrDefault(l.value(i), 0));
        }
        out.i64(l.fingerprint());
        out.varint(c.entries);
        out.varint(c.lineBytes);
        out.varint(c.minNanos - baseNanos);
        out.varint(c.maxNanos - c.minNanos);
        out.varint(c.extents.size());
        int previous = 0;
        for (ChunkBuilder.Extent e : c.extents) {
            out.zigzag(e.block - previous);
            out.varint(e.firstRow);
            out.varint(e.rows);
            out.varint(e.minNanos - c.minNanos);
            out.varint(e.maxNanos - e.minNanos);
            previous = e.block;
        }
    }
}
