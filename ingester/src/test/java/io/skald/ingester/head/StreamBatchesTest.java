/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.disk.Disk;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import io.skald.ingester.wal.SyncMode;
import io.skald.ingester.wal.Wal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A flush gets every entry once, in order of arrival, batch after batch in order of time. */
class StreamBatchesTest {
    private static final TenantId TENANT = new TenantId("a");

    @SuppressWarnings("NullAway.Init") // set by JUnit
    @TempDir
    Path dir;

    private record Row(long nanos, String line) {}

    @Test
    void givesEveryEntryInRangeOnce() throws Exception {
        for (int round = 0; round < 20; round++) {
            long seed = System.nanoTime();
            check(seed, round);
        }
    }

    private void check(long seed, int round) throws Exception {
        Random random = new Random(seed);
        Head head = new Head(
                "i",
                Map.of(),
                SeenPushes.open(Disk.REAL, dir.resolve("seen")),
                LineLedger.open(Disk.REAL, dir.resolve("lines")),
                new NoEvents());
        List<Row> rows = new ArrayList<>();
        int jitter = 1 + random.nextInt(200);
        int lineBytes = random.nextBoolean() ? 20_000 : 10;
        try (Wal wal = Wal.open(
                Disk.REAL,
                new Wal.Settings(
                        dir.resolve("wal" + round), 16 << 20, SyncMode.INTERVAL, Duration.ofMinutes(1), () -> 0),
                1,
                0,
                head,
                head)) {
            head.attach(wal);
            for (int push = 0; push < 60; push++) {
                EntryBatch b = new EntryBatch(Labels.of("app", "web"));
                for (int n = 0; n < 12; n++) {
                    // times that repeat within and over pushes, and go back now and then
                    Row row = new Row(
                            push * 10L + random.nextInt(jitter), "push " + push + " row " + n + " ".repeat(lineBytes));
                    byte[] bytes = row.line.getBytes(StandardCharsets.UTF_8);
                    b.add(row.nanos, bytes, 0, bytes.length, Labels.of("row", Integer.toString(n)));
                    rows.add(row);
                }
                wal.append(BatchCodec.encode(TENANT, List.of(b), 8 << 20));
            }
            long from = random.nextInt(100);
            long to = 400L + random.nextInt(500);
            List<Row> given = new ArrayList<>();
            long last = Long.MIN_VALUE;
            try (HeadRange range = head.range(TENANT, 0, Long.MAX_VALUE, List.of())) {
                StreamBatches batches = range.batches(0, from, to, damage -> {
                    throw new AssertionError(damage);
                });
                for (EntryBatch b = batches.next(); b != null; b = batches.next()) {
                    long max = Long.MIN_VALUE;
                    for (int i = 0; i < b.size(); i++) {
                        assertThat(b.timestampNanos(i)).as("seed %d", seed).isGreaterThanOrEqualTo(last);
                        max = Math.max(max, b.timestampNanos(i));
                        given.add(new Row(
                                b.timestampNanos(i),
                                new String(b.buffer(i), b.offset(i), b.length(i), StandardCharsets.UTF_8)));
                    }
                    last = max + 1;
                }
            }
            rows.removeIf(r -> r.nanos < from || r.nanos >= to);
            rows.sort(Comparator.comparingLong(Row::nanos));
            given.sort(Comparator.comparingLong(Row::nanos));
            assertThat(given).as("seed %d", seed).isEqualTo(rows);
        }
    }
}
