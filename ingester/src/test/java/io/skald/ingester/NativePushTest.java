/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.SkaldConfig;
import io.skald.core.disk.Disk;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.core.model.TenantId;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.StreamScan;
import io.skald.core.wire.BlockEncoder;
import io.skald.core.wire.BlockPush;
import io.skald.ingester.push.NativeApi.Stored;
import io.skald.storage.index.CommitLog;
import io.skald.storage.memory.MemoryIndexStore;
import io.skald.storage.memory.MemorySegmentStore;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Blocks that agents encoded: read as they came, stored once, and never trusted. */
class NativePushTest {
    private static final TenantId TENANT = new TenantId("a");
    private static final int SEGMENT_BYTES = 64 << 10;

    @SuppressWarnings("NullAway.Init") // set by JUnit
    @TempDir
    Path dir;

    private final MemoryIndexStore index = new MemoryIndexStore();
    private final MemorySegmentStore segments = new MemorySegmentStore();
    private String limits = "";

    private Ingester open() throws Exception {
        IngesterConfig config = FlushedOnRequest.config(dir, SEGMENT_BYTES, 0);
        return Ingester.create(
                Disk.REAL,
                config,
                new CommitLog(index),
                segments,
                SkaldConfig.parse("limits: {" + limits + "}", "test").tenantLimits(),
                Clock.systemUTC(),
                new CollectorRegistry(),
                step -> {});
    }

    private static long now() {
        return System.currentTimeMillis() * 1_000_000;
    }

    private static EntryBatch batch(String app, long nanos, String... lines) {
        EntryBatch b = new EntryBatch(Labels.of("app", app));
        for (int i = 0; i < lines.length; i++) {
            byte[] line = lines[i].getBytes(StandardCharsets.UTF_8);
            b.add(nanos + i, line, 0, line.length, Labels.of("n", Integer.toString(i)));
        }
        return b;
    }

    private static byte[] body(long epoch, long sequence, EntryBatch... batches) {
        return BlockPush.encode("node-1", epoch, sequence, new BlockEncoder(2).encode(List.of(batches)));
    }

    private static Stored push(Ingester i, byte[] body) throws Exception {
        return i.push(TENANT, BlockPush.decode(body, body.length));
    }

    private List<String> recent(Ingester i) throws StoreException {
        List<String> lines = new ArrayList<>();
        long fence = new CommitLog(index).read(TENANT).fence("i");
        ScanRequest all =
                new ScanRequest(List.of(), 0, Long.MAX_VALUE, Direction.FORWARD, ScanRequest.Columns.ALL, List.of());
        try (Scan scan = i.recent().open(TENANT, fence, all)) {
            for (StreamScan s : scan.streams()) {
                try (EntryCursor c = s.open()) {
                    while (c.next()) {
                        lines.add(s.labels().get("app") + " " + c.metadata() + " "
                                + new String(c.buffer(), c.offset(), c.length(), StandardCharsets.UTF_8));
                    }
                }
            }
        }
        return lines;
    }

    @Test
    void servesWhatABlockHolds() throws Exception {
        try (Ingester i = open()) {
            long t = now();
            Stored s = push(i, body(1, 1, batch("x", t, "level=warn one", "two"), batch("y", t, "three")));
            assertThat(s.result().accepted()).isEqualTo(3);
            assertThat(recent(i))
                    .containsExactly(
                            "x {detected_level=\"warn\", n=\"0\"} level=warn one",
                            "x {detected_level=\"unknown\", n=\"1\"} two",
                            "y {detected_level=\"unknown\", n=\"0\"} three");
            assertThat(i.recent().series(TENANT, 0, List.of(), List.of(), t - 1, t + 10))
                    .containsExactly(
                            Labels.of("app", "x", "service_name", "x"), Labels.of("app", "y", "service_name", "y"));
            assertThat(i.recent().streamStats(TENANT, 0, List.of(), List.of(), t - 1, t + 10))
                    .extracting(x -> x.entries() + " " + x.bytes())
                    .containsExactly("2 17", "1 5");
        }
    }

    @Test
    void mergesBlocksWithWhatOthersPushed() throws Exception {
        try (Ingester i = open()) {
            long t = now();
            EntryBatch b = batch("x", t, "one", "two");
            push(i, body(1, 1, b));
            i.push(TENANT, List.of(b));
            assertThat(recent(i)).hasSize(2);
        }
    }

    @Test
    void storesARepeatOnce() throws Exception {
        byte[] first = body(1, 1, batch("x", now(), "one"));
        byte[] third = body(1, 3, batch("x", now() + 5, "three"));
        try (Ingester i = open()) {
            assertThat(push(i, first).repeat()).isFalse();
            assertThat(push(i, third).repeat()).isFalse();
            assertThat(push(i, first).repeat()).isTrue();
            assertThat(push(i, body(2, 1, batch("x", now() + 9, "next epoch"))).repeat())
                    .isFalse();
            i.crash();
        }
        try (Ingester i = open()) {
            assertThat(push(i, first).repeat()).as("after a restart").isTrue();
            assertThat(push(i, third).repeat()).isTrue();
            assertThat(push(i, body(1, 2, batch("x", now() + 7, "late"))).repeat())
                    .isFalse();
            assertThat(recent(i)).hasSize(4);
        }
        try (Ingester i = open()) {
            assertThat(push(i, first).repeat()).as("after a flush").isTrue();
            assertThat(recent(i)).isEmpty();
        }
    }

    @Test
    void knowsRepeatsOfManyFilesAfterARestart() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<byte[]> bodies = new ArrayList<>();
        for (int n = 1; n <= 40; n++) {
            StringBuilder line = new StringBuilder();
            for (int k = 0; k < 800; k++) {
                line.append(Long.toHexString(random.nextLong()));
            }
            bodies.add(body(1, n, batch("x", now() + n, line.toString())));
        }
        try (Ingester i = open()) {
            for (byte[] b : bodies) {
                push(i, b);
            }
            i.flush();
            i.crash();
        }
        try (Ingester i = open()) {
            for (byte[] b : bodies) {
                assertThat(push(i, b).repeat()).as("seed %d", seed).isTrue();
            }
            i.crash();
        }
    }

    @Test
    void keepsBothWhenARepeatHasOtherBytes() throws Exception {
        try (Ingester i = open()) {
            long t = now();
            push(i, body(1, 1, batch("x", t, "one")));
            assertThat(push(i, body(1, 1, batch("x", t, "another"))).repeat()).isFalse();
            assertThat(recent(i)).hasSize(2);
        }
    }

    @Test
    void refusesWhatWasChangedOnTheWay() throws Exception {
        byte[] body = body(1, 1, batch("x", now(), "one", "two"));
        for (int at = 0; at < body.length; at++) {
            byte[] changed = body.clone();
            changed[at] ^= (byte) (1 << (at % 8));
            assertThatThrownBy(() -> BlockPush.decode(changed, changed.length)).isInstanceOf(CorruptData.class);
            int n = at;
            assertThatThrownBy(() -> BlockPush.decode(body, n)).isInstanceOf(CorruptData.class);
        }
    }

    @Test
    void neitherFailsNorServesNonsenseForHostileBlocks() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        BlockPush.Block good = new BlockEncoder(2)
                .encode(List.of(batch("x", now(), "one", "two", "three")))
                .getFirst();
        try (Ingester i = open()) {
            for (int n = 1; n <= 300; n++) {
                byte[] bytes = good.bytes().clone();
                for (int k = random.nextInt(3); k >= 0; k--) {
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
                }
                int length = random.nextInt(10) == 0 ? random.nextInt(bytes.length) : bytes.length;
                byte[] body =
                        BlockPush.encode("evil", 1, n, List.of(new BlockPush.Block(good.labels(), bytes, 0, length)));
                try {
                    push(i, body);
                } catch (RequestException e) {
                    assertThat(e.code()).as("seed %d", seed).isIn(ErrorCode.BAD_REQUEST, ErrorCode.PAYLOAD_TOO_LARGE);
                }
            }
            push(i, body(1, 1, batch("y", now(), "fine")));
            assertThat(recent(i)).as("seed %d", seed).contains("y {detected_level=\"unknown\", n=\"0\"} fine");
        }
    }

    @Test
    void holdsBlocksToTheLimits() throws Exception {
        limits = "max_line_size: 4B";
        try (Ingester i = open()) {
            long t = now();
            long old = t - Duration.ofDays(8).toNanos();
            Stored s = push(i, body(1, 1, batch("x", t, "abcdef"), batch("y", old, "old"), batch("z", t, "z")));
            assertThat(s.result().accepted()).isEqualTo(2);
            assertThat(s.result().rejected()).isEqualTo(1);
            assertThat(s.result().message()).contains("timestamp too old");
            assertThat(recent(i))
                    .containsExactly(
                            "x {detected_level=\"unknown\", n=\"0\"} abcd",
                            "z {detected_level=\"unknown\", n=\"0\"} z");
        }
    }

    @Test
    void storesNothingOfAPushThatMayBeAllowedLater() throws Exception {
        limits = "max_global_streams_per_user: 1, demote_noisiest_label: false";
        try (Ingester i = open()) {
            byte[] two = body(1, 1, batch("x", now(), "one"), batch("y", now(), "two"));
            assertThat(push(i, two).result().status()).isEqualTo(429);
            assertThat(recent(i)).isEmpty();
            assertThat(push(i, two).repeat()).isFalse();
        }
    }
}
