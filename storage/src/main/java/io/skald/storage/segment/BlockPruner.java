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

    /** A requirement with the blocks that may fulfil each of its terms. */
    private record Clause(Requirement requirement, List<BitSet> blocks) {
        boolean mayHold(int block, Labels stream) {
            for (int i = 0; i < blocks.size(); i++) {
                if (blocks.get(i).get(block)
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
                if (c != null) {
                    found.add(c);
                    if (c.ofAllStreams()) {
                        BitSet union = new BitSet();
                        c.blocks.forEach(union::or);
                        live.and(union);
                    }
                }
            }
            clauses = found;
        }
        return found;
    }

    /** Null for a requirement that rules no block out. */
    private @Nullable Clause clause(Requirement r, BitSet live) {
        List<int[]> keysOfTerms = r.anyOf().stream().map(BlockPruner::keys).toList();
        if (keysOfTerms.stream().anyMatch(k -> k.length == 0)) {
            // nothing can be said of one term, so nothing of the whole: no need to read filters for the others
            return null;
        }
        List<BitSet> blocks = new ArrayList<>();
        for (int[] keys : keysOfTerms) {
            BitSet candidates = (BitSet) live.clone();
            FilterGroup[] groups = segment.filters();
            for (int g = 0; g < groups.length; g++) {
                probe(g, groups[g], keys, candidates);
            }
            blocks.add(candidates);
        }
        return new Clause(r, blocks);
    }

    private static int[] keys(Requirement.Term term) {
        return switch (term) {
            case Requirement.Text x -> SkipKeys.ofText(x.bytes(), x.ignoreCase());
            case Requirement.Metadata m -> new int[] {SkipKeys.ofMetadata(m.name(), m.value())};
        };
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
