/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.block.BlockMetadata;
import io.skald.core.block.BlockReader;
import io.skald.core.filter.SkipFilter;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.core.scan.EntryIdentity;
import org.jspecify.annotations.Nullable;

/**
 * A block that somebody else encoded and that a segment takes as it is. Its columns were checked and all of them but the lines and the
 * metadata decoded, so that adding it cannot fail any more. Confined to one thread; uses the bytes of the reader, which must not change.
 */
public final class RawBlock {
    final BlockReader block;
    final SkipFilter filter;
    final long[] times;
    final int[] offsets;
    final BlockMetadata.Values levels;

    private RawBlock(BlockReader block, SkipFilter filter) throws CorruptData {
        this.block = block;
        this.filter = filter;
        block.verify();
        times = block.times(null);
        offsets = block.lineOffsets(null);
        levels = block.metadata(EntryIdentity.DETECTED_LEVEL).values(block.rows());
    }

    private boolean ordered() {
        int rows = block.rows();
        for (int i = 1; i < rows; i++) {
            if (times[i] <= times[i - 1]) {
                return false;
            }
        }
        return times[0] == block.minNanos() && times[rows - 1] == block.maxNanos();
    }

    /**
     * Looks at a block of one stream.
     *
     * @param filter all its keys
     * @return null if not each time is greater than the one before, or the header is not exact: such a block has to be written anew
     * @throws CorruptData if it is damaged
     */
    public static @Nullable RawBlock of(BlockReader block, SkipFilter filter) throws CorruptData {
        RawBlock raw = new RawBlock(block, filter);
        return raw.ordered() ? raw : null;
    }
}
