/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.disk.Disk;
import io.skald.ingester.wal.PendingRecord;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A cut takes the count of exactly the bytes below it. */
class HeadCutTest {
    @Test
    void countsOnlyWhatIsBelowThePosition() throws Exception {
        Head head = new Head(
                "i",
                Map.of(),
                SeenPushes.open(Disk.REAL, Path.of("no-file-of-seen-pushes")),
                LineLedger.open(Disk.REAL, Path.of("no-file-of-lines")),
                new NoEvents());
        PendingRecord record = new PendingRecord((byte) 1, new byte[8], 8);
        int records = 200_000;
        CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> {
            for (int n = 1; n <= records; n++) {
                // positions that count the bytes, so that each cut can be checked by itself
                head.durable(List.of(record), 8L * n);
            }
        });
        long counted = 0;
        long position = 0;
        while (position < 8L * records) {
            Head.Cut cut = head.cut();
            counted += cut.bytes();
            position = cut.position();
            assertThat(counted).isEqualTo(position);
        }
        writer.get(10, TimeUnit.SECONDS);
    }
}
