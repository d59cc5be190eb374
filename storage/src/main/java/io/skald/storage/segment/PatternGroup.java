/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.block.ByteSource;
import io.skald.core.block.Checksum;
import io.skald.core.block.Zstandard;
import io.skald.core.model.StoreException;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.core.pattern.ChunkPatterns;
import io.skald.storage.SegmentStore;
import org.jspecify.annotations.Nullable;

/**
 * Where the patterns of some consecutive chunks are, and how to read them. Immutable.
 *
 * @param firstChunk number of the first chunk
 * @param chunks how many there are
 */
record PatternGroup(int firstChunk, int chunks, long offset, int length, int rawLength, int crc) {
    /** A group as it was read. */
    record Loaded(String object, int firstChunk, byte[] bytes, int[] begins, int[] ends) {
        long weight() {
            return bytes.length + 8L * begins.length + 64;
        }

        /** The patterns of a chunk; null if they are not known. */
        @Nullable
        ChunkPatterns chunk(int number) {
            int i = number - firstChunk;
            return begins[i] == ends[i] ? null : new ChunkPatterns(object, bytes, begins[i], ends[i] - begins[i]);
        }
    }

    /**
     * @param chunkCount chunks of the segment, all of which must be in some group
     * @param limit where the groups end at the latest, in the object
     */
    static PatternGroup[] decode(ByteSource in, int chunkCount, long limit) throws CorruptData {
        PatternGroup[] groups = new PatternGroup[in.count("pattern groups", in.remaining() / 8)];
        int first = 0;
        for (int g = 0; g < groups.length; g++) {
            int n = in.count("chunks with patterns", chunkCount - first);
            long offset = in.varint();
            int length = in.count("patterns length", SegmentFormat.MAX_SECTION_LENGTH);
            int raw = in.count("patterns raw length", SegmentFormat.MAX_SECTION_LENGTH);
            if (n == 0 || offset < SegmentFormat.HEADER_LENGTH || offset > limit - length) {
                throw in.corrupt("patterns of " + n + " chunks at " + offset);
            }
            groups[g] = new PatternGroup(first, n, offset, length, raw, in.u32());
            first += n;
        }
        if (first != chunkCount) {
            throw in.corrupt("patterns of " + first + " chunks, the segment has " + chunkCount);
        }
        in.expectEnd();
        return groups;
    }

    Loaded read(SegmentStore store, String key) throws StoreException {
        String object = "segment " + key + " patterns";
        byte[] b = store.read(key, offset, length);
        if (Checksum.of(b) != crc) {
            throw new CorruptData(object + ": wrong checksum at offset " + offset);
        }
        byte[] raw = Zstandard.decompress(b, 0, b.length, rawLength, object, offset);
        ByteSource in = new ByteSource(object, raw, 0, raw.length, 0);
        int[] begins = new int[chunks];
        int[] ends = new int[chunks];
        for (int i = 0; i < chunks; i++) {
            int n = in.count("length", in.remaining());
            begins[i] = in.position();
            in.skip(n);
            ends[i] = in.position();
        }
        in.expectEnd();
        return new Loaded(object, firstChunk, raw, begins, ends);
    }
}
