/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class HttpServerIT {
    private static final int MAX_BODY = 100_000;

    private final CollectorRegistry registry = new CollectorRegistry();
    private final AtomicLong written = new AtomicLong();
    private final CompletableFuture<Throwable> failure = new CompletableFuture<>();
    private final AtomicReference<String> handlerThread = new AtomicReference<>("");
    private final CountDownLatch entered = new CountDownLatch(1);
    private final CountDownLatch release = new CountDownLatch(1);
    private HttpServer server;
    private HttpClient client;

    @BeforeEach
    void start() throws IOException {
        HttpServerConfig config = HttpServerConfig.of("127.0.0.1", 0)
                .withMaxBody(MAX_BODY, 4 * MAX_BODY)
                .withMaxRequests(8, 50)
                .withTimeouts(Duration.ofSeconds(20), Duration.ofSeconds(20), Duration.ofSeconds(5));
        server = new HttpServer(config, registry);
        routes(server);
        server.start();
        client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    }

    @AfterEach
    void stop() {
        release.countDown();
        client.close();
        server.close();
    }

    private void routes(Router router) {
        router.getOrPost("/echo", r -> {
            handlerThread.set(Thread.currentThread().toString());
            return HttpResponse.text(200, r.method() + " " + r.params() + " " + new String(r.body(), UTF_8));
        });
        router.get("/label/{name}/values", r -> HttpResponse.text(200, r.pathParam("name")));
        router.route(List.of("GET", "HEAD"), "/headed", r -> HttpResponse.text(200, "twelve bytes"));
        router.get("/refuse", r -> {
            throw new RequestException(ErrorCode.valueOf(r.paramOr("code", "")), "refused: " + r.param("code"));
        });
        router.get("/store", r -> {
            throw r.paramOr("kind", "").equals("unavailable")
                    ? new StoreException.Unavailable("disk gone")
                    : new StoreException.CorruptData("bad crc");
        });
        router.get("/bug", r -> {
            throw new IllegalStateException("secret detail");
        });
        router.get(
                "/cut",
                r -> new HttpResponse(200, Map.of("Content-Type", HttpResponse.TEXT), out -> {
                    out.write(new byte[100_000]);
                    throw new IllegalStateException("half way");
                }));
        router.get(
                "/long",
                r -> new HttpResponse(200, Map.of("Content-Type", HttpResponse.TEXT), out -> {
                    byte[] line = "0123456789abcdef0123456789abcde\n".getBytes(UTF_8);
                    for (int i = 0; i < Integer.parseInt(r.paramOr("lines", "0")); i++) {
                        out.write(line);
                    }
                }));
        router.get(
                "/endless",
                r -> new HttpResponse(200, Map.of("Content-Type", HttpResponse.TEXT), out -> {
                    try {
                        while (true) {
                            out.write(new byte[8192]);
                            written.addAndGet(8192);
                        }
                    } catch (IOException e) {
                        failure.complete(e);
                        throw e;
                    }
                }));
        router.get("/wait", r -> {
            entered.countDown();
            while (!r.disconnected().getAsBoolean() && !release.await(5, TimeUnit.MILLISECONDS)) {
                Thread.onSpinWait();
            }
            failure.complete(new IOException("disconnected: " + r.disconnected().getAsBoolean()));
            return HttpResponse.text(200, "waited");
        });
        WebSocketRoutes.add(router, written, failure);
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }

    private java.net.http.HttpResponse<String> get(String path, String... headers) throws Exception {
        java.net.http.HttpRequest.Builder b = java.net.http.HttpRequest.newBuilder(uri(path));
        if (headers.length > 0) {
            b.headers(headers);
        }
        return client.send(b.build(), BodyHandlers.ofString());
    }

    private java.net.http.HttpResponse<String> post(String path, String type, byte[] body) throws Exception {
        return client.send(
                java.net.http.HttpRequest.newBuilder(uri(path))
                        .header("Content-Type", type)
                        .POST(BodyPublishers.ofByteArray(body))
                        .build(),
                BodyHandlers.ofString());
    }

    /** Sends bytes as they are and reads until the server closes or {@code until} occurs. */
    private String raw(String request, String until) throws IOException {
        try (Socket s = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            s.setSoTimeout(20_000);
            s.getOutputStream().write(request.getBytes(UTF_8));
            StringBuilder sb = new StringBuilder();
            byte[] buf = new byte[4096];
            for (int n = s.getInputStream().read(buf);
                    n >= 0;
                    n = s.getInputStream().read(buf)) {
                sb.append(new String(buf, 0, n, UTF_8));
                if (!until.isEmpty() && sb.indexOf(until) >= 0) {
                    break;
                }
            }
            return sb.toString();
        }
    }

    static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time: " + what).isLessThan(deadline);
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    @Test
    void parametersKeepRepetitionsAndBodyWins() throws Exception {
        assertThat(get("/echo?a=1&b=x%20y&a=2&c&d=%E6%97%A5+z").body())
                .isEqualTo("GET {a=[1, 2], b=[x y], c=[], d=[日 z]} ");
        assertThat(post(
                                "/echo?time=10&q=1",
                                "application/x-www-form-urlencoded; charset=utf-8",
                                "time=20".getBytes(UTF_8))
                        .body())
                .isEqualTo("POST {time=[20, 10], q=[1]} ");
        assertThat(post("/echo?q=1", "application/json", "{}".getBytes(UTF_8)).body())
                .isEqualTo("POST {q=[1]} {}");
        assertThat(handlerThread.get()).contains("VirtualThread");
    }

    @Test
    void badEscapesAreRefused() throws Exception {
        java.net.http.HttpResponse<String> r =
                post("/echo", "application/x-www-form-urlencoded", "query=%zz".getBytes(UTF_8));
        assertThat(r.statusCode()).isEqualTo(400);
        assertThat(r.body()).isEqualTo("invalid URL escape \"%zz\"");
        assertThat(raw("GET /label/%zz/values HTTP/1.1\r\nConnection: close\r\n\r\n", ""))
                .startsWith("HTTP/1.1 400 ")
                .contains("invalid URL escape \"%zz\"");
    }

    @Test
    void unknownPathsAndMethods() throws Exception {
        assertThat(get("/nosuch").statusCode()).isEqualTo(404);
        assertThat(get("/nosuch").body()).isEqualTo("404 page not found\n");
        assertThat(get("/echo/").statusCode()).isEqualTo(404);
        assertThat(get("/label//values").statusCode()).isEqualTo(404);
        java.net.http.HttpResponse<String> wrong = post("/refuse", "text/plain", new byte[0]);
        assertThat(wrong.statusCode()).isEqualTo(405);
        assertThat(wrong.headers().firstValue("Allow")).contains("GET");
        assertThat(wrong.body()).isEmpty();
        assertThat(get("/label/a%2Fb/values").body()).isEqualTo("a/b");
    }

    @Test
    void headOnlyWhereListed() throws IOException {
        assertThat(raw("HEAD /echo HTTP/1.1\r\nConnection: close\r\n\r\n", "")).startsWith("HTTP/1.1 405 ");
        String headed = raw("HEAD /headed HTTP/1.1\r\nConnection: close\r\n\r\n", "");
        assertThat(headed)
                .startsWith("HTTP/1.1 200 OK")
                .contains("content-length: 12")
                .endsWith("\r\n\r\n");
    }

    @Test
    void errorsHaveTheirStatus() throws Exception {
        for (ErrorCode code : ErrorCode.values()) {
            java.net.http.HttpResponse<String> r = get("/refuse?code=" + code);
            assertThat(r.statusCode()).isEqualTo(code.httpStatus());
            assertThat(r.body()).isEqualTo("refused: " + code);
            assertThat(r.headers().firstValue("Content-Type")).contains("text/plain; charset=utf-8");
            boolean waits = r.statusCode() == 429 || r.statusCode() == 503;
            assertThat(r.headers().firstValue("Retry-After").isPresent()).isEqualTo(waits);
        }
        java.net.http.HttpResponse<String> gone = get("/store?kind=unavailable");
        assertThat(gone.statusCode()).isEqualTo(503);
        assertThat(gone.body()).isEqualTo("disk gone");
        assertThat(gone.headers().firstValue("Retry-After")).isPresent();
        assertThat(get("/store?kind=corrupt").statusCode()).isEqualTo(500);
        assertThat(get("/bug").statusCode()).isEqualTo(500);
        assertThat(get("/bug").body()).doesNotContain("secret");
    }

    @Test
    void aFailureWithinTheBodyCutsTheAnswer() {
        assertThatThrownBy(() -> get("/cut")).isInstanceOf(IOException.class);
    }

    @Test
    void longBodiesAreChunkedAndCompressedWhenAsked() throws Exception {
        assertThat(get("/long?lines=100000").body()).hasSize(3_200_000);
        java.net.http.HttpResponse<byte[]> packed = client.send(
                java.net.http.HttpRequest.newBuilder(uri("/long?lines=100000"))
                        .header("Accept-Encoding", "deflate, gzip;q=1.0")
                        .build(),
                BodyHandlers.ofByteArray());
        assertThat(packed.headers().firstValue("Content-Encoding")).contains("gzip");
        assertThat(packed.body().length).isLessThan(100_000);
        try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(packed.body()))) {
            assertThat(in.readAllBytes()).hasSize(3_200_000);
        }
        assertThat(get("/long?lines=100", "Accept-Encoding", "gzip").headers().firstValue("Content-Encoding"))
                .contains("gzip");
        assertThat(get("/long?lines=2", "Accept-Encoding", "gzip").body()).hasSize(64);
        assertThat(get("/long?lines=100", "Accept-Encoding", "gzip;q=0").body()).hasSize(3200);
        assertThat(raw("GET /long?lines=1000 HTTP/1.0\r\n\r\n", ""))
                .contains("0123456789")
                .doesNotContain("chunked");
    }

    @Test
    void largeBodiesAreRefusedWhileTheyArrive() throws Exception {
        assertThat(post("/echo", "text/plain", new byte[MAX_BODY]).statusCode()).isEqualTo(200);
        java.net.http.HttpResponse<String> r = post("/echo", "text/plain", new byte[MAX_BODY + 1]);
        assertThat(r.statusCode()).isEqualTo(413);
        assertThat(r.body()).isEqualTo("request body too large: limit 100000 bytes");
        java.net.http.HttpResponse<String> chunked = client.send(
                java.net.http.HttpRequest.newBuilder(uri("/echo"))
                        .POST(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(new byte[3 * MAX_BODY])))
                        .build(),
                BodyHandlers.ofString());
        assertThat(chunked.statusCode()).isEqualTo(413);
        assertThat(raw("POST /echo HTTP/1.1\r\nContent-Length: 200000\r\nExpect: 100-continue\r\n\r\n", "413"))
                .startsWith("HTTP/1.1 413");
        assertThat(raw("POST /echo HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n", "Continue"))
                .startsWith("HTTP/1.1 100 Continue");
    }

    @Test
    void bodiesInFlightAreBounded() throws Exception {
        String head = "POST /echo HTTP/1.1\r\nContent-Length: " + MAX_BODY + "\r\n\r\n";
        byte[] almost = new byte[MAX_BODY - 1];
        Socket[] slow = new Socket[4];
        try {
            for (int i = 0; i < slow.length; i++) {
                slow[i] = new Socket(InetAddress.getLoopbackAddress(), server.port());
                slow[i].getOutputStream().write(head.getBytes(UTF_8));
                slow[i].getOutputStream().write(almost);
            }
            double expected = 4.0 * MAX_BODY;
            await("bodies held", () -> registry.getSampleValue("skald_http_body_bytes") == expected);
            java.net.http.HttpResponse<String> r = post("/echo", "text/plain", new byte[1000]);
            assertThat(r.statusCode()).isEqualTo(503);
            assertThat(r.headers().firstValue("Retry-After")).isPresent();
        } finally {
            for (Socket s : slow) {
                if (s != null) {
                    s.close();
                }
            }
        }
        await("bodies released", () -> registry.getSampleValue("skald_http_body_bytes") == 0);
        assertThat(post("/echo", "text/plain", new byte[1000]).statusCode()).isEqualTo(200);
    }

    @Test
    void requestsBeyondTheMostAreRefusedAtOnce() throws Exception {
        List<CompletableFuture<java.net.http.HttpResponse<String>>> busy = new java.util.ArrayList<>();
        for (int i = 0; i < 8; i++) {
            busy.add(client.sendAsync(
                    java.net.http.HttpRequest.newBuilder(uri("/wait")).build(), BodyHandlers.ofString()));
        }
        await("all places taken", () -> registry.getSampleValue("skald_http_requests_running") == 8);
        assertThat(get("/echo").statusCode()).isEqualTo(503);
        release.countDown();
        for (CompletableFuture<java.net.http.HttpResponse<String>> b : busy) {
            assertThat(b.get(20, TimeUnit.SECONDS).body()).isEqualTo("waited");
        }
        assertThat(get("/echo").statusCode()).isEqualTo(200);
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws IOException {
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < 200; i++) {
            all.append("GET /label/v").append(i).append("/values HTTP/1.1\r\nHost: x\r\n\r\n");
        }
        all.append("POST /echo HTTP/1.1\r\nContent-Length: 4\r\nConnection: close\r\n\r\nlast");
        String answers = raw(all.toString(), "");
        int at = 0;
        for (int i = 0; i < 200; i++) {
            int next = answers.indexOf("\r\n\r\nv" + i + "HTTP/1.1", at);
            assertThat(next).as("answer " + i).isGreaterThan(at);
            at = next;
        }
        assertThat(answers).endsWith("POST {} last");
    }

    @Test
    void malformedRequestsAreAnswered400() throws IOException {
        assertThat(raw("NONSENSE\r\n\r\n", "")).startsWith("HTTP/1.1 400 ");
        assertThat(raw("GET /" + "x".repeat(70_000) + " HTTP/1.1\r\n\r\n", "")).startsWith("HTTP/1.1 414 ");
        assertThat(raw("GET /echo HTTP/1.1\r\nA: " + "x".repeat(70_000) + "\r\n\r\n", ""))
                .startsWith("HTTP/1.1 431 ");
        assertThat(raw("POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", ""))
                .startsWith("HTTP/1.1 400 ");
        assertThat(raw("POST /echo HTTP/1.1\r\nContent-Length: -5\r\n\r\n", "")).startsWith("HTTP/1.1 400 ");
    }

    @Test
    void aSlowClientIsWaitedForAndItsLeavingSeen() throws Exception {
        try (Socket s = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            s.getOutputStream().write("GET /endless HTTP/1.1\r\n\r\n".getBytes(UTF_8));
            await("writing begins", () -> written.get() > 0);
            long before;
            do {
                before = written.get();
                TimeUnit.MILLISECONDS.sleep(200);
            } while (written.get() != before);
            // sockets hold some megabytes at most; the rest waits in the handler
            assertThat(before).isLessThan(64L << 20);
            byte[] some = s.getInputStream().readNBytes(8 << 20);
            assertThat(some).hasSize(8 << 20);
            long stalled = before;
            await("writing goes on", () -> written.get() > stalled);
        }
        assertThat(failure.get(20, TimeUnit.SECONDS)).isInstanceOf(IOException.class);
    }

    @Test
    void hangingUpIsSeenByTheHandler() throws Exception {
        try (Socket s = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            s.getOutputStream().write("GET /wait HTTP/1.1\r\n\r\n".getBytes(UTF_8));
            assertThat(entered.await(20, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(failure.get(20, TimeUnit.SECONDS)).hasMessage("disconnected: true");
    }

    @Test
    void stoppingWaitsForRunningRequests() throws Exception {
        CompletableFuture<java.net.http.HttpResponse<String>> answer = client.sendAsync(
                java.net.http.HttpRequest.newBuilder(uri("/wait")).build(), BodyHandlers.ofString());
        assertThat(entered.await(20, TimeUnit.SECONDS)).isTrue();
        int port = server.port();
        Thread closing = Thread.ofVirtual().start(server::close);
        await("no more connections", () -> {
            try (Socket s = new Socket(InetAddress.getLoopbackAddress(), port)) {
                return !s.isConnected();
            } catch (IOException e) {
                return true;
            }
        });
        release.countDown();
        assertThat(answer.get(20, TimeUnit.SECONDS).body()).isEqualTo("waited");
        assertThat(answer.join().headers().firstValue("Connection")).isEmpty();
        closing.join();
    }

    @Test
    void aTakenAddressIsNamed() {
        try (HttpServer second =
                new HttpServer(HttpServerConfig.of("127.0.0.1", server.port()), new CollectorRegistry())) {
            assertThatThrownBy(second::start)
                    .isInstanceOf(IOException.class)
                    .hasMessage("cannot listen on 127.0.0.1:" + server.port()
                            + ": address already in use by another process");
        }
    }

    @Test
    void requestsAreCounted() throws Exception {
        get("/label/x/values");
        get("/label/y/values");
        get("/nosuch");
        String[] names = {"route", "method", "status"};
        await(
                "counted",
                () -> registry.getSampleValue("skald_http_requests_total", names, new String[] {"none", "GET", "404"})
                        != null);
        assertThat(registry.getSampleValue(
                        "skald_http_requests_total", names, new String[] {"/label/{name}/values", "GET", "200"}))
                .isEqualTo(2);
        assertThat(registry.getSampleValue(
                        "skald_http_request_duration_seconds_count",
                        Arrays.copyOf(names, 2),
                        new String[] {"/label/{name}/values", "GET"}))
                .isEqualTo(2);
    }
}
