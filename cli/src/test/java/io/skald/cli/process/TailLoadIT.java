/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * 50 tails at 10,000 lines a second in total, every line to the one tail that wants it. Runs for two seconds in a build; {@code
 * -Dskald.tail-load.seconds=60} makes a measurement of it. Prints how long after the acknowledgement of a push its lines were at the
 * client.
 */
@Timeout(600)
class TailLoadIT {
    private static final int TAILS = 50;
    private static final int BATCHES_PER_SECOND = 20;
    private static final int LINES_PER_BATCH = 500;
    private static final int SECONDS = Integer.getInteger("skald.tail-load.seconds", 2);
    private static final int BATCHES = SECONDS * BATCHES_PER_SECOND;

    private static final Pattern LINE = Pattern.compile("\\bn=(\\d+) ");

    @TempDir
    private Path dir;

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /** When each batch was acknowledged. */
    private final AtomicLongArray acked = new AtomicLongArray(BATCHES);
    /** When each line was at its client. */
    private final AtomicLongArray arrived = new AtomicLongArray(BATCHES * LINES_PER_BATCH);

    private final AtomicLong received = new AtomicLong();
    private final AtomicLong repeated = new AtomicLong();
    private final ConcurrentLinkedQueue<String> closed = new ConcurrentLinkedQueue<>();

    /** One tail's client. */
    private final class Client implements WebSocket.Listener {
        private final StringBuilder partial = new StringBuilder();
        private final BitSet seen = new BitSet();

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            partial.append(data);
            if (last) {
                long now = System.nanoTime();
                Matcher m = LINE.matcher(partial);
                while (m.find()) {
                    int n = Integer.parseInt(m.group(1));
                    if (seen.get(n)) {
                        repeated.incrementAndGet();
                    }
                    seen.set(n);
                    arrived.set(n, now);
                    received.incrementAndGet();
                }
                partial.setLength(0);
            }
            socket.request(1);
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
            closed.add(status + " " + reason);
            return CompletableFuture.completedFuture(null);
        }
    }

    @Test
    void fiftyTailsGetEveryLine() throws Exception {
        try (SkaldProcess skald = SkaldProcess.start(
                dir.resolve("out"),
                "run",
                "--http",
                "127.0.0.1:0",
                "--data",
                dir.resolve("data").toString())) {
            String url = skald.awaitUrl();
            List<WebSocket> sockets = new ArrayList<>();
            for (int i = 0; i < TAILS; i++) {
                String query = URLEncoder.encode("{app=\"tail-" + i + "\"}", StandardCharsets.UTF_8);
                URI uri = URI.create(url.replaceFirst("http", "ws") + "/loki/api/v1/tail?limit=0&query=" + query);
                sockets.add(
                        http.newWebSocketBuilder().buildAsync(uri, new Client()).join());
            }
            pushAll(url);
            long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
            while (received.get() < arrived.length() && System.nanoTime() < deadline && closed.isEmpty()) {
                Thread.sleep(20);
            }
            System.err.println(report());
            assertThat(closed).isEmpty();
            assertThat(received.get()).isEqualTo(arrived.length());
            assertThat(repeated.get()).isZero();
            sockets.forEach(WebSocket::abort);
        }
    }

    private void pushAll(String url) throws Exception {
        long begin = System.nanoTime();
        for (int batch = 0; batch < BATCHES; batch++) {
            long due = begin + batch * 1_000_000_000L / BATCHES_PER_SECOND;
            while (System.nanoTime() < due) {
                Thread.sleep(1);
            }
            HttpRequest push = HttpRequest.newBuilder(URI.create(url + "/loki/api/v1/push"))
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(body(batch)))
                    .build();
            assertThat(SkaldProcess.send(http, push).status()).isEqualTo(204);
            acked.set(batch, System.nanoTime());
        }
        double seconds = (System.nanoTime() - begin) / 1e9;
        System.err.printf("pushed %d lines in %.1f s%n", arrived.length(), seconds);
    }

    private static String body(int batch) {
        Instant now = Instant.now();
        long time = now.getEpochSecond() * 1_000_000_000L + now.getNano();
        StringBuilder b = new StringBuilder("{\"streams\":[");
        int n = batch * LINES_PER_BATCH;
        for (int tail = 0; tail < TAILS; tail++) {
            b.append(tail == 0 ? "" : ",")
                    .append("{\"stream\":{\"app\":\"tail-")
                    .append(tail)
                    .append("\"},\"values\":[");
            for (int i = 0; i < LINES_PER_BATCH / TAILS; i++, n++) {
                b.append(i == 0 ? "" : ",")
                        .append("[\"")
                        .append(time + i)
                        .append("\",\"level=info msg=\\\"request served\\\" n=");
                b.append(n)
                        .append(" path=/api/v1/orders/")
                        .append(n * 31 % 9973)
                        .append(" status=200 took=12ms\"]");
            }
            b.append("]}");
        }
        return b.append("]}").toString();
    }

    private String report() {
        long[] micros = new long[arrived.length()];
        int count = 0;
        for (int n = 0; n < arrived.length(); n++) {
            if (arrived.get(n) != 0) {
                // a line may be at its client before the pushing client has read its answer
                micros[count++] = Math.max(0, arrived.get(n) - acked.get(n / LINES_PER_BATCH)) / 1000;
            }
        }
        Arrays.sort(micros, 0, count);
        return String.format(
                "%d tails, %d lines/s for %d s: %d of %d lines received, %d repeated; ack to client p50 %.1f ms, p99 %.1f ms, max %.1f ms",
                TAILS,
                BATCHES_PER_SECOND * LINES_PER_BATCH,
                SECONDS,
                count,
                arrived.length(),
                repeated.get(),
                micros[count / 2] / 1e3,
                micros[(int) (count * 0.99)] / 1e3,
                micros[Math.max(0, count - 1)] / 1e3);
    }
}
