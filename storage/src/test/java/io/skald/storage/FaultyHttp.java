/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Stands between a client and a server that speaks HTTP, and spoils answers on demand. Thread-safe: guarded by itself. */
public final class FaultyHttp implements AutoCloseable {
    /** What becomes of a request. */
    public enum Kind {
        /** 500, and the server does not see it. */
        ERROR_500,
        /** 503 as S3 says it when there are too many requests. */
        SLOW_DOWN,
        /** 400 as DynamoDB says it when there are too many requests. */
        THROTTLED,
        /** A batch of DynamoDB of which nothing was done, as it says when there is too much. */
        UNDONE,
        /** The server does it, the answer comes too late. */
        LATE,
        /** The server does it, the connection ends without an answer. */
        LOST,
        /** The server does it, the answer ends in the middle. */
        TRUNCATED
    }

    /** A request, as far as a test tells requests apart. */
    public record Seen(String method, String path, String target) {}

    private static final Set<String> HOP_BY_HOP = Set.of(
            "connection", "content-length", "host", "expect", "upgrade", "transfer-encoding", "date", "http2-settings");

    /** Held here, as loggers that nobody holds lose their level; it warns of the length of what a HEAD would get. */
    private static final Logger LOG = Logger.getLogger("sun.net.httpserver");

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final String upstream;
    private final long lateMillis;
    private Kind kind = Kind.ERROR_500;
    private int left;
    private Predicate<Seen> which = s -> true;

    private FaultyHttp(String upstream, Duration late) throws IOException {
        this.upstream = upstream;
        this.lateMillis = late.toMillis();
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    static {
        LOG.setLevel(Level.SEVERE);
    }

    /**
     * Starts before a server.
     *
     * @param late how late an answer is that comes too late
     */
    public static FaultyHttp before(String upstream, Duration late) throws IOException {
        return new FaultyHttp(upstream, late);
    }

    public String endpoint() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** Spoils the next requests of a kind. */
    public synchronized void next(int count, Kind what, Predicate<Seen> requests) {
        left = count;
        kind = what;
        which = requests;
    }

    /** How many of the requests to be spoiled did not come. */
    public synchronized int left() {
        return left;
    }

    private synchronized boolean spoils(Seen seen) {
        if (left == 0 || !which.test(seen)) {
            return false;
        }
        left--;
        return true;
    }

    private synchronized Kind kind() {
        return kind;
    }

    private void handle(HttpExchange e) throws IOException {
        try (e) {
            byte[] body = e.getRequestBody().readAllBytes();
            String target = e.getRequestHeaders().getFirst("X-Amz-Target");
            Seen seen = new Seen(e.getRequestMethod(), e.getRequestURI().getPath(), target == null ? "" : target);
            if (!spoils(seen)) {
                answer(e, forward(e, body), 1);
                return;
            }
            switch (kind()) {
                case ERROR_500 -> answer(e, 500, "<Error><Code>InternalError</Code></Error>");
                case SLOW_DOWN -> answer(e, 503, "<Error><Code>SlowDown</Code></Error>");
                case THROTTLED ->
                    answer(
                            e,
                            400,
                            "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException\"}");
                case UNDONE ->
                    answer(
                            e,
                            200,
                            new String(body, StandardCharsets.UTF_8)
                                    .replaceFirst("\"RequestItems\"", "\"UnprocessedItems\""));
                case LATE -> {
                    HttpResponse<byte[]> r = forward(e, body);
                    Thread.sleep(lateMillis);
                    answer(e, r, 1);
                }
                case LOST -> forward(e, body);
                case TRUNCATED -> answer(e, forward(e, body), 0.5);
            }
        } catch (InterruptedException ignored) {
            Thread.currentThread().interrupt();
        }
    }

    private static void answer(HttpExchange e, int status, String body) throws IOException {
        byte[] b = body.getBytes(StandardCharsets.UTF_8);
        e.sendResponseHeaders(status, b.length);
        e.getResponseBody().write(b);
    }

    private HttpResponse<byte[]> forward(HttpExchange e, byte[] body) throws IOException, InterruptedException {
        HttpRequest.Builder b = HttpRequest.newBuilder(URI.create(upstream + e.getRequestURI()))
                .method(e.getRequestMethod(), HttpRequest.BodyPublishers.ofByteArray(body));
        for (Map.Entry<String, List<String>> h : e.getRequestHeaders().entrySet()) {
            if (!HOP_BY_HOP.contains(h.getKey().toLowerCase(Locale.ROOT))) {
                h.getValue().forEach(v -> b.header(h.getKey(), v));
            }
        }
        return http.send(b.build(), HttpResponse.BodyHandlers.ofByteArray());
    }

    private static void answer(HttpExchange e, HttpResponse<byte[]> r, double part) throws IOException {
        r.headers().map().forEach((name, values) -> {
            if (!HOP_BY_HOP.contains(name.toLowerCase(Locale.ROOT))) {
                values.forEach(v -> e.getResponseHeaders().add(name, v));
            }
        });
        byte[] body = r.body();
        if (e.getRequestMethod().equals("HEAD")) {
            r.headers()
                    .firstValue("Content-Length")
                    .ifPresent(n -> e.getResponseHeaders().set("Content-Length", n));
            e.sendResponseHeaders(r.statusCode(), -1);
            return;
        }
        e.sendResponseHeaders(r.statusCode(), body.length == 0 ? -1 : body.length);
        OutputStream out = e.getResponseBody();
        out.write(body, 0, (int) (body.length * part));
        out.flush();
    }

    @Override
    public void close() {
        server.stop(0);
        http.close();
        threads.close();
    }
}
