/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.block.ByteSource;
import io.skald.core.config.Limits;
import io.skald.core.disk.Disk;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.wire.RecentEntries.Arrival;
import io.skald.core.wire.RecentEntries.Arrived;
import io.skald.core.wire.recent.RecentAnswers;
import io.skald.storage.index.CommitLog;
import io.skald.storage.memory.MemoryIndexStore;
import io.skald.storage.memory.MemorySegmentStore;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the times of lines are that came since a position. */
class ArrivedTest {
    private static final TenantId TENANT = new TenantId("a");

    @SuppressWarnings("NullAway.Init") // set by JUnit
    @TempDir
    Path dir;

    private static EntryBatch batch(String app, long... times) {
        EntryBatch b = new EntryBatch(Labels.of("app", app));
        for (long t : times) {
            byte[] line = ("line " + t).getBytes(StandardCharsets.UTF_8);
            b.add(t, line, 0, line.length, Labels.EMPTY);
        }
        return b;
    }

    @Test
    void tellsWhatCameSinceAPosition() throws Exception {
        IngesterConfig config = FlushedOnRequest.config(dir, 4096, 0);
        try (Ingester i = Ingester.create(
                Disk.REAL,
                config,
                new CommitLog(new MemoryIndexStore()),
                new MemorySegmentStore(),
                t -> Limits.DEFAULTS,
                Clock.systemUTC(),
                new CollectorRegistry(),
                step -> {})) {
            long t = System.currentTimeMillis() * 1_000_000;
            long begin = i.recent().endPosition();
            assertThat(i.recent().arrived(TENANT, begin).arrivals()).isEmpty();
            assertThat(i.push(TENANT, List.of(batch("x", t - 30, t - 10), batch("y", t)))
                            .accepted())
                    .isEqualTo(3);
            Arrived first = i.recent().arrived(TENANT, begin);
            assertThat(first.arrivals())
                    .extracting(
                            a -> a.labels().getOrEmpty("app"), Arrival::minNanos, Arrival::maxNanos, Arrival::entries)
                    .containsExactlyInAnyOrder(
                            org.assertj.core.groups.Tuple.tuple("x", t - 30, t - 10, 2L),
                            org.assertj.core.groups.Tuple.tuple("y", t, t, 1L));
            assertThat(i.recent().arrived(TENANT, first.nextPosition()).arrivals())
                    .isEmpty();
            assertThat(i.recent().arrived(new TenantId("other"), begin).arrivals())
                    .isEmpty();
            // the same over the wire
            byte[] bytes = RecentAnswers.arrived(first).toByteArray();
            assertThat(RecentAnswers.arrived(new ByteSource("arrived", bytes, 0, bytes.length, 0)))
                    .isEqualTo(first);
            for (int cut = 0; cut < bytes.length; cut++) {
                byte[] part = java.util.Arrays.copyOf(bytes, cut);
                assertThatThrownBy(() -> RecentAnswers.arrived(new ByteSource("arrived", part, 0, part.length, 0)))
                        .isInstanceOf(StoreException.CorruptData.class);
            }
            i.flush();
            assertThatThrownBy(() -> i.recent().arrived(TENANT, begin)).isInstanceOf(StoreException.Stale.class);
        }
    }
}
