/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.Limits;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import io.skald.core.scan.StreamScan;
import io.skald.core.wire.BlockEncoder;
import io.skald.core.wire.BlockPush;
import io.skald.storage.SegmentStore;
import io.skald.storage.file.FileSegmentStore;
import io.skald.storage.index.CommitLog;
import io.skald.storage.index.IndexVersion;
import io.skald.storage.memory.MemoryIndexStore;
import io.skald.storage.segment.LabelSelector;
import io.skald.storage.segment.OrphanSegments;
import io.skald.storage.segment.SegmentReader;
import io.skald.storage.segment.SegmentReaders;
import io.skald.storage.segment.SegmentRef;
import io.skald.storage.segment.SegmentScan;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Power cuts under load: everything acknowledged is there afterwards, once. {@code -Dskald.powerCuts=N} makes more of them, {@code
 * -Dskald.powerCutSeed=N} repeats the cuts of a run (the threads still interleave as they like).
 */
class PowerCutTest {
    private static final int CUTS = Integer.getInteger("skald.powerCuts", 240);
    private static final int CUTS_OF_A_WORLD = 12;
    private static final int PUSHERS = 2;
    private static final TenantId TENANT = new TenantId("a");
    private static final ScanRequest ALL =
            new ScanRequest(List.of(), 0, Long.MAX_VALUE, Direction.FORWARD, ScanRequest.Columns.ALL, List.of());

    @SuppressWarnings("NullAway.Init") // set by JUnit
    @TempDir
    Path dir;

    private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
    private final AtomicInteger next = new AtomicInteger();
    private MemoryIndexStore index = new MemoryIndexStore();
    private List<Outbox> outboxes = List.of();
    private long verified;

    @Test
    void nothingAcknowledgedIsLostOrDoubled() throws Exception {
        long seed = Long.getLong("skald.powerCutSeed", System.nanoTime());
        Random random = new Random(seed);
        int cuts = 0;
        for (int world = 0; cuts < CUTS; world++) {
            index = new MemoryIndexStore();
            acknowledged.clear();
            outboxes = List.of(new Outbox("node-1"), new Outbox("node-2"));
            Path root = Files.createDirectories(dir.resolve(world + "-0"));
            for (int cut = 1; cut <= CUTS_OF_A_WORLD; cut++, cuts++) {
                Path after = dir.resolve(world + "-" + cut);
                live(root, after, random, "seed " + seed + ", cut " + cuts);
                root = after;
            }
            Files.createDirectories(root.resolve("data"));
            PowerCutDisk disk = PowerCutDisk.on(root, random);
            try (Ingester i = open(disk, root, random)) {
                verify(i, root, "seed " + seed + ", last of world " + world);
            }
        }
        System.getLogger("PowerCutTest")
                .log(System.Logger.Level.INFO, "{0} cuts, {1} lines verified, seed {2}", cuts, verified, seed);
        assertThat(verified).as("seed %d", seed).isGreaterThan(CUTS);
    }

    /** One life: from what the last cut left to the next cut. */
    private void live(Path root, Path after, Random random, String what) throws Exception {
        Files.createDirectories(root.resolve("data"));
        PowerCutDisk disk = PowerCutDisk.on(root, random);
        boolean early = random.nextInt(4) == 0;
        if (early) {
            disk.cutAfter(random.nextInt(40));
        }
        Ingester i;
        try {
            i = open(disk, root, random);
        } catch (StoreException e) {
            assertThat(early).as("%s: %s", what, e).isTrue();
            disk.image(root, after);
            return;
        }
        if (!early) {
            verify(i, root, what);
            disk.cutAfter(random.nextInt(400));
        }
        load(i, disk);
        i.crash();
        disk.image(root, after);
    }

    private Ingester open(PowerCutDisk disk, Path root, Random random) throws StoreException {
        CommitLog log = new CommitLog(new PoweredIndex(index, disk, random));
        SegmentStore segments = FileSegmentStore.open(disk, root.resolve("segments"));
        OrphanSegments.sweep(segments, log);
        IngesterConfig config = FlushedOnRequest.config(root.resolve("data"), 4096, 0);
        return Ingester.create(
                disk,
                config,
                log,
                segments,
                t -> Limits.DEFAULTS,
                Clock.systemUTC(),
                new CollectorRegistry(),
                step -> {});
    }

    private void load(Ingester i, PowerCutDisk disk) throws Exception {
        try (ExecutorService pool = Executors.newFixedThreadPool(PUSHERS + outboxes.size() + 1)) {
            List<Future<Boolean>> all = new ArrayList<>();
            for (int t = 0; t < PUSHERS; t++) {
                all.add(pool.submit(pusher(i, disk)));
            }
            for (Outbox o : outboxes) {
                all.add(pool.submit(agent(i, disk, o)));
            }
            all.add(pool.submit(() -> {
                while (!disk.isOff()) {
                    try {
                        i.flush();
                    } catch (StoreException e) {
                        assertThat(disk.isOff()).as("flush failed: %s", e).isTrue();
                    }
                    Thread.sleep(1);
                }
                return true;
            }));
            for (Future<Boolean> f : all) {
                f.get(60, TimeUnit.SECONDS);
            }
        }
    }

    /** What an agent keeps on its disk until it is acknowledged, and sends again, byte for byte, after a power cut. */
    private final class Outbox {
        private final String agent;
        private long sequence;
        private byte @Nullable [] waiting;
        private List<String> lines = List.of();

        Outbox(String agent) {
            this.agent = agent;
        }

        byte[] next() {
            byte[] body = waiting;
            if (body == null) {
                int n = next.incrementAndGet();
                lines = List.of("native " + n, "native " + n + " " + "y".repeat(n % 200));
                EntryBatch b = new EntryBatch(Labels.of("agent", agent));
                for (String line : lines) {
                    byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
                    b.add(System.currentTimeMillis() * 1_000_000 + b.size(), bytes, 0, bytes.length, Labels.EMPTY);
                }
                body = BlockPush.encode(agent, 1, ++sequence, new BlockEncoder(2).encode(List.of(b)));
                waiting = body;
            }
            return body;
        }

        void acknowledged() {
            acknowledged.addAll(lines);
            waiting = null;
        }
    }

    private Callable<Boolean> agent(Ingester i, PowerCutDisk disk, Outbox outbox) {
        return () -> {
            while (!disk.isOff()) {
                byte[] body = outbox.next();
                try {
                    i.push(TENANT, BlockPush.decode(body, body.length));
                    if (outbox.sequence % 7 == 0) {
                        // the answer got lost: the agent asks again
                        assertThat(i.push(TENANT, BlockPush.decode(body, body.length))
                                        .repeat())
                                .isTrue();
                    }
                    outbox.acknowledged();
                } catch (StoreException.Unavailable e) {
                    assertThat(disk.isOff()).as("push refused: %s", e).isTrue();
                }
            }
            return true;
        };
    }

    private Callable<Boolean> pusher(Ingester i, PowerCutDisk disk) {
        return () -> {
            while (!disk.isOff()) {
                String line = "line " + next.incrementAndGet() + " " + "x".repeat(next.get() % 300);
                byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
                EntryBatch b = new EntryBatch(Labels.of("app", "web", "n", Integer.toString(next.get() % 5)));
                b.add(System.currentTimeMillis() * 1_000_000, bytes, 0, bytes.length, Labels.EMPTY);
                try {
                    i.push(TENANT, List.of(b));
                    acknowledged.add(line);
                } catch (StoreException.Unavailable e) {
                    assertThat(disk.isOff()).as("push refused: %s", e).isTrue();
                }
            }
            return true;
        };
    }

    private void verify(Ingester i, Path root, String what) throws StoreException, IOException {
        Map<String, Integer> found = new HashMap<>();
        IndexVersion version = new CommitLog(index).read(TENANT);
        SegmentReaders readers = new SegmentReaders(FileSegmentStore.open(root.resolve("segments")));
        SegmentScan scan = new SegmentScan(ALL, new ScanStats(), lost -> {
            throw new AssertionError(what + ": " + lost);
        });
        for (SegmentRef ref : version.segments()) {
            for (SegmentReader.Chunk c : readers.get(ref).chunks(new LabelSelector(List.of()), 0, Long.MAX_VALUE)) {
                count(c.scan(scan), found);
            }
        }
        try (Scan head = i.recent().open(TENANT, version.fence("i"), ALL)) {
            for (StreamScan s : head.streams()) {
                count(s, found);
            }
            assertThat(head.warnings()).as(what).isEmpty();
        }
        Set<String> missing = new HashSet<>(acknowledged);
        missing.removeAll(found.keySet());
        assertThat(missing).as("%s: missing", what).isEmpty();
        Map<String, Integer> doubled = new HashMap<>(found);
        doubled.values().removeIf(n -> n == 1);
        assertThat(doubled).as("%s: doubled", what).isEmpty();
        verified += found.size();
    }

    private static void count(StreamScan stream, Map<String, Integer> found) throws StoreException {
        try (EntryCursor c = stream.open()) {
            while (c.next()) {
                found.merge(new String(c.buffer(), c.offset(), c.length(), StandardCharsets.UTF_8), 1, Integer::sum);
            }
        }
    }
}
