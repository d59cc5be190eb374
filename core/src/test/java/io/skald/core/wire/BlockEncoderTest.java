/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.block.BlockFormat;
import io.skald.core.block.BlockReader;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BlockEncoderTest {
    @Test
    void blocksOfABatchAreOfOneSize() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        BlockEncoder encoder = new BlockEncoder(2);
        for (int kib : new int[] {1, 255, 257, 270, 383, 385, 511, 700, 1100}) {
            EntryBatch batch = new EntryBatch(Labels.of("app", "a"));
            while (batch.lineBytes() < kib << 10) {
                byte[] line = new byte[random.nextInt(400)];
                batch.add(batch.size(), line, 0, line.length, Labels.EMPTY);
            }
            List<BlockPush.Block> blocks = encoder.encode(List.of(batch));
            int rows = 0;
            for (BlockPush.Block b : blocks) {
                BlockReader r = BlockReader.open("block", b.bytes(), b.offset(), b.length(), 0);
                rows += r.rows();
                assertThat(r.lineBytes())
                        .as("seed %d, %d KiB", seed, kib)
                        .isBetween((kib << 10) / blocks.size() - 2000, BlockFormat.TARGET_RAW_BYTES * 3 / 2 + 1000);
            }
            assertThat(rows).isEqualTo(batch.size());
            assertThat(blocks).as("seed %d, %d KiB", seed, kib).hasSize(Math.max(1, Math.round(kib / 256f)));
        }
    }
}
