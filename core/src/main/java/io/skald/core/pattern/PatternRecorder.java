/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.pattern;

import io.skald.core.block.ByteSink;
import io.skald.core.model.Labels;
import io.skald.core.scan.EntryIdentity;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Mines the lines of one chunk after the other and writes what was found; {@link ChunkPatterns} reads it. Looks at every line, but for new
 * patterns among a part of those that match none only, so that its cost stays small whatever the lines are; the others are counted as of
 * no pattern. Confined to one thread.
 */
public final class PatternRecorder {
    /** Lines that match no pattern are all looked at up to so many bytes per chunk and level, */
    private static final int FREE_BYTES = 128 << 10;

    /** and beyond that one byte in so many. */
    private static final int SHARE = 16;

    /** Of patterns with a single line so many are kept of a chunk, beside one in eight of all. */
    private static final int FREE_SINGLES = 8;

    private final Map<String, PatternMiner> miners = new LinkedHashMap<>();
    private final LineShape shape = new LineShape();
    private @Nullable Labels lastMetadata;
    private @Nullable PatternMiner lastMiner;

    /** Counts a line of the chunk. */
    @SuppressWarnings("ReferenceEquality") // saves work, and equal ones that are not the same only do it again
    public void add(long timestampNanos, byte[] b, int offset, int length, Labels metadata) {
        PatternMiner miner = lastMiner;
        if (miner == null || metadata != lastMetadata) {
            miner = miners.computeIfAbsent(
                    metadata.getOrEmpty(EntryIdentity.DETECTED_LEVEL), k -> new PatternMiner(FREE_BYTES, SHARE));
            lastMiner = miner;
            lastMetadata = metadata;
        }
        miner.add(b, offset, offset + length, Math.floorDiv(timestampNanos, ChunkPatterns.BUCKET_NANOS));
    }

    /** Ends the chunk: appends its patterns, and begins with the next one. */
    public void end(ByteSink out) {
        out.varint(miners.size());
        miners.forEach((level, miner) -> {
            out.string(level);
            encode(miner, out);
        });
        miners.clear();
        lastMiner = null;
        lastMetadata = null;
    }

    private void encode(PatternMiner miner, ByteSink out) {
        StepCounts none = miner.unmatched();
        ByteSink patterns = new ByteSink(1 << 10);
        List<StepCounts> counts = new ArrayList<>();
        List<Cluster> all = miner.clusters();
        int singles = FREE_SINGLES + all.size() / 8;
        for (Cluster c : all.reversed()) {
            if (c.counts.total() == 1 && singles-- <= 0 || !c.encode(patterns, shape)) {
                none.add(c.counts);
            } else {
                counts.add(c.counts);
            }
        }
        out.varint(counts.size());
        out.bytes(patterns.array(), 0, patterns.size());
        counts.forEach(c -> encode(c, out));
        encode(none, out);
    }

    private static void encode(StepCounts c, ByteSink out) {
        out.varint(c.size());
        long last = 0;
        for (int i = 0; i < c.size(); i++) {
            out.zigzag(c.step(i) - last);
            last = c.step(i);
        }
        // apart from each other both compress better
        for (int i = 0; i < c.size(); i++) {
            out.varint(c.count(i));
        }
    }
}
