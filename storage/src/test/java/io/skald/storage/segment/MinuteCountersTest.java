/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.EntryIdentity;
import io.skald.core.scan.Tally;
import io.skald.storage.memory.MemorySegmentStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class MinuteCountersTest {
    private static final long MINUTE = Tally.MINUTE_NANOS;

    @Test
    void minutesAreOpenAtTheirBeginning() {
        assertThat(Tally.minuteOf(0)).isEqualTo(-1);
        assertThat(Tally.minuteOf(1)).isZero();
        assertThat(Tally.minuteOf(MINUTE)).isZero();
        assertThat(Tally.minuteOf(MINUTE + 1)).isEqualTo(1);
        assertThat(Tally.minuteOf(-MINUTE)).isEqualTo(-2);
    }

    @Test
    void countsAreThoseOfTheEntries() throws StoreException {
        long first = System.nanoTime();
        for (long seed = first; seed < first + 20; seed++) {
            Random r = new Random(seed);
            MemorySegmentStore store = new MemorySegmentStore();
            List<Map<String, long[]>> expected = new ArrayList<>();
            List<EntryBatch> batches = new ArrayList<>();
            SegmentRef ref;
            try (SegmentWriter w = SegmentWriter.create(store, new TenantId("t"), 0)) {
                for (int s = 0; s < 3; s++) {
                    EntryBatch batch = batch(r, s);
                    batches.add(batch);
                    expected.add(count(batch));
                    w.add(batch);
                }
                ref = w.finish();
            }
            List<SegmentReader.Chunk> chunks =
                    new SegmentReaders(store).get(ref).chunks(new LabelSelector(List.of()), 0, Long.MAX_VALUE);
            assertThat(chunks).hasSize(3);
            for (int i = 0; i < 3; i++) {
                MinuteCounters c = Objects.requireNonNull(chunks.get(i).counters());
                Map<String, long[]> found = new TreeMap<>();
                for (int k = 0; k < c.size(); k++) {
                    found.put(c.minute(k) + "/" + c.level(k), new long[] {c.lines(k), c.bytes(k)});
                }
                assertThat(found)
                        .as("seed %d", seed)
                        .hasSize(c.size())
                        .usingRecursiveComparison()
                        .isEqualTo(expected.get(i));
                long from = (r.nextInt(300) + 1) * MINUTE + 1;
                long to = from + (r.nextInt(900) + 1) * MINUTE;
                assertThat(chunks.get(i).size(from, to)).as("seed %d", seed).isEqualTo(size(batches.get(i), from, to));
                SegmentReader.Chunk chunk = chunks.get(i);
                long mid = (from + to) >>> 1;
                long cut = r.nextBoolean() ? Long.MIN_VALUE : mid;
                assertThat(chunk.sizes(new long[] {from, mid, to}, cut))
                        .as("seed %d", seed)
                        .containsExactly(part(chunk, Math.max(from, cut), mid), part(chunk, Math.max(mid, cut), to));
            }
        }
    }

    private static EntryBatch batch(Random r, int stream) {
        EntryBatch batch = new EntryBatch(Labels.of("app", "a" + stream));
        byte[] line = new byte[500];
        for (int n = 1 + r.nextInt(2000); n > 0; n--) {
            // often on the minute; equal entries would collapse, so that lengths differ where times may not
            long t = r.nextInt(1440) * MINUTE + (r.nextBoolean() ? 0 : r.nextInt(1000));
            Labels metadata = switch (r.nextInt(3)) {
                case 0 -> Labels.EMPTY;
                case 1 -> Labels.of(EntryIdentity.DETECTED_LEVEL, "info", "id", "" + n);
                default -> Labels.of(EntryIdentity.DETECTED_LEVEL, "l" + r.nextInt(12), "id", "" + n);
            };
            batch.add(
                    t,
                    line,
                    0,
                    metadata.isEmpty() ? 0 : r.nextInt(500),
                    metadata.isEmpty() ? Labels.of("id", "" + n) : metadata);
        }
        return batch;
    }

    private static Map<String, long[]> count(EntryBatch b) {
        Map<String, long[]> out = new TreeMap<>();
        for (int i = 0; i < b.size(); i++) {
            String key =
                    Tally.minuteOf(b.timestampNanos(i)) + "/" + b.metadata(i).getOrEmpty(EntryIdentity.DETECTED_LEVEL);
            long[] c = out.computeIfAbsent(key, k -> new long[2]);
            c[0]++;
            c[1] += b.length(i);
        }
        return out;
    }

    private static SegmentReader.@Nullable Size part(SegmentReader.Chunk chunk, long from, long to) {
        return chunk.minNanos() < to && chunk.maxNanos() >= from ? chunk.size(from, to) : null;
    }

    private static SegmentReader.Size size(EntryBatch b, long from, long to) {
        long n = 0;
        long bytes = 0;
        for (int i = 0; i < b.size(); i++) {
            if (b.timestampNanos(i) >= from && b.timestampNanos(i) < to) {
                n++;
                bytes += b.length(i);
            }
        }
        return new SegmentReader.Size(n, bytes);
    }
}
