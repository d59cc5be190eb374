/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.block.BlockWriter;
import io.skald.core.block.ByteSink;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The block index while a segment is written. A block gets its number when its first row is placed, and its offset when it is written. */
final class BlockIndexWriter {
    private record Row(long offset, BlockWriter.Summary summary, boolean shared) {}

    private final List<@Nullable Row> rows = new ArrayList<>();

    int reserve() {
        rows.add(null);
        return rows.size() - 1;
    }

    void written(int id, long offset, BlockWriter.Summary summary, boolean shared) {
        rows.set(id, new Row(offset, summary, shared));
    }

    void encode(ByteSink out, long baseNanos) {
        out.i64(baseNanos);
        out.varint(rows.size());
        for (Row r : rows) {
            Row row = Objects.requireNonNull(r, "a block was reserved and not written");
            BlockWriter.Summary s = row.summary;
            out.u8(row.shared ? 1 : 0);
            out.varint(row.offset);
            out.varint(s.length());
            out.varint(s.prefixLength());
            out.varint(s.rows());
            out.varint(s.lineBytes());
            out.varint(s.minNanos() - baseNanos);
            out.varint(s.maxNanos() - s.minNanos());
        }
    }
}
