/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import io.skald.storage.SegmentStore;
import io.skald.storage.memory.MemorySegmentStore;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Flips every byte of a small segment: what is read is right, or missing with a message that names object and offset. */
class SegmentCorruptionTest {
    private static EntryBatch batch(String app, int entries) {
        EntryBatch b = new EntryBatch(Labels.of("app", app));
        for (int i = 0; i < entries; i++) {
            byte[] line = (app + " line " + i).getBytes(StandardCharsets.UTF_8);
            b.add(1000 + i * 7, line, 0, line.length, i % 3 == 0 ? Labels.EMPTY : Labels.of("k", "v" + i, "l", "x"));
        }
        return b;
    }

    private static List<String> read(SegmentStore store, SegmentRef ref, List<String> problems) throws StoreException {
        List<String> found = new ArrayList<>();
        ScanRequest request =
                new ScanRequest(List.of(), 0, 1_000_000, Direction.FORWARD, ScanRequest.Columns.ALL, List.of());
        SegmentScan scan = new SegmentScan(request, new ScanStats(), problems::add);
        SegmentReader reader;
        try {
            reader = new SegmentReaders(store).get(ref);
        } catch (StoreException.CorruptData e) {
            problems.add(e.getMessage());
            return found;
        }
        for (SegmentReader.Chunk c : reader.chunks(new LabelSelector(List.of()), 0, 1_000_000)) {
            try (EntryCursor cursor = c.scan(scan).open()) {
                while (cursor.next()) {
                    found.add(c.labels() + " " + cursor.timestampNanos() + " "
                            + new String(cursor.buffer(), cursor.offset(), cursor.length(), StandardCharsets.UTF_8)
                            + cursor.metadata());
                }
            }
        }
        return found;
    }

    @Test
    void everyFlippedByteIsFoundOrHarmless() throws StoreException {
        MemorySegmentStore store = new MemorySegmentStore();
        SegmentRef ref;
        try (SegmentWriter w = SegmentWriter.create(store, new TenantId("t"), 0)) {
            w.add(batch("a", 10));
            w.add(batch("b", 20));
            ref = w.finish();
        }
        List<String> right = read(store, ref, new ArrayList<>());
        assertThat(right).hasSize(30);
        byte[] good = store.read(ref.key(), 0, (int) ref.sizeBytes());
        for (int i = 0; i < good.length; i++) {
            byte[] bad = good.clone();
            bad[i] ^= (byte) (i % 2 == 0 ? 0xff : 1);
            MemorySegmentStore broken = new MemorySegmentStore();
            try (SegmentStore.Output out = broken.create(ref.key())) {
                out.write(bad, 0, bad.length);
                out.commit();
            }
            List<String> problems = new ArrayList<>();
            List<String> found = read(broken, ref, problems);
            assertThat(right).as("byte %d", i).containsAll(found);
            if (found.size() < right.size()) {
                assertThat(problems).as("byte %d", i).isNotEmpty();
            }
            assertThat(problems).allMatch(p -> p.contains(ref.key()) && p.contains("offset"));
        }
    }
}
