/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.flush;

import io.skald.core.block.BlockReader;
import io.skald.core.filter.SkipFilter;
import io.skald.core.filter.SkipFilterBuilder;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.core.model.TenantId;
import io.skald.ingester.head.StreamBatches;
import io.skald.storage.segment.RawBlock;
import io.skald.storage.segment.SegmentWriter;
import java.util.HashMap;
import java.util.Map;

/**
 * Puts blocks of native pushes into segments as they are. A filter that an agent made is taken over only if it follows the rules of this version;
 * the first ones of an agent and some of the others are built anew and compared. One that says something else makes lines invisible, so nothing
 * that its agent made is believed from then on, until the process ends. Confined to the flush thread.
 */
final class BlockCopier {
    private static final System.Logger LOG = System.getLogger(BlockCopier.class.getName());
    /** How many filters of an agent are compared before some are believed, */
    private static final int FIRST_COMPARED = 8;
    /** and of those after them, one in so many. */
    private static final int COMPARED_EACH = 100;

    private static final int MAX_AGENTS = 10_000;

    private final Map<Agent, Trust> agents = new HashMap<>();
    private final SkipFilterBuilder builder = new SkipFilterBuilder();

    private record Agent(TenantId tenant, String name) {}

    private static final class Trust {
        private long seen;
        private boolean broken;
    }

    /** A filter was wrong: what was copied to a segment before it must be written again. */
    static final class WrongFilter extends Exception {
        private static final long serialVersionUID = 1;

        WrongFilter(String message) {
            super(message);
        }
    }

    /** Adds a block of a stream to a segment, or its entries if it cannot be taken as it is; false if they cannot be read. */
    boolean add(TenantId tenant, Labels labels, StreamBatches.Block block, SegmentWriter to)
            throws StoreException, WrongFilter {
        RawBlock raw = RawBlock.of(block.reader(), filter(tenant, block.reader()));
        if (raw != null) {
            to.copy(labels, raw);
            return true;
        }
        EntryBatch entries = block.entries();
        if (entries == null) {
            return false;
        }
        to.add(entries);
        return true;
    }

    private SkipFilter filter(TenantId tenant, BlockReader block) throws CorruptData, WrongFilter {
        BlockReader.Filter pushed;
        try {
            pushed = block.filter();
        } catch (CorruptData e) {
            LOG.log(System.Logger.Level.WARNING, "the skip filter of a pushed block is built anew: " + e.getMessage());
            pushed = null;
        }
        if (pushed == null) {
            return block.buildFilter(builder, null);
        }
        if (agents.size() > MAX_AGENTS) {
            agents.clear();
        }
        Trust trust = agents.computeIfAbsent(new Agent(tenant, pushed.builtBy()), a -> new Trust());
        if (trust.broken) {
            return block.buildFilter(builder, null);
        }
        trust.seen++;
        if (trust.seen <= FIRST_COMPARED || trust.seen % COMPARED_EACH == 0) {
            if (!block.buildFilter(builder, pushed.filter()).same(pushed.filter())) {
                trust.broken = true;
                String message = "agent " + pushed.builtBy() + " of tenant " + tenant
                        + " makes wrong skip filters; those of its blocks are built anew from now on";
                LOG.log(System.Logger.Level.ERROR, message);
                throw new WrongFilter(message);
            }
        }
        return pushed.filter();
    }
}
