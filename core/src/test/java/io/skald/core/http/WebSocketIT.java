/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.prometheus.client.CollectorRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WebSocketIT {
    private final CollectorRegistry registry = new CollectorRegistry();
    private final AtomicLong written = new AtomicLong();
    private final CompletableFuture<Throwable> failure = new CompletableFuture<>();
    private HttpServer server;
    private HttpClient client;

    /** Collects what the server sends. */
    static final class Client implements java.net.http.WebSocket.Listener {
        final List<String> messages = new CopyOnWriteArrayList<>();
        final CompletableFuture<String> closed = new CompletableFuture<>();
        final CompletableFuture<String> pong = new CompletableFuture<>();
        private final StringBuilder partial = new StringBuilder();

        @Override
        public CompletionStage<?> onText(java.net.http.WebSocket socket, CharSequence data, boolean last) {
            partial.append(data);
            if (last) {
                messages.add(partial.toString());
                partial.setLength(0);
            }
            socket.request(1);
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public CompletionStage<?> onPong(java.net.http.WebSocket socket, ByteBuffer message) {
            pong.complete(UTF_8.decode(message).toString());
            socket.request(1);
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public CompletionStage<?> onClose(java.net.http.WebSocket socket, int status, String reason) {
            closed.complete(status + " " + reason);
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public void onError(java.net.http.WebSocket socket, Throwable e) {
            closed.completeExceptionally(e);
        }
    }

    @BeforeEach
    void start() throws IOException {
        server = new HttpServer(
                HttpServerConfig.of("127.0.0.1", 0)
                        .withTimeouts(Duration.ofSeconds(20), Duration.ofSeconds(20), Duration.ofSeconds(5)),
                registry);
        WebSocketRoutes.add(server, written, failure);
        server.start();
        client = HttpClient.newHttpClient();
    }

    @AfterEach
    void stop() {
        server.close();
        client.shutdownNow();
        client.close();
    }

    private java.net.http.WebSocket connect(String path, Client listener) {
        return client.newWebSocketBuilder()
                .buildAsync(URI.create("ws://127.0.0.1:" + server.port() + path), listener)
                .join();
    }

    @Test
    void messagesArriveInOrderAndTheSocketCloses() throws Exception {
        Client c = new Client();
        connect("/ws/count?n=1000", c);
        assertThat(c.closed.get(20, TimeUnit.SECONDS)).isEqualTo("1000 ");
        assertThat(c.messages).hasSize(1000).startsWith("message 0").endsWith("message 999");
        HttpServerIT.await("counted as closed", () -> registry.getSampleValue("skald_http_websockets_open") == 0);
    }

    @Test
    void errorsBeforeTheHandshakeArePlainHttp() {
        assertThatThrownBy(() -> connect("/ws/count?n=-1", new Client()))
                .isInstanceOf(CompletionException.class)
                .cause()
                .isInstanceOfSatisfying(
                        WebSocketHandshakeException.class,
                        e -> assertThat(e.getResponse().statusCode()).isEqualTo(400));
    }

    @Test
    void errorsAfterTheHandshakeAreCloseFrames() throws Exception {
        Client c = new Client();
        connect("/ws/count?n=1&fail=1", c);
        assertThat(c.closed.get(20, TimeUnit.SECONDS)).isEqualTo("1008 policy " + "é".repeat(58));
    }

    @Test
    void aPlainRequestIsRefused() throws Exception {
        java.net.http.HttpResponse<String> r = client.send(
                java.net.http.HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/ws/count"))
                        .build(),
                BodyHandlers.ofString());
        assertThat(r.statusCode()).isEqualTo(400);
        assertThat(r.body()).contains("WebSocket");
    }

    @Test
    void pingsAreAnsweredAndClosingIsSeen() throws Exception {
        Client c = new Client();
        java.net.http.WebSocket socket = connect("/ws/open", c);
        socket.sendPing(ByteBuffer.wrap("hello".getBytes(UTF_8))).join();
        assertThat(c.pong.get(20, TimeUnit.SECONDS)).isEqualTo("hello");
        socket.sendText("ignored", true).join();
        socket.sendClose(1000, "bye").join();
        assertThat(c.closed.get(20, TimeUnit.SECONDS)).startsWith("1000");
        HttpServerIT.await("handler has ended", () -> registry.getSampleValue("skald_http_websockets_open") == 0);
    }

    @Test
    void stoppingClosesSocketsWith1001() throws Exception {
        Client c = new Client();
        connect("/ws/open", c);
        server.close();
        assertThat(c.closed.get(20, TimeUnit.SECONDS)).isEqualTo("1001 the server is stopping");
    }

    @Test
    void aSlowClientIsWaitedFor() throws Exception {
        String request = "GET /ws/endless HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        try (Socket s = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            s.getOutputStream().write(request.getBytes(UTF_8));
            HttpServerIT.await("sending begins", () -> written.get() > 0);
            long before;
            do {
                before = written.get();
                TimeUnit.MILLISECONDS.sleep(200);
            } while (written.get() != before);
            assertThat(before).isLessThan(64L << 20);
            assertThat(s.getInputStream().readNBytes(8 << 20)).hasSize(8 << 20);
            long stalled = before;
            HttpServerIT.await("sending goes on", () -> written.get() > stalled);
        }
        assertThat(failure.get(20, TimeUnit.SECONDS)).isInstanceOf(IOException.class);
    }
}
