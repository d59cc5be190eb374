/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.push;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import io.skald.core.wire.BlockPush;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HttpTransportTest {
    private static final String LOKI = "/loki/api/v1/push";
    private static final byte[] PUSH = BlockPush.encode("agent", 1, 1, List.of());

    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final AtomicLong now = new AtomicLong();
    private volatile boolean takesBlocks;
    private volatile int lokiStatus = 204;
    private HttpServer server;

    @BeforeEach
    void start() throws Exception {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            String path = exchange.getRequestURI().getPath();
            asked.add(path);
            exchange.getRequestBody().readAllBytes();
            boolean blocks = path.equals(BlockPush.PATH);
            exchange.sendResponseHeaders(blocks ? takesBlocks ? 204 : 404 : lokiStatus, -1);
            exchange.close();
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private HttpTransport open() throws Exception {
        ClientSettings settings = new ClientSettings(
                "test",
                List.of(URI.create("http://127.0.0.1:" + server.getAddress().getPort())),
                ClientSettings.Format.AUTO,
                null,
                Labels.EMPTY,
                ClientSettings.Auth.NONE,
                Map.of(),
                ClientSettings.Tls.NONE,
                null,
                Duration.ofSeconds(5),
                new Backoff(Duration.ofMillis(1), Duration.ofMillis(1)));
        return new HttpTransport(settings, "agent", 1, now::get);
    }

    private List<String> sent(HttpTransport t) throws InterruptedException {
        asked.clear();
        assertThat(t.send(TenantId.DEFAULT, PUSH)).isEqualTo(Transport.Taken.ALL);
        return List.copyOf(asked);
    }

    @Test
    void aServerThatTookWhatLokiTakesIsAskedAgainFromTimeToTime() throws Exception {
        try (HttpTransport t = open()) {
            assertThat(sent(t)).containsExactly(BlockPush.PATH, LOKI);
            takesBlocks = true;
            assertThat(sent(t)).containsExactly(LOKI);
            now.addAndGet(TimeUnit.MINUTES.toNanos(5));
            assertThat(sent(t)).containsExactly(BlockPush.PATH, BlockPush.PATH);
            assertThat(sent(t)).containsExactly(BlockPush.PATH);
        }
    }

    @Test
    void aServerThatFailedIsAskedAgain() throws Exception {
        try (HttpTransport t = open()) {
            assertThat(sent(t)).containsExactly(BlockPush.PATH, LOKI);
            takesBlocks = true;
            lokiStatus = 503;
            assertThat(t.send(TenantId.DEFAULT, PUSH)).isInstanceOf(Transport.Later.class);
            t.failOver();
            assertThat(sent(t)).containsExactly(BlockPush.PATH, BlockPush.PATH);
        }
    }

    @Test
    void blocksThatNobodyTakesAnyMoreGoAsLokiTakesThem() throws Exception {
        takesBlocks = true;
        try (HttpTransport t = open()) {
            assertThat(sent(t)).containsExactly(BlockPush.PATH, BlockPush.PATH);
            takesBlocks = false;
            assertThat(t.send(TenantId.DEFAULT, PUSH)).isInstanceOf(Transport.Later.class);
            assertThat(sent(t)).containsExactly(BlockPush.PATH, LOKI);
        }
    }
}
