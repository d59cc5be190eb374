/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.filter.SkipKeys;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.scan.Requirement;
import io.skald.core.scan.ScanStats;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which blocks of one segment a query can leave unread, by their skip filters. The filters are read when the first block is asked for.
 * Thread-safe.
 */
final class BlockPruner {
    private static final System.Logger LOG = System.getLogger(BlockPruner.class.getName());

    /** A requirement with the blocks that may fulfil each of its terms; null stands for all blocks. */
    private record Clause(Requirement requirement, List<@Nullable BitSet> blocks) {
        boolean mayHold(int block, Labels stream) {
            for (int i = 0; i < blocks.size(); i++) {
                BitSet b = blocks.get(i);
                if (b == null
                        || b.get(block)
                        || requirement.anyOf().get(i) instanceof Requirement.Metadata m && stream.has(m.name())) {
                    return true;
                }
            }
            return false;
        }

        /** Whether it says the same for all streams. */
        boolean ofAllStreams() {
            return requirement.anyOf().stream().allMatch(t -> t instanceof Requirement.Text);
        }
    }

    private final SegmentReader segment;
    private final List<Requirement> requirements;
    private final ScanStats stats;
    private @Nullable List<Clause> clauses;

    BlockPruner(SegmentReader segment, List<Requirement> requirements, ScanStats stats) {
        this.segment = segment;
        this.requirements = requirements;
        this.stats = stats;
    }

    /** False if no entry of a stream that lies in a block fulfils all requirements. */
    boolean mayHold(int block, Labels stream) {
        for (Clause c : clauses()) {
            if (!c.mayHold(block, stream)) {
                return false;
            }
        }
        return true;
    }

    private synchronized List<Clause> clauses() {
        List<Clause> found = clauses;
        if (found == null) {
            found = new ArrayList<>();
            BitSet live = new BitSet();
            live.set(0, segment.blocks());
            for (Requirement r : requirements) {
                Clause c = clause(r, live);
                if (c.blocks.stream().noneMatch(b -> b == null)) {
                    found.add(c);
                    if (c.ofAllStreams()) {
                        BitSet union = new BitSet();
                        c.blocks.forEach(b -> union.or(b == null ? new BitSet() : b));
                        live.and(union);
                    }
                }
            }
            clauses = found;
        }
        return found;
    }

    private Clause clause(Requirement r, BitSet live) {
        List<@Nullable BitSet> blocks = new ArrayList<>();
        for (Requirement.Term t : r.anyOf()) {
            int[] keys = switch (t) {
                case Requirement.Text x -> SkipKeys.ofText(x.bytes(), x.ignoreCase());
                case Requirement.Metadata m -> new int[] {SkipKeys.ofMetadata(m.name(), m.value())};
            };
            if (keys.length == 0) {
                // nothing can be said of this term, so nothing of the whole: no need to read filters for the others
                return new Clause(r, java.util.Collections.singletonList(null));
            }
            blocks.add(null);
        }
        for (int i = 0; i < blocks.size(); i++) {
            int[] keys = switch (r.anyOf().get(i)) {
                case Requirement.Text x -> SkipKeys.ofText(x.bytes(), x.ignoreCase());
                case Requirement.Metadata m -> new int[] {SkipKeys.ofMetadata(m.name(), m.value())};
            };
            BitSet candidates = (BitSet) live.clone();
            FilterGroup[] groups = segment.filters();
            for (int g = 0; g < groups.length; g++) {
                probe(g, groups[g], keys, candidates);
            }
            blocks.set(i, candidates);
        }
        return new Clause(r, blocks);
    }

    /** Takes out of a set the blocks of a group that lack one of the keys. */
    private void probe(int number, FilterGroup group, int[] keys, BitSet candidates) {
        BitSet members = group.members();
        members.and(candidates);
        for (int key : keys) {
            int partition = group.partitionOf(key);
            // reading another partition must promise to save more than it costs
            if (bytes(members) <= group.length(partition)) {
                return;
            }
            try {
                FilterGroup.Partition p = segment.filterPartition(number, partition, stats);
                group.remove(key, p, candidates);
            } catch (StoreException e) {
                // costs time and no entries: the blocks are read instead
                LOG.log(System.Logger.Level.WARNING, "skip filters are not used: " + e.getMessage());
                return;
            }
            members.and(candidates);
        }
    }

    private long bytes(BitSet blocks) {
        long n = 0;
        for (int b = blocks.nextSetBit(0); b >= 0; b = blocks.nextSetBit(b + 1)) {
            n += segment.block(b).length();
        }
        return n;
    }
}
