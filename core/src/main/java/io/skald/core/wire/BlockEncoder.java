/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.wire;

import io.skald.core.block.BlockFormat;
import io.skald.core.block.BlockWriter;
import io.skald.core.block.ByteSink;
import io.skald.core.filter.SkipFilterBuilder;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Encodes entries at the edge into the blocks of a native push. What an ingester would find out of a Loki push, the level of each line, is
 * found out here, as an ingester does not look into the lines of a block. Confined to one thread; keeps its buffers.
 */
public final class BlockEncoder {
    /** A block is full at the latest when it is twice as large as it should be: it may have half as many lines again, and their metadata. */
    private static final int MOST_RAW_BYTES = 2 * BlockFormat.TARGET_RAW_BYTES;

    private final BlockWriter writer = new BlockWriter(MOST_RAW_BYTES);
    private final ByteSink out = new ByteSink(1 << 16);
    private final int jsonDepth;
    private final SkipFilterBuilder filter = new SkipFilterBuilder();
    private final @Nullable String agent;

    /** The metadata that was merged last, and what came of it for each level. */
    private Labels merged = Labels.EMPTY;

    private boolean levelOfLine;
    private final Map<String, Labels> byLevel = new HashMap<>();

    /** @param jsonDepth how deep in a line of JSON a level is looked for; negative to look for none */
    public BlockEncoder(int jsonDepth) {
        this(jsonDepth, null);
    }

    /**
     * @param jsonDepth how deep in a line of JSON a level is looked for; negative to look for none
     * @param agent who encodes: large blocks then bring their skip filter along, and an ingester stores them without looking into their lines;
     *     null for blocks without filters
     */
    public BlockEncoder(int jsonDepth, @Nullable String agent) {
        this.jsonDepth = jsonDepth;
        this.agent = agent;
    }

    /**
     * Encodes batches, each into as many blocks of about the same size as it needs: full ones would leave a rest, and an ingester takes small blocks apart to
     * put them together.
     *
     * @return blocks with arrays of their own
     */
    public List<BlockPush.Block> encode(List<EntryBatch> batches) {
        List<BlockPush.Block> blocks = new ArrayList<>();
        for (EntryBatch b : batches) {
            String ofStream = jsonDepth < 0 ? null : LevelDetector.named(b.labels());
            long each =
                    b.lineBytes() / Math.max(1, Math.round((double) b.lineBytes() / BlockFormat.TARGET_RAW_BYTES)) + 1;
            for (int i = 0; i < b.size(); i++) {
                if (writer.full() || writer.lineBytes() >= each) {
                    finish(b.labels(), blocks);
                }
                Labels metadata = jsonDepth < 0 ? b.metadata(i) : withLevel(ofStream, b, i);
                writer.add(b.timestampNanos(i), b.buffer(i), b.offset(i), b.length(i), metadata);
            }
            if (!writer.isEmpty()) {
                finish(b.labels(), blocks);
            }
        }
        return blocks;
    }

    /** Entries of one file share their metadata, so that it is merged once for each level and not for each line. */
    @SuppressWarnings("ReferenceEquality") // of the same file it is the same object
    private Labels withLevel(@Nullable String ofStream, EntryBatch b, int i) {
        Labels metadata = b.metadata(i);
        if (metadata.isEmpty() || ofStream != null) {
            return LevelDetector.withLevel(ofStream, metadata, b.buffer(i), b.offset(i), b.length(i), jsonDepth);
        }
        if (metadata != merged) {
            merged = metadata;
            byLevel.clear();
            levelOfLine = LevelDetector.dependsOnLine(metadata);
        }
        String level = levelOfLine ? LevelDetector.ofLine(b.buffer(i), b.offset(i), b.length(i), jsonDepth) : "";
        Labels with = byLevel.get(level);
        if (with == null) {
            with = LevelDetector.withLevel(null, metadata, b.buffer(i), b.offset(i), b.length(i), jsonDepth);
            byLevel.put(level, with);
        }
        return with;
    }

    private void finish(Labels labels, List<BlockPush.Block> to) {
        out.reset();
        int length = (agent == null ? writer.finish(out) : writer.finish(out, filter, agent)).length();
        to.add(new BlockPush.Block(labels, out.toByteArray(), 0, length));
    }
}
