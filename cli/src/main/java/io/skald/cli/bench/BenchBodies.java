/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.bench;

import io.skald.core.block.BlockFormat;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.wire.BlockEncoder;
import io.skald.core.wire.BlockPush;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The bodies of pushes of a corpus, in order. Confined to one thread. */
abstract class BenchBodies {
    /** Where they are sent. */
    abstract String path();

    abstract String contentType();

    /** The bodies that a batch completes. */
    abstract List<byte[]> add(List<BenchCorpus.Stream> batch) throws IOException;

    /** What is left at the end. */
    abstract List<byte[]> finish();

    /** As clients of Loki push: protobuf, compressed with Snappy, about 1 MB of lines of all streams. */
    static final class Loki extends BenchBodies {
        @Override
        String path() {
            return "/loki/api/v1/push";
        }

        @Override
        String contentType() {
            return "application/x-protobuf";
        }

        @Override
        List<byte[]> add(List<BenchCorpus.Stream> batch) throws IOException {
            return List.of(BenchTarget.body(batch));
        }

        @Override
        List<byte[]> finish() {
            return List.of();
        }
    }

    /** As the agent pushes: blocks with levels and skip filters, encoded here; a few full blocks each. */
    static final class Native extends BenchBodies {
        private static final int LEVEL_JSON_DEPTH = 2;
        private static final int BLOCKS_PER_PUSH = 4;

        private final String agent = "bench";
        private final long epoch = System.currentTimeMillis();
        private final BlockEncoder encoder = new BlockEncoder(LEVEL_JSON_DEPTH, agent);
        private final Map<Labels, EntryBatch> gathered = new HashMap<>();
        private final List<BlockPush.Block> blocks = new ArrayList<>();
        private long sequence;

        @Override
        String path() {
            return BlockPush.PATH;
        }

        @Override
        String contentType() {
            return BlockPush.CONTENT_TYPE;
        }

        @Override
        List<byte[]> add(List<BenchCorpus.Stream> batch) {
            for (BenchCorpus.Stream s : batch) {
                EntryBatch all = gathered.computeIfAbsent(s.labels(), EntryBatch::new);
                for (int i = 0; i < s.lines().length; i++) {
                    all.add(s.timestampNanos()[i], s.lines()[i], 0, s.lines()[i].length, Labels.EMPTY);
                }
                if (all.lineBytes() >= BlockFormat.TARGET_RAW_BYTES) {
                    gathered.remove(s.labels());
                    blocks.addAll(encoder.encode(List.of(all)));
                }
            }
            return bodies(BLOCKS_PER_PUSH);
        }

        @Override
        List<byte[]> finish() {
            gathered.values().forEach(b -> blocks.addAll(encoder.encode(List.of(b))));
            gathered.clear();
            return bodies(1);
        }

        private List<byte[]> bodies(int atLeast) {
            List<byte[]> bodies = new ArrayList<>();
            while (blocks.size() >= atLeast) {
                List<BlockPush.Block> some = blocks.subList(0, Math.min(blocks.size(), BLOCKS_PER_PUSH));
                bodies.add(BlockPush.encode(agent, epoch, ++sequence, some));
                some.clear();
            }
            return bodies;
        }
    }
}
