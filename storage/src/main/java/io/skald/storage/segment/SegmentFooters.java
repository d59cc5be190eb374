/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.block.ByteSource;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.storage.SegmentStore;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.HashSet;
import java.util.Set;

/** Says from a segment alone what the index says of it; for when there is no index. */
public final class SegmentFooters {
    private SegmentFooters() {}

    /**
     * What the index would say of a segment that a flush wrote: which rule of retention it was under, and which delete requests were
     * applied to it, only the index knows.
     *
     * @param key as {@link SegmentKeys} makes them
     * @throws CorruptData if it is no segment, or its footer is damaged
     */
    public static SegmentRef ref(SegmentStore store, String key) throws StoreException {
        long size = store.size(key);
        long tailOffset = tailOffset(store, key, size);
        byte[] tail = store.read(key, tailOffset, Math.toIntExact(size - tailOffset));
        SegmentDirectory d = SegmentDirectory.decode(key, tail, tailOffset);
        long min = Long.MAX_VALUE;
        long max = Long.MIN_VALUE;
        long entries = 0;
        long lineBytes = 0;
        Set<Labels> series = new HashSet<>();
        for (SegmentDirectory.Chunk c : d.chunks) {
            min = Math.min(min, c.minNanos());
            max = Math.max(max, c.maxNanos());
            entries += c.entries();
            lineBytes += c.lineBytes();
            series.add(c.labels());
        }
        if (entries == 0) {
            throw new CorruptData("segment " + key + ": without entries at offset " + tailOffset);
        }
        int day = day(key);
        try {
            return new SegmentRef(key, day, min, max, size, entries, lineBytes, tailOffset, series.size());
        } catch (IllegalArgumentException e) {
            throw new CorruptData(
                    "segment " + key + ": impossible numbers in its directory at offset " + tailOffset, e);
        }
    }

    /** Where the directory begins: at its first section, that of the blocks. */
    private static long tailOffset(SegmentStore store, String key, long size) throws StoreException {
        String object = "segment " + key;
        if (size < SegmentFormat.HEADER_LENGTH + SegmentFormat.TRAILER_LENGTH) {
            throw new CorruptData(object + ": no room for a trailer in " + size + " bytes at offset 0");
        }
        long at = size - SegmentFormat.TRAILER_LENGTH;
        byte[] trailer = store.read(key, at, SegmentFormat.TRAILER_LENGTH);
        ByteSource in = new ByteSource(object, trailer, 0, trailer.length, at);
        long tableOffset = in.i64();
        int tableLength = in.u32();
        if (tableLength <= 0
                || tableLength > SegmentFormat.MAX_SECTIONS * SegmentFormat.SECTION_ROW_LENGTH
                || tableOffset != at - tableLength
                || tableOffset < SegmentFormat.HEADER_LENGTH) {
            throw in.corrupt("section table of " + tableLength + " bytes at " + tableOffset + " does not end here,");
        }
        byte[] table = store.read(key, tableOffset, tableLength);
        ByteSource rows = new ByteSource(object, table, 0, table.length, tableOffset);
        while (rows.remaining() > 0) {
            SegmentDirectory.Section s = SegmentDirectory.Section.read(rows);
            if (s.type() == SegmentFormat.SECTION_BLOCKS) {
                if (s.offset() < SegmentFormat.HEADER_LENGTH || s.offset() > tableOffset) {
                    throw rows.corrupt("block index at " + s.offset() + " outside of the segment");
                }
                return s.offset();
            }
        }
        throw rows.corrupt("no block index");
    }

    private static int day(String key) throws CorruptData {
        String[] parts = key.split("/");
        try {
            return Math.toIntExact(LocalDate.parse(parts[parts.length - 2]).toEpochDay());
        } catch (DateTimeException | ArrayIndexOutOfBoundsException e) {
            throw new CorruptData("segment " + key + ": no day in its key at offset 0", e);
        }
    }
}
