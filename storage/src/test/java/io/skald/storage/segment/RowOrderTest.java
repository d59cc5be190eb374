/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RowOrderTest {
    /** Runs of all lengths, rising and falling, with equal times and equal entries. */
    @Test
    void isThatOfTimeAndArrivalWithoutEqualEntries() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 500; round++) {
            int n = 1 + random.nextInt(60);
            int run = 1 + random.nextInt(20);
            int span = 1 + random.nextInt(100);
            EntryBatch batch = new EntryBatch(Labels.of("app", "web"));
            long time = 0;
            for (int i = 0; i < n; i++) {
                time = i % run == 0 ? random.nextInt(span) : time + random.nextInt(3);
                batch.add(time, new byte[] {(byte) ('a' + random.nextInt(3))}, 0, 1, Labels.EMPTY);
            }
            List<Integer> expected = new ArrayList<>();
            Set<List<Long>> seen = new HashSet<>();
            IntStream.range(0, n)
                    .boxed()
                    .sorted(Comparator.comparingLong(batch::timestampNanos))
                    .filter(i -> seen.add(List.of(batch.timestampNanos(i), (long) batch.buffer(i)[0])))
                    .forEach(expected::add);
            assertThat(RowOrder.of(batch))
                    .as("seed %d round %d", seed, round)
                    .containsExactly(
                            expected.stream().mapToInt(Integer::intValue).toArray());
        }
    }
}
