/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import io.skald.core.block.BlockMetadata;
import io.skald.core.block.BlockReader;
import io.skald.core.block.BlockWriter;
import io.skald.core.block.ByteSink;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.core.wire.BlockPush;
import io.skald.ingester.head.EncodedBlocks;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes what goes into the WAL of the blocks of a native push. Of a block that keeps to the limits only times and lengths are decoded, and
 * its bytes are taken as they are; another one is decoded, loses what must go, and is encoded anew. Confined to one thread, for one push.
 */
public final class BlockPreparer {
    /** Most bytes that reading a block may take: what an agent cuts at, with much to spare. */
    static final long MAX_RAW_BYTES = 16 << 20;

    private final Validator validator;
    private final List<EncodedBlocks.Block> good = new ArrayList<>();
    private long[] times = new long[0];
    private int[] offsets = new int[0];
    private long entries;
    private long lineBytes;

    public BlockPreparer(Validator validator) {
        this.validator = validator;
    }

    /** Entries that will be stored. */
    public long entries() {
        return entries;
    }

    /** Bytes of their lines. */
    public long lineBytes() {
        return lineBytes;
    }

    /**
     * Looks at the blocks.
     *
     * @return what is to be stored
     * @throws RequestException if one of them is no block, or too large: nothing of the push can be stored then
     */
    public List<EncodedBlocks.Block> prepare(List<BlockPush.Block> blocks) {
        long rows = 0;
        long bytes = 0;
        List<BlockReader> readers = new ArrayList<>(blocks.size());
        for (int i = 0; i < blocks.size(); i++) {
            BlockPush.Block b = blocks.get(i);
            BlockReader reader = open(b, i);
            readers.add(reader);
            rows += reader.rows();
            bytes += reader.lineBytes();
        }
        if (blocks.isEmpty() || !validator.allowed(blocks.getFirst().labels(), rows, bytes)) {
            return good;
        }
        for (int i = 0; i < blocks.size(); i++) {
            try {
                block(blocks.get(i), readers.get(i));
            } catch (CorruptData e) {
                throw bad(i, e);
            }
        }
        return good;
    }

    private static RequestException bad(int i, CorruptData e) {
        return new RequestException(ErrorCode.BAD_REQUEST, "block " + i + " of the push: " + e.getMessage(), e);
    }

    private static BlockReader open(BlockPush.Block b, int i) {
        try {
            BlockReader r = BlockReader.open("block", b.bytes(), b.offset(), b.length(), 0);
            if (r.blockLength() != b.length()) {
                throw new CorruptData("block of " + r.blockLength() + " bytes in " + b.length());
            }
            if (r.rawBytes() > MAX_RAW_BYTES) {
                throw new RequestException(
                        ErrorCode.PAYLOAD_TOO_LARGE,
                        "block " + i + " of the push has " + r.rawBytes() + " bytes decompressed, the most is "
                                + MAX_RAW_BYTES);
            }
            return r;
        } catch (CorruptData e) {
            throw bad(i, e);
        }
    }

    private void block(BlockPush.Block b, BlockReader r) throws CorruptData {
        Labels kept = validator.stream(b.labels(), r.rows(), r.lineBytes());
        if (kept == null) {
            return;
        }
        times = r.times(times);
        offsets = r.lineOffsets(offsets);
        int rows = r.rows();
        boolean increasing = increasing(times, rows);
        long min = times[0];
        long max = times[rows - 1];
        if (!increasing) {
            for (int i = 0; i < rows; i++) {
                min = Math.min(min, times[i]);
                max = Math.max(max, times[i]);
            }
        }
        int longest = longest(offsets, rows);
        if (validator.asItIs(b.labels(), kept, min, max, longest)) {
            add(new EncodedBlocks.Block(
                    kept, b.bytes(), b.offset(), b.length(), r.rows(), r.lineBytes(), increasing, min, max));
        } else {
            anew(b.labels(), kept, r);
        }
    }

    private static boolean increasing(long[] times, int rows) {
        for (int i = 1; i < rows; i++) {
            if (times[i] <= times[i - 1]) {
                return false;
            }
        }
        return true;
    }

    private static int longest(int[] offsets, int rows) {
        int longest = 0;
        for (int i = 0; i < rows; i++) {
            longest = Math.max(longest, offsets[i + 1] - offsets[i]);
        }
        return longest;
    }

    private void add(EncodedBlocks.Block block) {
        good.add(block);
        entries += block.count();
        lineBytes += block.lineBytes();
    }

    private void anew(Labels pushed, Labels kept, BlockReader r) throws CorruptData {
        byte[] lines = r.lines(null);
        BlockMetadata metadata = r.metadata();
        EntryBatch all = new EntryBatch(pushed, r.rows());
        for (int i = 0; i < r.rows(); i++) {
            all.add(times[i], lines, offsets[i], offsets[i + 1] - offsets[i], metadata.row(i));
        }
        EntryBatch allowed = validator.entries(all, kept);
        if (allowed.size() == 0) {
            return;
        }
        BlockWriter writer = new BlockWriter();
        boolean increasing = true;
        for (int i = 0; i < allowed.size(); i++) {
            long t = allowed.timestampNanos(i);
            increasing &= i == 0 || t > allowed.timestampNanos(i - 1);
            writer.add(t, allowed.buffer(i), allowed.offset(i), allowed.length(i), allowed.metadata(i));
        }
        ByteSink out = new ByteSink(1 << 16);
        BlockWriter.Summary s = writer.finish(out);
        add(new EncodedBlocks.Block(
                kept, out.array(), 0, s.length(), s.rows(), s.lineBytes(), increasing, s.minNanos(), s.maxNanos()));
    }
}
