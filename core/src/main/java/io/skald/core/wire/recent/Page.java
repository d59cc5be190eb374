/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.wire.recent;

import io.skald.core.block.ByteSink;
import io.skald.core.block.ByteSource;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.ScanRequest.Columns;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Consecutive entries of one stream. The arrays are shared by the rows, and not changed.
 *
 * @param stream its place in the answer to the opening
 * @param first how many entries of the stream come before it
 * @param last whether no entries come after it
 */
public record Page(
        int stream,
        long first,
        boolean last,
        long[] times,
        byte[] buffer,
        int[] offsets,
        int[] lengths,
        Labels[] metadata) {
    private static final byte[] NOTHING = {};

    public int rows() {
        return times.length;
    }

    /** Writes pages one after the other into a sink. Confined to one thread. */
    public static final class Writer {
        private final ByteSink rows = new ByteSink(1 << 14);
        private final Map<Labels, Integer> known = new HashMap<>();

        /**
         * Writes entries from a cursor until there are none or a limit is exceeded.
         *
         * @param maxBytes after how many bytes to end; at least one entry is written if there is one
         * @return whether the cursor has ended
         */
        public Written write(ByteSink out, int stream, long first, EntryCursor cursor, Columns columns, int maxBytes)
                throws StoreException {
            rows.reset();
            known.clear();
            int count = 0;
            long time = 0;
            boolean ended = false;
            while (rows.size() < maxBytes) {
                if (!cursor.next()) {
                    ended = true;
                    break;
                }
                rows.zigzag(cursor.timestampNanos() - time);
                time = cursor.timestampNanos();
                if (columns.lineLengths()) {
                    rows.varint(cursor.length());
                }
                if (columns.lines()) {
                    rows.bytes(cursor.buffer(), cursor.offset(), cursor.length());
                }
                if (columns.metadata()) {
                    putMetadata(cursor.metadata());
                }
                count++;
            }
            out.varint(stream);
            out.varint(first);
            out.u8((ended ? 1 : 0)
                    | (columns.lineLengths() ? 2 : 0)
                    | (columns.lines() ? 4 : 0)
                    | (columns.metadata() ? 8 : 0));
            out.varint(count);
            out.varint(rows.size());
            out.bytes(rows.array(), 0, rows.size());
            return new Written(count, ended);
        }

        private void putMetadata(Labels m) {
            if (m.isEmpty()) {
                rows.varint(0);
                return;
            }
            Integer place = known.get(m);
            if (place == null) {
                known.put(m, known.size() + 1);
                rows.varint(known.size());
                LabelsCodec.put(rows, m);
            } else {
                rows.varint(place);
            }
        }
    }

    /**
     * What was written.
     *
     * @param ended whether there is no more
     */
    public record Written(int rows, boolean ended) {}

    /** Reads a page; lines point into {@code bytes}, which is the array behind the source. */
    static Page decode(ByteSource in, byte[] bytes) throws CorruptData {
        int stream = in.count("stream", RecentFormat.MAX_COUNT);
        long first = in.varint();
        int flags = in.u8();
        boolean withLengths = (flags & 2) != 0;
        boolean withLines = (flags & 4) != 0;
        int count = in.count("rows", in.remaining());
        int end = in.count("bytes of rows", in.remaining());
        end += in.position();
        long[] times = new long[count];
        int[] offsets = new int[count];
        int[] lengths = new int[count];
        Labels[] metadata = new Labels[count];
        List<Labels> known = new ArrayList<>();
        known.add(Labels.EMPTY);
        long time = 0;
        for (int i = 0; i < count; i++) {
            time += in.zigzag();
            times[i] = time;
            lengths[i] = withLengths ? in.count("line length", RecentFormat.MAX_RAW) : 0;
            if (withLines) {
                offsets[i] = in.position();
                in.skip(lengths[i]);
            }
            metadata[i] = (flags & 8) == 0 ? Labels.EMPTY : metadata(in, known);
        }
        if (in.position() != end) {
            throw in.corrupt("page of another length");
        }
        return new Page(
                stream, first, (flags & 1) != 0, times, withLines ? bytes : NOTHING, offsets, lengths, metadata);
    }

    private static Labels metadata(ByteSource in, List<Labels> known) throws CorruptData {
        int place = in.count("metadata", known.size());
        if (place == known.size()) {
            known.add(LabelsCodec.get(in));
        }
        return known.get(place);
    }
}
