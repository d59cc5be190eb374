/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * An agent is killed at random points, again and again, while the files that it follows grow and rotate: every line that was written is in the
 * store, once. {@code -Dskald.agent.kills=1000} does more of it, {@code -Dskald.seed=N} repeats a run's choices.
 */
class AgentKillIT {
    private static final Pattern ANSWERS = Pattern.compile("answers on port (\\d+)");
    private static final Pattern LINE = Pattern.compile("\"line \\w+ (\\d+) ");
    private static final int KILLS = Integer.getInteger("skald.agent.kills", 3);
    /** How often a file rotates, on average once in so many lines. */
    private static final int ROTATE = 800;
    /** An agent is killed within this time, of its start or of being ready; a half of it is about what a start takes. */
    private static final int LIFE_MILLIS = 1600;

    @TempDir
    private Path dir;

    private final HttpClient http = HttpClient.newHttpClient();
    private final AtomicBoolean stop = new AtomicBoolean();
    private final AtomicReference<Throwable> failed = new AtomicReference<>();
    private final List<Growing> files = new CopyOnWriteArrayList<>();
    private String url = "";

    /** How a file is rotated. */
    private enum Rotation {
        /** {@code x.log} becomes {@code x.log.1}, that {@code x.log.2} and so on; the last generations are compressed. */
        NUMBERS,
        /** {@code x.log} becomes {@code x.log.20240501-100000}. */
        TIMES,
        /** {@code x.log} is copied and truncated. */
        COPY_TRUNCATE
    }

    /** A file that grows. */
    private final class Growing {
        private final String name;
        private final Rotation rotation;
        private final Path path;
        private final Random random;
        private int lines;
        private int inFile;
        private int generations;
        /** Lines whose second piece came so late, because this machine was busy, that they may be two entries. */
        private final List<Integer> late = new ArrayList<>();

        Growing(String name, Rotation rotation, long seed) {
            this.name = name;
            this.rotation = rotation;
            this.path = dir.resolve("logs").resolve(name + ".log");
            this.random = new Random(seed);
        }

        private void run() {
            try {
                while (!stop.get()) {
                    grow();
                    LockSupport.parkNanos(random.nextInt(50_000_000));
                    if (inFile > 0 && random.nextInt(ROTATE) < 10) {
                        rotate();
                    }
                }
            } catch (IOException | RuntimeException e) {
                failed.compareAndSet(null, e);
            }
        }

        /** Some lines, the last of them now and then in two pieces. */
        private void grow() throws IOException {
            StringBuilder b = new StringBuilder();
            int n = 1 + random.nextInt(20);
            for (int i = 0; i < n; i++) {
                b.append("line ").append(name).append(' ').append(lines++).append(" ");
                b.append("x".repeat(random.nextInt(200))).append('\n');
            }
            inFile += n;
            byte[] bytes = b.toString().getBytes(StandardCharsets.UTF_8);
            int cut = random.nextInt(4) == 0 ? 1 + random.nextInt(bytes.length - 1) : bytes.length;
            try (OutputStream out = Files.newOutputStream(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
                out.write(bytes, 0, cut);
                if (cut < bytes.length) {
                    long before = System.nanoTime();
                    LockSupport.parkNanos(random.nextInt(3_000_000));
                    out.write(bytes, cut, bytes.length - cut);
                    if (System.nanoTime() - before > 500_000_000) {
                        int first = lines - n;
                        late.add(first
                                + (int) b.substring(0, cut).lines().count()
                                - (b.charAt(cut - 1) == '\n' ? 0 : 1));
                    }
                }
            }
        }

        private void rotate() throws IOException {
            generations++;
            switch (rotation) {
                case NUMBERS -> {
                    for (int i = generations - 1; i > 0; i--) {
                        for (String end : List.of("", ".gz")) {
                            Path from = numbered(i, end);
                            if (Files.exists(from)) {
                                Files.move(from, numbered(i + 1, end));
                            }
                        }
                    }
                    Files.move(path, numbered(1, ""));
                    if (random.nextBoolean() && Files.exists(numbered(2, ""))) {
                        compress(numbered(2, ""), numbered(2, ".gz"));
                    }
                }
                case TIMES -> Files.move(path, path.resolveSibling(name + ".log.20240501-" + (100000 + generations)));
                case COPY_TRUNCATE -> {
                    Path copy = numbered(generations, "");
                    Files.copy(path, copy);
                    Files.newOutputStream(path, StandardOpenOption.TRUNCATE_EXISTING)
                            .close();
                    if (random.nextInt(4) == 0) {
                        compress(copy, numbered(generations, ".gz"));
                    }
                }
            }
            inFile = 0;
        }

        private Path numbered(int i, String end) {
            return path.resolveSibling(name + ".log." + i + end);
        }
    }

    /** As a program for it does: the compressed file is whole before the other goes. */
    private static void compress(Path from, Path to) throws IOException {
        Path temporary = to.resolveSibling("." + to.getFileName());
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(temporary))) {
            Files.copy(from, out);
        }
        Files.move(temporary, to);
        Files.delete(from);
    }

    private SkaldProcess agent() throws IOException {
        return SkaldProcess.start(
                dir.resolve("out"),
                "agent",
                "--config",
                dir.resolve("agent.yaml").toString());
    }

    private void awaitReady(SkaldProcess agent) throws Exception {
        long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (true) {
            Matcher m = ANSWERS.matcher(agent.out());
            if (m.find()
                    && SkaldProcess.get(http, "http://127.0.0.1:" + m.group(1) + "/ready")
                                    .status()
                            == 200) {
                return;
            }
            assertThat(System.nanoTime()).as(agent.out() + agent.err()).isLessThan(deadline);
            Thread.sleep(20);
        }
    }

    private long count(String selector) throws IOException, InterruptedException {
        String body = SkaldProcess.get(
                        http,
                        url + "/loki/api/v1/query?query="
                                + URLEncoder.encode(
                                        "sum(count_over_time(" + selector + "[24h]))", StandardCharsets.UTF_8))
                .body();
        Matcher m = Pattern.compile("\"value\":\\[[^,]*,\"(\\d+)\"]").matcher(body);
        return m.find() ? Long.parseLong(m.group(1)) : 0;
    }

    /** How often each line of a file is in the store more, or less, than once. */
    private List<String> difference(Growing f) throws IOException, InterruptedException {
        int[] found = new int[f.lines];
        String q = URLEncoder.encode("{file=\"" + f.name + "\"}", StandardCharsets.UTF_8);
        String body = SkaldProcess.get(http, url + "/loki/api/v1/query_range?since=24h&limit=5000000&query=" + q)
                .body();
        Matcher m = LINE.matcher(body);
        while (m.find()) {
            found[Integer.parseInt(m.group(1))]++;
        }
        f.late.forEach(i -> found[i] = 1);
        List<String> wrong = new ArrayList<>();
        for (int from = 0, to; from < found.length; from = to) {
            to = from + 1;
            while (to < found.length && found[to] == found[from]) {
                to++;
            }
            if (found[from] != 1) {
                wrong.add(f.rotation + " " + f.name + " lines " + from + " to " + (to - 1) + ": " + found[from]
                        + " times");
            }
        }
        return wrong;
    }

    private String configure() throws IOException {
        Files.createDirectories(dir.resolve("logs"));
        Files.writeString(
                dir.resolve("skald.yaml"),
                "http: {listen: '127.0.0.1:0'}\nlimits: {max_entries_limit_per_query: 5000000}\n");
        return dir.resolve("skald.yaml").toString();
    }

    private void configureAgent() throws IOException {
        Files.writeString(dir.resolve("agent.yaml"), """
                server: {http_listen_address: 127.0.0.1, http_listen_port: 0}
                positions: {filename: "%s"}
                clients: [{url: "%s"}]
                scrape_configs:
                  - job_name: files
                    static_configs: [{labels: {job: kill, __path__: "%s"}}]
                    pipeline_stages:
                      - regex: {expression: '^line (?P<file>\\w+) '}
                      - labels: {file: }
                """.formatted(
                        dir.resolve("state/positions.yaml"), url, dir.resolve("logs/*.log")));
    }

    @Test
    void everyLineIsThereOnceHoweverOftenTheAgentIsKilled() throws Exception {
        long seed = Long.getLong("skald.seed", System.nanoTime());
        System.out.println("AgentKillIT: -Dskald.seed=" + seed);
        Random random = new Random(seed);
        for (Rotation r : Rotation.values()) {
            files.add(new Growing("one_" + r, r, random.nextLong()));
            files.add(new Growing("two_" + r, r, random.nextLong()));
        }
        try (SkaldProcess skald = SkaldProcess.start(
                dir.resolve("out"),
                "run",
                "--config",
                configure(),
                "--data",
                dir.resolve("data").toString())) {
            url = skald.awaitUrl();
            configureAgent();
            SkaldProcess agent = agent();
            List<Thread> threads = new ArrayList<>();
            try {
                awaitReady(agent); // what is rotated away before the first start is no business of an agent
                files.forEach(f -> threads.add(Thread.ofPlatform().start(f::run)));
                for (int i = 0; i < KILLS; i++) {
                    if (random.nextInt(3) == 0) {
                        awaitReady(agent); // on a busy machine, too, some agents get far enough to read
                    }
                    LockSupport.parkNanos(
                            Duration.ofMillis(random.nextInt(LIFE_MILLIS)).toNanos());
                    agent.kill();
                    LockSupport.parkNanos(Duration.ofMillis(random.nextInt(100)).toNanos());
                    agent = agent();
                }
                stop.set(true);
                for (Thread t : threads) {
                    t.join();
                }
                assertThat(failed.get()).isNull();
                check(seed, agent);
            } finally {
                stop.set(true);
                agent.close();
            }
        }
    }

    private void check(long seed, SkaldProcess agent) throws Exception {
        long written = files.stream().mapToLong(f -> f.lines).sum();
        long had = -1;
        for (long deadline = 0, has; (has = count("{job=\"kill\"}")) < written; Thread.sleep(50)) {
            if (has > had) {
                had = has;
                deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
            } else if (System.nanoTime() > deadline) {
                break; // nothing comes any more; what is missing is told below
            }
        }
        assertThat(agent.stop()).as(agent.err()).isZero(); // what would be sent again now comes too
        List<String> wrong = new ArrayList<>();
        for (Growing f : files) {
            wrong.addAll(difference(f));
        }
        assertThat(wrong)
                .as("lines that are not there once, of " + written + " after " + KILLS + " kills, seed " + seed)
                .isEmpty();
        int late = files.stream().mapToInt(f -> f.late.size()).sum();
        assertThat(count("{job=\"kill\"}")).isBetween(written, written + late);
        int generations = files.stream().mapToInt(f -> f.generations).sum();
        System.out.println("AgentKillIT: " + written + " lines, " + generations + " rotations, " + KILLS + " kills");
        assertThat(generations).isGreaterThan(KILLS / 2);
    }
}
