/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.block.BlockWriter;
import io.skald.core.block.ByteSink;
import io.skald.core.block.Checksum;
import io.skald.core.filter.SkipFilter;
import io.skald.core.filter.SkipFilterBuilder;
import io.skald.core.model.StoreException;
import io.skald.storage.SegmentStore;
import java.util.ArrayList;
import java.util.List;

/**
 * The skip filters of a segment while it is written. Those of several blocks make a group, cut into partitions by the upper bits of the
 * keys: partition after partition, in each the blocks in the order in which they were written. Confined to one thread.
 */
final class FilterWriter {
    private record Member(int block, SkipFilter filter) {}

    /** What the directory says of a filter. */
    private record Written(int block, int unit, int parameter) {}

    private record Group(long offset, int partitionBits, List<Written> members, int[] lengths, int[] crcs) {}

    private final SkipFilterBuilder builder;
    private final List<Group> groups = new ArrayList<>();
    private List<Member> pending = new ArrayList<>();
    private long pendingBytes;

    /** @param builder makes the filters of blocks that bring none along */
    FilterWriter(SkipFilterBuilder builder) {
        this.builder = builder;
    }

    /** Makes the filter of a block that is about to be written. */
    void add(int block, BlockWriter writer) {
        writer.addTo(builder);
        add(block, builder.finish());
    }

    /** Takes the filter of a block that is about to be written. */
    void add(int block, SkipFilter filter) {
        pending.add(new Member(block, filter));
        pendingBytes += filter.codedLength();
    }

    /** Whether the group should be written: what it takes on the heap is bounded. */
    boolean full() {
        return pendingBytes >= SegmentFormat.FILTER_GROUP_BYTES;
    }

    /** Writes the group, if there is one. */
    void write(SegmentStore.Output out) throws StoreException {
        if (pending.isEmpty()) {
            return;
        }
        int bits = 0;
        while (bits < SegmentFormat.MAX_PARTITION_BITS
                && pendingBytes >> (bits + 1) >= SegmentFormat.MIN_PARTITION_BYTES) {
            bits++;
        }
        ByteSink[] partitions = new ByteSink[1 << bits];
        for (int p = 0; p < partitions.length; p++) {
            partitions[p] = new ByteSink((int) ((pendingBytes * 9 / 8) >> bits) + 64);
        }
        for (Member m : pending) {
            m.filter.partition(bits, partitions);
        }
        long offset = out.position();
        int[] lengths = new int[partitions.length];
        int[] crcs = new int[partitions.length];
        for (int p = 0; p < partitions.length; p++) {
            lengths[p] = partitions[p].size();
            crcs[p] = Checksum.of(partitions[p].array(), 0, lengths[p]);
            out.write(partitions[p].array(), 0, lengths[p]);
        }
        List<Written> members = new ArrayList<>(pending.size());
        for (Member m : pending) {
            members.add(new Written(m.block, m.filter.unit(), m.filter.parameter()));
        }
        groups.add(new Group(offset, bits, members, lengths, crcs));
        pending = new ArrayList<>();
        pendingBytes = 0;
    }

    void encode(ByteSink out) {
        out.varint(groups.size());
        for (Group g : groups) {
            out.varint(g.offset);
            out.u8(g.partitionBits);
            out.varint(g.members.size());
            int previous = 0;
            for (Written m : g.members) {
                out.zigzag(m.block - previous);
                out.varint(m.unit);
                out.u8(m.parameter);
                previous = m.block;
            }
            for (int p = 0; p < g.lengths.length; p++) {
                out.varint(g.lengths[p]);
                out.u32(g.crcs[p]);
            }
        }
    }
}
