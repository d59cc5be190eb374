/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.cli.CommandRun;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills the real process at random moments while it is pushed to and tails files that are rotated. Afterwards every acknowledged line is
 * there exactly once. {@code -Dskald.kills=N} kills more often, {@code -Dskald.seed=N} repeats a run's choices.
 */
class CrashIT {
    private static final int PUSHERS = 3;
    private static final int LINES_PER_FILE = 400;

    private final AtomicReference<String> url = new AtomicReference<>("");
    private final AtomicBoolean stop = new AtomicBoolean();
    private final ConcurrentSkipListSet<String> acknowledged = new ConcurrentSkipListSet<>();
    private final ConcurrentSkipListSet<String> written = new ConcurrentSkipListSet<>();

    @Test
    void everyAcknowledgedLineIsThereOnce(@TempDir Path dir) throws Exception {
        int kills = Integer.getInteger("skald.kills", 5);
        long seed = Long.getLong("skald.seed", System.nanoTime());
        System.out.println("CrashIT: -Dskald.seed=" + seed + " -Dskald.kills=" + kills);
        Random random = new Random(seed);
        Path logs = Files.createDirectories(dir.resolve("logs"));
        Path config = Files.writeString(
                dir.resolve("skald.yaml"),
                "http: {listen: '127.0.0.1:0'}\nwal: {segment_size: 1MB, disk_reserve: 0}\nflush: {max_wal_bytes: 1MB, max_age: 2s}\n");
        String[] args = {
            "run",
            "--config",
            config.toString(),
            "--data",
            dir.resolve("data").toString(),
            "--log-level",
            "warn",
            "--tail",
            logs + "/*.log*"
        };
        List<Thread> load = new ArrayList<>();
        for (int i = 0; i < PUSHERS; i++) {
            int id = i;
            load.add(Thread.ofPlatform().start(() -> pushUntilStopped(id)));
        }
        load.add(Thread.ofPlatform().start(() -> writeFiles(logs)));
        for (int k = 0; k < kills; k++) {
            SkaldProcess skald = SkaldProcess.start(dir.resolve("out"), args);
            // every second kill comes while the process may still be starting
            if (k % 2 == 0) {
                url.set(skald.awaitUrl());
            }
            LockSupport.parkNanos(Duration.ofMillis(200 + random.nextInt(2000)).toNanos());
            skald.kill();
        }
        try (SkaldProcess skald = SkaldProcess.start(dir.resolve("out"), args)) {
            url.set(skald.awaitUrl());
            LockSupport.parkNanos(Duration.ofMillis(500).toNanos());
            stop.set(true);
            for (Thread t : load) {
                t.join();
            }
            assertAllOnce("after " + kills + " kills, seed " + seed);
            assertThat(skald.stop()).as("exit code after SIGTERM").isZero();
        }
        try (SkaldProcess skald = SkaldProcess.start(dir.resolve("out"), args)) {
            url.set(skald.awaitUrl());
            assertAllOnce("after a stop in order, seed " + seed);
        }
    }

    private void assertAllOnce(String when) throws InterruptedException {
        List<String> expected = new ArrayList<>(acknowledged);
        expected.addAll(written);
        long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        List<String> found = stored();
        while (found.size() < expected.size() && System.nanoTime() < deadline) {
            Thread.sleep(200);
            found = stored();
        }
        TreeMap<String, Integer> difference = new TreeMap<>();
        expected.forEach(l -> difference.merge(l, -1, Integer::sum));
        found.forEach(l -> difference.merge(l, 1, Integer::sum));
        difference.values().removeIf(n -> n == 0);
        assertThat(difference)
                .as("lines lost (-1) or doubled (+1) of " + expected.size() + " " + when)
                .isEmpty();
        assertThat(expected).as("lines under load").hasSizeGreaterThan(100);
    }

    private List<String> stored() {
        List<String> lines = new ArrayList<>();
        for (String query : List.of("{job=\"crash\"}", "{filename=~\".+\"}")) {
            CommandRun run = CommandRun.of("query", query, "--since", "1h", "-o", "raw", "--url", url.get());
            assertThat(run.exitCode()).as(run.err()).isZero();
            lines.addAll(run.lines());
        }
        return lines;
    }

    /** Pushes batch after batch; what is not acknowledged is sent again as it was, as a client would. */
    private void pushUntilStopped(int id) {
        HttpClient http =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        int next = 0;
        while (!stop.get()) {
            StringBuilder values = new StringBuilder();
            List<String> lines = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                String line = "push " + id + " line " + next++ + " " + "x".repeat(200);
                Instant now = Instant.now();
                values.append(i == 0 ? "" : ",")
                        .append("[\"" + (now.getEpochSecond() * 1_000_000_000L + now.getNano() + i) + "\",\"" + line
                                + "\"]");
                lines.add(line);
            }
            String body = "{\"streams\":[{\"stream\":{\"job\":\"crash\",\"pusher\":\"" + id + "\"},\"values\":["
                    + values + "]}]}";
            while (!push(http, body)) {
                LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
            }
            acknowledged.addAll(lines);
        }
    }

    private boolean push(HttpClient http, String body) {
        if (url.get().isEmpty()) {
            return false;
        }
        try {
            HttpRequest r = HttpRequest.newBuilder(URI.create(url.get() + "/loki/api/v1/push"))
                    .timeout(Duration.ofSeconds(5))
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(body))
                    .build();
            int status = SkaldProcess.send(http, r).status();
            assertThat(status).isNotEqualTo(400);
            return status / 100 == 2;
        } catch (IOException e) {
            return false; // the process was killed; the next one gets it
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Appends to a file and rotates it by renaming, as logrotate does. */
    private void writeFiles(Path logs) {
        Path file = logs.resolve("app.log");
        int line = 0;
        int generation = 0;
        try {
            while (!stop.get()) {
                StringBuilder text = new StringBuilder();
                for (int i = 0; i < 10; i++) {
                    String l = "file line " + line++ + " " + "y".repeat(100);
                    text.append(l).append('\n');
                    written.add(l);
                }
                Files.writeString(file, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
                if (line % LINES_PER_FILE == 0) {
                    Files.move(file, logs.resolve("app.log." + ++generation));
                }
                LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
