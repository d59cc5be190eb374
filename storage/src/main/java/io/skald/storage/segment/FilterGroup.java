/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.block.ByteSource;
import io.skald.core.block.Checksum;
import io.skald.core.filter.SkipFilter;
import io.skald.core.model.StoreException;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.storage.SegmentStore;
import java.util.BitSet;

/** Where the skip filters of some blocks are, and how to read them. Immutable. */
final class FilterGroup {
    private final int partitionBits;
    private final int[] blocks;
    private final int[] units;
    private final byte[] parameters;
    private final long[] offsets;
    private final int[] crcs;

    private FilterGroup(int partitionBits, int[] blocks, int[] units, byte[] parameters, long[] offsets, int[] crcs) {
        this.partitionBits = partitionBits;
        this.blocks = blocks;
        this.units = units;
        this.parameters = parameters;
        this.offsets = offsets;
        this.crcs = crcs;
    }

    /** One partition as it was read: the bits of all blocks of the group, and where those of each end. */
    record Partition(byte[] bytes, int[] begins, int[] ends) {
        long weight() {
            return bytes.length + 8L * begins.length + 64;
        }
    }

    /**
     * @param blockCount blocks of the segment
     * @param limit where the filters end at the latest, in the object
     */
    static FilterGroup[] decode(ByteSource in, int blockCount, long limit) throws CorruptData {
        FilterGroup[] groups = new FilterGroup[in.count("filter groups", in.remaining() / 4)];
        for (int g = 0; g < groups.length; g++) {
            long offset = in.varint();
            int bits = in.u8();
            if (bits > SegmentFormat.MAX_PARTITION_BITS) {
                throw in.corrupt("2^" + bits + " filter partitions");
            }
            int n = in.count("filters", in.remaining() / 3);
            int[] blocks = new int[n];
            int[] units = new int[n];
            byte[] parameters = new byte[n];
            long block = 0;
            for (int i = 0; i < n; i++) {
                block += in.zigzag();
                if (block < 0 || block >= blockCount) {
                    throw in.corrupt("filter of block " + block + " of " + blockCount);
                }
                blocks[i] = (int) block;
                units[i] = in.count("filter unit", SkipFilter.MAX_UNIT);
                parameters[i] = (byte) in.u8();
                if (units[i] == 0 || parameters[i] < 0 || parameters[i] > SkipFilter.MAX_PARAMETER) {
                    throw in.corrupt("filter with unit " + units[i] + ", parameter " + parameters[i]);
                }
            }
            long[] offsets = new long[(1 << bits) + 1];
            int[] crcs = new int[1 << bits];
            offsets[0] = offset;
            for (int p = 0; p < crcs.length; p++) {
                offsets[p + 1] = offsets[p] + in.count("partition length", SegmentFormat.MAX_SECTION_LENGTH);
                crcs[p] = in.u32();
            }
            if (offset < SegmentFormat.HEADER_LENGTH || offsets[crcs.length] > limit) {
                throw in.corrupt("filters at " + offset + " outside of the segment");
            }
            groups[g] = new FilterGroup(bits, blocks, units, parameters, offsets, crcs);
        }
        in.expectEnd();
        return groups;
    }

    long weight() {
        return 9L * blocks.length + 12L * crcs.length + 128;
    }

    int partitionOf(int key) {
        return SkipFilter.partitionOf(key, partitionBits);
    }

    int partitions() {
        return crcs.length;
    }

    /** Bytes of a partition. */
    int length(int partition) {
        return (int) (offsets[partition + 1] - offsets[partition]);
    }

    Partition read(SegmentStore store, String key, int partition) throws StoreException {
        byte[] b = store.read(key, offsets[partition], length(partition));
        if (Checksum.of(b) != crcs[partition]) {
            throw new CorruptData(
                    "segment " + key + ": wrong checksum of a filter partition at offset " + offsets[partition]);
        }
        ByteSource in = new ByteSource("segment " + key, b, 0, b.length, offsets[partition]);
        int[] begins = new int[blocks.length];
        int[] ends = new int[blocks.length];
        for (int i = 0; i < blocks.length; i++) {
            int n = in.count("filter length", in.remaining());
            begins[i] = in.position();
            in.skip(n);
            ends[i] = in.position();
        }
        in.expectEnd();
        return new Partition(b, begins, ends);
    }

    /** Takes the group's blocks that cannot hold a key out of a set of blocks. */
    void remove(int key, Partition p, BitSet candidates) {
        for (int i = 0; i < blocks.length; i++) {
            if (candidates.get(blocks[i])
                    && !SkipFilter.mayContain(
                            key, units[i], parameters[i], partitionBits, p.bytes, p.begins[i], p.ends[i])) {
                candidates.clear(blocks[i]);
            }
        }
    }

    /** The blocks that have a filter here. */
    BitSet members() {
        BitSet s = new BitSet();
        for (int b : blocks) {
            s.set(b);
        }
        return s;
    }
}
