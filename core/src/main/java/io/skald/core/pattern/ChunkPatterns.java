/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.pattern;

import io.skald.core.block.ByteSource;
import io.skald.core.model.StoreException.CorruptData;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.LongPredicate;

/**
 * The patterns of a chunk as {@link PatternRecorder} wrote them: by level, with the number of lines in each bucket of time. The counts of
 * all patterns together with those of none are the lines of the chunk. Immutable.
 */
public final class ChunkPatterns {
    /** Length of a bucket; buckets begin at multiples of it since 1970. */
    public static final long BUCKET_NANOS = Duration.ofSeconds(10).toNanos();

    private static final int MAX_LEVELS = 1 << 16;
    private static final int MAX_LEVEL_LENGTH = 1 << 20;

    private final String object;
    private final byte[] bytes;
    private final int offset;
    private final int length;

    /**
     * @param object where the bytes are from, for messages
     * @param bytes not copied
     */
    public ChunkPatterns(String object, byte[] bytes, int offset, int length) {
        this.object = object;
        this.bytes = bytes;
        this.offset = offset;
        this.length = length;
    }

    /** What was read of a level. */
    private record Level(String name, Cluster[] patterns, StepCounts none) {}

    /**
     * Adds the patterns to those of others, bucket by bucket; a bucket counts in the step in which it begins.
     *
     * @param miners gives the miner for lines of a {@code detected_level}, which is empty for those without one
     * @param wanted tells by its number whether a bucket is to be added
     * @param stepNanos length of the steps, which begin at its multiples
     * @throws CorruptData if they are not readable; nothing was added then
     */
    public void addTo(Function<String, PatternMiner> miners, LongPredicate wanted, long stepNanos) throws CorruptData {
        for (Level level : read(wanted, stepNanos)) {
            PatternMiner miner = miners.apply(level.name);
            for (Cluster c : level.patterns) {
                if (c.counts.total() > 0) {
                    miner.absorb(c);
                }
            }
            miner.absorb(level.none);
        }
    }

    /**
     * Checks that they can be read.
     *
     * @return lines counted
     */
    public long verify() throws CorruptData {
        long lines = 0;
        for (Level level : read(b -> true, BUCKET_NANOS)) {
            lines += level.none.total();
            for (Cluster c : level.patterns) {
                lines += c.counts.total();
            }
        }
        return lines;
    }

    private List<Level> read(LongPredicate wanted, long stepNanos) throws CorruptData {
        ByteSource in = new ByteSource(object, bytes, offset, length, offset);
        LineShape shape = new LineShape();
        List<Level> levels = new ArrayList<>();
        for (int n = in.count("levels", MAX_LEVELS); n > 0; n--) {
            String name = in.string("level", MAX_LEVEL_LENGTH);
            Cluster[] patterns = new Cluster[in.count("patterns", PatternMiner.MAX_CLUSTERS)];
            for (int i = 0; i < patterns.length; i++) {
                patterns[i] = Cluster.decode(in, shape);
            }
            for (Cluster c : patterns) {
                counts(in, c.counts, wanted, stepNanos);
            }
            StepCounts none = new StepCounts();
            counts(in, none, wanted, stepNanos);
            levels.add(new Level(name, patterns, none));
        }
        in.expectEnd();
        return levels;
    }

    private static void counts(ByteSource in, StepCounts to, LongPredicate wanted, long stepNanos) throws CorruptData {
        long[] buckets = new long[in.count("buckets", in.remaining() / 2)];
        long last = 0;
        for (int i = 0; i < buckets.length; i++) {
            last += in.zigzag();
            buckets[i] = last;
        }
        for (long bucket : buckets) {
            long count = in.varint();
            if (count <= 0) {
                throw in.corrupt("count " + count);
            }
            if (wanted.test(bucket)) {
                to.add(Math.floorDiv(bucket * BUCKET_NANOS, stepNanos), count);
            }
        }
    }
}
