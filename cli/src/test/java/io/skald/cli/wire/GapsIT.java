/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.client.CollectorRegistry;
import io.skald.agent.Agent;
import io.skald.agent.AgentSettings;
import io.skald.agent.discover.Glob;
import io.skald.agent.pipeline.JobPipeline;
import io.skald.agent.push.Backoff;
import io.skald.agent.push.InProcess;
import io.skald.agent.tail.FileJob;
import io.skald.agent.tail.Target;
import io.skald.core.config.QuerierSettings;
import io.skald.core.config.SkaldConfig;
import io.skald.core.disk.Disk;
import io.skald.core.http.HttpServer;
import io.skald.core.http.HttpServerConfig;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.wire.BlockPush;
import io.skald.core.wire.HeldLines;
import io.skald.core.wire.PushSink.PushResult;
import io.skald.core.wire.RecentEntries;
import io.skald.ingester.Ingester;
import io.skald.ingester.IngesterConfig;
import io.skald.ingester.flush.SegmentNotes;
import io.skald.ingester.recent.RecentApi;
import io.skald.ingester.wal.DataDirectory;
import io.skald.querier.gaps.Gaps;
import io.skald.querier.remote.ClusterIngesters;
import io.skald.storage.index.CommitLog;
import io.skald.storage.index.IngesterRegistry;
import io.skald.storage.memory.MemoryIndexStore;
import io.skald.storage.memory.MemorySegmentStore;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A block that never arrives is missed, whichever ingesters have the others, and until it comes after all. */
@Timeout(120)
class GapsIT {
    @TempDir
    private Path dir;

    private final MemoryIndexStore index = new MemoryIndexStore();
    private final IngesterRegistry registry = new IngesterRegistry(index);
    private final List<AutoCloseable> open = new ArrayList<>();
    private final CollectorRegistry metrics = new CollectorRegistry();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable c : open.reversed()) {
            c.close();
        }
    }

    /** An ingester that is asked over HTTP. */
    private record Node(DataDirectory directory, Ingester ingester, RecentApi api, HttpServer server) {
        void stop() throws Exception {
            server.close();
            api.close();
            ingester.close();
            directory.close();
        }
    }

    private static IngesterConfig config(Path at, String name) {
        IngesterConfig d = IngesterConfig.defaults(at);
        return new IngesterConfig(
                at,
                name,
                d.walSync(),
                d.walSyncInterval(),
                1 << 16,
                d.flushBytes(),
                d.flushAge(),
                d.keepFlushed(),
                0,
                d.maxInFlightBytes(),
                d.maxPushBytes(),
                true);
    }

    private Node node(String name) throws Exception {
        Path at = Files.createDirectories(dir.resolve(name));
        DataDirectory directory = DataDirectory.acquire(Disk.REAL, at);
        Ingester i = Ingester.open(
                directory,
                config(at, name),
                new CommitLog(index),
                new MemorySegmentStore(),
                SkaldConfig.DEFAULTS.tenantLimits(),
                Clock.systemUTC(),
                new CollectorRegistry(),
                SegmentNotes.NONE);
        HttpServer server = new HttpServer(HttpServerConfig.of("127.0.0.1", 0), new CollectorRegistry());
        RecentApi api = new RecentApi(i.recent());
        api.register(server);
        server.start();
        registry.hold(i.recent().ingesterId(), "http://127.0.0.1:" + server.port(), 0);
        return new Node(directory, i, api, server);
    }

    private static void until(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
            Thread.sleep(5); // polls with a deadline
        }
    }

    private static String get(String url) throws IOException, InterruptedException {
        try (HttpClient c = HttpClient.newHttpClient()) {
            return c.send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString())
                    .body();
        }
    }

    @Test
    void aWithheldBlockIsAGap() throws Exception {
        Node a = node("a");
        Node b = node("b");
        open.add(b::stop);
        ClusterIngesters cluster = new ClusterIngesters(registry, QuerierSettings.DEFAULTS, null);
        open.add(cluster);
        HttpServer server = new HttpServer(HttpServerConfig.of("127.0.0.1", 0), new CollectorRegistry());
        Gaps gaps = new Gaps(cluster, false, InstantSource.system(), metrics);
        gaps.register(server);
        server.start();
        open.add(server);
        open.add(gaps);
        String url = "http://127.0.0.1:" + server.port() + "/skald/api/v1/gaps";

        List<BlockPush> pushes = new ArrayList<>();
        AtomicInteger arrived = new AtomicInteger();
        InProcess.BlockSink sink = (tenant, push) -> {
            pushes.add(push);
            int n = arrived.incrementAndGet();
            // the third gets lost on the way, and its sender is told that all is well
            return n == 3
                    ? PushResult.stored(1)
                    : (n % 2 == 0 ? a : b).ingester.push(tenant, push).result();
        };
        Path log = dir.resolve("app.log");
        Files.writeString(log, "");
        try (Agent agent = agent(sink, log)) {
            assertThat(agent).isNotNull();
            for (int i = 1; i <= 6; i++) {
                Files.writeString(log, ("line of push " + i + "\n").repeat(i), StandardOpenOption.APPEND);
                int n = i;
                until(() -> arrived.get() >= n);
            }
        }
        until(() -> held(cluster, pushes) >= 21 - 3);
        String answer = get(url);
        assertThat(answer)
                .contains("\"lines\":3,\"missing\":[{\"first\":3,\"last\":5,\"since\":\"20")
                .contains("\"dropped\":[]}]}")
                .doesNotContain("warnings");

        a.stop();
        assertThat(get(url)).as("a is down").contains("\"warnings\":[\"ingester ");
        Node again = node("a");
        open.add(again::stop);
        assertThat(get(url)).as("after a restart").isEqualTo(answer);

        again.ingester.push(TenantId.DEFAULT, pushes.get(2));
        assertThat(get(url)).isEqualTo("{\"status\":\"success\",\"data\":[]}");
    }

    private static long held(ClusterIngesters cluster, List<BlockPush> pushes) {
        try {
            HeldLines.Origin of = new HeldLines.Origin(
                    pushes.getFirst().agent(),
                    pushes.getFirst().ranges().getFirst().origin());
            long lines = 0;
            for (RecentEntries r : cluster.holding()) {
                for (HeldLines h : r.lines(List.of(of))) {
                    for (HeldLines.Span s : h.spans()) {
                        lines += s.end() - s.first();
                    }
                }
            }
            return lines;
        } catch (StoreException e) {
            throw new IllegalStateException(e);
        }
    }

    private Agent agent(InProcess.BlockSink sink, Path log) throws IOException {
        FileJob job = new FileJob("job", JobPipeline.withoutTraces(), true, true);
        Target target = new Target(job, List.of(new Glob(log.toString())), null, Labels.EMPTY, Labels.EMPTY);
        Agent.Destination d = new Agent.Destination(
                "test",
                (agent, epoch) -> new InProcess(sink),
                new Backoff(Duration.ofMillis(10), Duration.ofMillis(100)));
        return Agent.open(
                AgentSettings.of(dir.resolve("agent")).withBatch(4096, Duration.ofMillis(10)),
                List.of(d),
                () -> List.of(target),
                Map.of(),
                InstantSource.system(),
                new CollectorRegistry());
    }
}
