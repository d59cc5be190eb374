/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.QuerierSettings;
import io.skald.core.config.SkaldConfig;
import io.skald.core.disk.Disk;
import io.skald.core.http.HttpServer;
import io.skald.core.http.HttpServerConfig;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.model.TenantId;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.StreamScan;
import io.skald.ingester.Ingester;
import io.skald.ingester.IngesterConfig;
import io.skald.ingester.flush.SegmentNotes;
import io.skald.ingester.recent.RecentApi;
import io.skald.ingester.wal.DataDirectory;
import io.skald.ingester.wal.SyncMode;
import io.skald.querier.remote.ClusterIngesters;
import io.skald.querier.source.ExactSource;
import io.skald.storage.index.CommitLog;
import io.skald.storage.index.IngesterRegistry;
import io.skald.storage.memory.MemoryIndexStore;
import io.skald.storage.memory.MemorySegmentStore;
import io.skald.storage.segment.SegmentReaders;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Ingesters are found by their names in DNS, by addresses of one name (a headless service) and by SRV records: one that appears, moves, leaves or dies. An answer holds
 * all lines or says that it may not.
 */
class DiscoveryIT {
    private static final TenantId T = new TenantId("t");
    private static final String HOST = "ingester.skald.test";
    private static final String SERVICE = "_http._tcp.ingester.skald.test";

    @TempDir
    private Path dir;

    private final MemoryIndexStore index = new MemoryIndexStore();
    private final MemorySegmentStore objects = new MemorySegmentStore();
    private final CommitLog log = new CommitLog(index);
    private final IngesterRegistry registry = new IngesterRegistry(index);
    private final List<Node> nodes = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();
    private int port;
    private int lines;

    /** An ingester that listens at an address of this machine. */
    private final class Node {
        private final Path data;
        private DataDirectory directory;
        private Ingester ingester;
        private RecentApi api;
        private HttpServer server;

        Node(String name, String address) throws Exception {
            data = dir.resolve(name);
            start(address);
            nodes.add(this);
        }

        void start(String address) throws Exception {
            directory = DataDirectory.acquire(Disk.REAL, data);
            IngesterConfig d = IngesterConfig.defaults(data);
            IngesterConfig config = new IngesterConfig(
                    data,
                    String.valueOf(data.getFileName()),
                    SyncMode.ALWAYS,
                    d.walSyncInterval(),
                    d.walSegmentBytes(),
                    d.flushBytes(),
                    d.flushAge(),
                    d.keepFlushed(),
                    0,
                    d.maxInFlightBytes(),
                    d.maxPushBytes(),
                    false);
            ingester = Ingester.open(
                    directory,
                    config,
                    log,
                    objects,
                    SkaldConfig.DEFAULTS.tenantLimits(),
                    Clock.systemUTC(),
                    new CollectorRegistry(),
                    SegmentNotes.NONE);
            server = new HttpServer(HttpServerConfig.of(address, port), new CollectorRegistry());
            api = new RecentApi(ingester.recent());
            api.register(server);
            server.start();
            // names in DNS are all that queriers have
            registry.hold(id(), "", 0);
        }

        String id() {
            return ingester.recent().ingesterId();
        }

        void push() throws Exception {
            EntryBatch b = new EntryBatch(Labels.of("app", "a"));
            byte[] line = ("line " + lines++).getBytes(StandardCharsets.UTF_8);
            b.add(System.currentTimeMillis() * 1_000_000 + lines, line, 0, line.length, Labels.EMPTY);
            assertThat(ingester.push(T, List.of(b)).accepted()).isEqualTo(1);
        }

        /** It is reached no more, and keeps what it holds. */
        void unplug() {
            server.close();
            api.close();
        }

        void close() throws Exception {
            unplug();
            ingester.close();
            directory.close();
        }
    }

    @AfterEach
    void stop() throws Exception {
        for (Node n : nodes) {
            n.close();
        }
    }

    private int answered(ClusterIngesters ingesters) throws Exception {
        ScanRequest all = new ScanRequest(
                List.of(new Matcher("app", Matcher.Op.EQUAL, "a")),
                Long.MIN_VALUE,
                Long.MAX_VALUE,
                Direction.FORWARD,
                ScanRequest.Columns.ALL,
                List.of());
        int found = 0;
        warnings.clear();
        try (Scan scan = new ExactSource(T, log, new SegmentReaders(objects), ingesters).open(all)) {
            for (StreamScan s : scan.streams()) {
                try (EntryCursor c = s.open()) {
                    while (c.next()) {
                        found++;
                    }
                }
            }
            warnings.addAll(scan.warnings());
        }
        return found;
    }

    /** Asks until an answer says that it is whole, which it then must be. */
    private void expectAll(List<ClusterIngesters> queriers, String after) throws Exception {
        for (ClusterIngesters q : queriers) {
            long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
            int found = answered(q);
            while (!warnings.isEmpty()) {
                assertThat(System.nanoTime()).as(after + ": " + warnings).isLessThan(deadline);
                found = answered(q);
            }
            assertThat(found).as(after).isEqualTo(lines);
        }
    }

    /** One is not found, which the answer says. */
    private void expectWithout(List<ClusterIngesters> queriers, Node missing, int found) throws Exception {
        for (ClusterIngesters q : queriers) {
            assertThat(answered(q)).isEqualTo(found);
            assertThat(warnings).hasSize(1).first().asString().contains(missing.id());
        }
    }

    private void name(NameServer dns, String... addresses) {
        dns.addresses(HOST, addresses);
        String[] targets = new String[addresses.length];
        for (int i = 0; i < addresses.length; i++) {
            dns.addresses("pod-" + i + "." + HOST, addresses[i]);
            targets[i] = "pod-" + i + "." + HOST + ":" + port;
        }
        dns.services(SERVICE, targets);
    }

    private ClusterIngesters querier(NameServer dns, String target) {
        return new ClusterIngesters(
                registry,
                new QuerierSettings(
                        1, 1, List.of(target), Duration.ofMillis(200), dns.address(), Duration.ofSeconds(5), ""),
                null);
    }

    @Test
    void ingestersThatComeMoveAndGoAreFound() throws Exception {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.2"))) {
            port = free.getLocalPort();
        }
        try (NameServer dns = new NameServer();
                ClusterIngesters byAddress = querier(dns, HOST + ":" + port);
                ClusterIngesters byService = querier(dns, "srv:" + SERVICE)) {
            List<ClusterIngesters> queriers = List.of(byAddress, byService);
            Node first = new Node("first", "127.0.0.2");
            first.push();
            expectWithout(queriers, first, 0);
            name(dns, "127.0.0.2");
            expectAll(queriers, "the first is known");

            Node second = new Node("second", "127.0.0.3");
            second.push();
            expectWithout(queriers, second, 1);
            name(dns, "127.0.0.2", "127.0.0.3");
            expectAll(queriers, "one appears");

            first.unplug();
            first.ingester.close();
            first.directory.close();
            // on its disk, but elsewhere, and where it was there is another
            first.start("127.0.0.4");
            first.push();
            Node third = new Node("third", "127.0.0.2");
            third.push();
            name(dns, "127.0.0.2", "127.0.0.3", "127.0.0.4");
            expectAll(queriers, "one moves, and another comes to where it was");

            second.ingester.drain();
            registry.leave(second.id(), 0);
            second.unplug();
            name(dns, "127.0.0.2", "127.0.0.4");
            expectAll(queriers, "one leaves");
            assertThat(byAddress.holding()).hasSize(2);

            third.push();
            third.unplug();
            name(dns, "127.0.0.4");
            expectWithout(queriers, third, lines - 2);
        }
    }
}
