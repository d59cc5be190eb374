/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code skald tail} under load, while its connection is cut and its server is killed, stopped and started again: every acknowledged line is
 * printed once. {@code -Dskald.cuts=N} does more of it, {@code -Dskald.seed=N} repeats a
 * run's choices.
 */
class TailIT {
    private final AtomicReference<String> url = new AtomicReference<>("");
    private final AtomicBoolean stop = new AtomicBoolean();
    private final List<String> acknowledged = Collections.synchronizedList(new ArrayList<>());

    @TempDir
    private Path dir;

    private SkaldProcess server(CuttingProxy proxy) throws Exception {
        Path config = Files.writeString(
                dir.resolve("skald.yaml"),
                "http: {listen: '127.0.0.1:0'}\nwal: {segment_size: 1MB, disk_reserve: 0}\nflush: {max_wal_bytes: 1MB, max_age: 1s}\n");
        SkaldProcess skald = SkaldProcess.start(
                dir.resolve("out"),
                "run",
                "--config",
                config.toString(),
                "--data",
                dir.resolve("data").toString());
        url.set(skald.awaitUrl());
        proxy.target(url.get());
        return skald;
    }

    @Test
    void printsEveryLineOnceThroughCutsAndRestarts() throws Exception {
        long seed = Long.getLong("skald.seed", System.nanoTime());
        System.out.println("TailIT: -Dskald.seed=" + seed);
        Random random = new Random(seed);
        try (CuttingProxy proxy = new CuttingProxy()) {
            SkaldProcess skald = server(proxy);
            Thread load = Thread.ofPlatform().start(this::pushUntilStopped);
            try (SkaldProcess tail = SkaldProcess.start(
                    dir.resolve("out"), "tail", "{job=\"tail\"}", "--since", "1h", "-o", "raw", "--url", proxy.url())) {
                for (int i = 0; i < Integer.getInteger("skald.cuts", 3); i++) {
                    awaitProgress(tail);
                    LockSupport.parkNanos(
                            Duration.ofMillis(random.nextInt(1000)).toNanos());
                    switch (i % 3) {
                        case 0 -> proxy.cut();
                        case 1 -> {
                            skald.kill();
                            skald = server(proxy);
                        }
                        default -> {
                            // in order: everything is flushed, and the tail's place in the log may be gone
                            assertThat(skald.stop()).isZero();
                            skald = server(proxy);
                        }
                    }
                }
                awaitProgress(tail);
                stop.set(true);
                load.join();
                awaitLines(tail, acknowledged.size());
                TreeMap<String, Integer> difference = new TreeMap<>();
                acknowledged.forEach(l -> difference.merge(l, -1, Integer::sum));
                tail.out().lines().forEach(l -> difference.merge(l, 1, Integer::sum));
                difference.values().removeIf(n -> n == 0);
                assertThat(difference)
                        .as("lines not printed (-1) or printed again (+1) of " + acknowledged.size() + ", seed " + seed
                                + "\n" + tail.err())
                        .isEmpty();
                assertThat(tail.err()).contains("connection lost, connecting again", "connected again");
            } finally {
                stop.set(true);
                skald.close();
            }
        }
    }

    /** What the cursor points at is let go by a flush while the connection is down: the lines are found by time. */
    @Test
    void goesOnWhenTheServersLogHasMovedOn() throws Exception {
        try (CuttingProxy proxy = new CuttingProxy()) {
            SkaldProcess skald = server(proxy);
            try (SkaldProcess tail = SkaldProcess.start(
                    dir.resolve("out"), "tail", "{job=\"tail\"}", "-o", "raw", "--url", proxy.url(), "--since", "1m")) {
                HttpClient http = HttpClient.newHttpClient();
                assertThat(push(http, body(List.of("first")))).isTrue();
                awaitLines(tail, 1);
                proxy.target("http://127.0.0.1:1");
                proxy.cut();
                assertThat(push(http, body(List.of("second")))).isTrue();
                assertThat(skald.stop()).isZero();
                try (SkaldProcess again = server(proxy)) {
                    assertThat(push(http, body(List.of("third")))).isTrue();
                    awaitLines(tail, 3);
                    assertThat(tail.out()).isEqualTo("first\nsecond\nthird\n");
                    assertThat(again.stop()).isZero();
                }
            } finally {
                skald.close();
            }
        }
    }

    @Test
    void refusesWhatCannotBeTailed() throws Exception {
        try (CuttingProxy proxy = new CuttingProxy();
                SkaldProcess skald = server(proxy);
                SkaldProcess tail =
                        SkaldProcess.start(dir.resolve("out"), "tail", "rate({a=\"b\"}[1m])", "--url", proxy.url())) {
            assertThat(tail.awaitExit()).isEqualTo(1);
            assertThat(tail.err())
                    .isEqualTo("skald tail: the server answered 400: a tail takes a query of lines, not of samples\n");
            assertThat(skald.stop()).isZero();
        }
    }

    private static void awaitProgress(SkaldProcess tail) throws Exception {
        awaitLines(tail, tail.out().lines().count() + 100);
    }

    private static void awaitLines(SkaldProcess tail, long lines) throws Exception {
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (tail.out().lines().count() < lines) {
            assertThat(System.nanoTime())
                    .as("the tail prints " + lines + " lines; "
                            + tail.out().lines().count() + " so far\n" + tail.err())
                    .isLessThan(deadline);
            Thread.sleep(20);
        }
    }

    /** Pushes batch after batch; what is not acknowledged is sent again as it was, as a client would. */
    private void pushUntilStopped() {
        HttpClient http =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        int next = 0;
        while (!stop.get()) {
            List<String> lines = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                lines.add("line " + next++ + " " + "x".repeat(100));
            }
            String body = body(lines);
            while (!push(http, body)) {
                LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
            }
            acknowledged.addAll(lines);
            LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
        }
    }

    private static String body(List<String> lines) {
        StringBuilder values = new StringBuilder();
        Instant now = Instant.now();
        long time = now.getEpochSecond() * 1_000_000_000L + now.getNano();
        for (String line : lines) {
            values.append(values.isEmpty() ? "" : ",").append("[\"" + time++ + "\",\"" + line + "\"]");
        }
        return "{\"streams\":[{\"stream\":{\"job\":\"tail\"},\"values\":[" + values + "]}]}";
    }

    private boolean push(HttpClient http, String body) {
        try {
            HttpRequest r = HttpRequest.newBuilder(URI.create(url.get() + "/loki/api/v1/push"))
                    .timeout(Duration.ofSeconds(5))
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(body))
                    .build();
            return SkaldProcess.send(http, r).status() / 100 == 2;
        } catch (IOException e) {
            return false; // the process was killed; the next one gets it
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
