/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.skald.core.model.StoreException.CorruptData;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ByteSourceTest {
    /** Numbers of all lengths, often many small ones in a row, read at once and one by one, with bytes behind them and without. */
    @Test
    void manyVarintsAreReadAsOneByOne() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 2000; round++) {
            int n = random.nextInt(60);
            int mostBits = 1 + random.nextInt(64);
            int behind = random.nextInt(12);
            ByteSink sink = new ByteSink(16);
            long[] written = new long[n];
            for (int i = 0; i < n; i++) {
                int bits = random.nextInt(3) == 0 ? 1 + random.nextInt(mostBits) : 1 + random.nextInt(7);
                written[i] = random.nextLong() >>> (64 - bits);
                sink.varint(written[i]);
            }
            int length = sink.size();
            for (int i = 0; i < behind; i++) {
                sink.u8(random.nextInt(256));
            }
            byte[] b = sink.toByteArray();
            ByteSource all = new ByteSource("test", b, 0, b.length, 0);
            long[] read = new long[n + 3];
            all.varints(read, 2, n);
            ByteSource each = new ByteSource("test", b, 0, b.length, 0);
            for (int i = 0; i < n; i++) {
                assertThat(read[2 + i])
                        .as("seed %d", seed)
                        .isEqualTo(written[i])
                        .isEqualTo(each.varint());
            }
            assertThat(all.position()).as("seed %d", seed).isEqualTo(length);
            if (n > 0) {
                ByteSource cut = new ByteSource("test", b, 0, random.nextInt(length), 0);
                assertThatThrownBy(() -> cut.varints(read, 2, n))
                        .as("seed %d", seed)
                        .isInstanceOf(CorruptData.class);
            }
        }
    }
}
