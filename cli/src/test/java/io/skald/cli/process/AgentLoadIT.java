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
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * What an agent stands and costs, started by the launcher with the options that it gives to the JVM: a surge while the server is down, many files,
 * the load of a usual node. Takes minutes, so it runs with {@code -Dskald.agent.load=true} only; {@code -Dskald.agent.outage=180} are the seconds
 * that the server is down, {@code -Dskald.launcher=FILE} is another launcher than that of this build.
 */
@EnabledIfSystemProperty(named = "skald.agent.load", matches = "true")
class AgentLoadIT {
    private static final Pattern ANSWERS = Pattern.compile("answers on port (\\d+)");
    private static final Path LAUNCHER =
            Path.of(System.getProperty("skald.launcher", "target/skald/skald")).toAbsolutePath();
    private static final int OUTAGE_SECONDS = Integer.getInteger("skald.agent.outage", 60);
    private static final int LINES_PER_SECOND = Integer.getInteger("skald.agent.rate", 83_000);
    private static final int FILES = 10;
    private static final long ROTATE_BYTES = 10 << 20;
    private static final int KEPT = 5;

    @TempDir
    private Path dir;

    private final HttpClient http = HttpClient.newHttpClient();
    private final AtomicBoolean stop = new AtomicBoolean();
    private SkaldProcess agent;
    private String agentUrl = "";

    /** Files that grow at a rate, each rotated at 10 MiB; five generations are kept. */
    private final class Surge implements Runnable {
        final long[] lines = new long[FILES];
        private final long[] bytes = new long[FILES];
        private final OutputStream[] out = new OutputStream[FILES];
        final AtomicLong written = new AtomicLong();
        volatile Throwable failed;

        private Path path(int file, int generation) {
            return dir.resolve("logs/f" + file + ".log" + (generation == 0 ? "" : "." + generation));
        }

        @Override
        public void run() {
            try {
                long began = System.nanoTime();
                while (!stop.get()) {
                    long due = (long) ((System.nanoTime() - began) / 1e9 * LINES_PER_SECOND);
                    int file = (int) (written.get() / 500 % FILES);
                    if (due - written.get() < 500) {
                        LockSupport.parkNanos(1_000_000);
                        continue;
                    }
                    grow(file, 500);
                }
                for (OutputStream o : out) {
                    o.close();
                }
            } catch (IOException e) {
                failed = e;
            }
        }

        private void grow(int file, int n) throws IOException {
            if (out[file] == null || bytes[file] >= ROTATE_BYTES) {
                rotate(file);
            }
            StringBuilder b = new StringBuilder(n * 130);
            for (int i = 0; i < n; i++) {
                long number = lines[file]++;
                b.append("level=")
                        .append(number % 50 == 0 ? "warn" : "info")
                        .append(" n=")
                        .append(number);
                b.append(" msg=\"request served\" method=GET path=/api/v1/items/")
                        .append(number * 7919 % 10007);
                b.append(" status=")
                        .append(number % 97 == 0 ? 500 : 200)
                        .append(" user=u")
                        .append(number * 31 % 4999);
                b.append(" duration=").append(number * 104729 % 1999).append("ms\n");
            }
            byte[] chunk = b.toString().getBytes(StandardCharsets.UTF_8);
            out[file].write(chunk);
            bytes[file] += chunk.length;
            written.addAndGet(n);
        }

        private void rotate(int file) throws IOException {
            if (out[file] != null) {
                out[file].close();
                Files.deleteIfExists(path(file, KEPT));
                for (int i = KEPT - 1; i >= 0; i--) {
                    if (Files.exists(path(file, i))) {
                        Files.move(path(file, i), path(file, i + 1));
                    }
                }
            }
            bytes[file] = 0;
            out[file] = Files.newOutputStream(path(file, 0), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
    }

    /** How the agent stands every ten seconds, as a table. */
    private final class Series implements Runnable {
        private static final long PERIOD_NANOS = 10_000_000_000L;
        private final List<String> rows = new ArrayList<>();
        private final Surge surge;
        volatile String phase = "up";
        volatile boolean over;

        Series(Surge surge) {
            this.surge = surge;
        }

        @Override
        public void run() {
            long began = System.nanoTime();
            for (int i = 0; !over; i++) {
                while (!over && System.nanoTime() < began + i * PERIOD_NANOS) {
                    LockSupport.parkNanos(20_000_000); // ends soon after it is over
                }
                try {
                    rows.add("%5.0f  %-8s %12d %12.0f %12.0f %9.1f %7.1f %7.1f"
                            .formatted(
                                    (System.nanoTime() - began) / 1e9,
                                    phase,
                                    surge.written.get(),
                                    metric("read_lines_total"),
                                    metric("acked_lines_total"),
                                    metric("spool_bytes") / 1e6,
                                    memory(agent.pid(), "VmRSS") * 1024 / 1e6,
                                    cpu(agent.pid())));
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }
        }

        void print() {
            say("    s  server      written         read acknowledged outbox MB  RSS MB   CPU s");
            rows.forEach(AgentLoadIT::say);
        }
    }

    private void startAgent(String url, String globs) throws Exception {
        Files.createDirectories(dir.resolve("logs"));
        Files.writeString(dir.resolve("agent.yaml"), """
                server: {http_listen_address: 127.0.0.1, http_listen_port: 0}
                positions: {filename: "%s"}
                clients: [{url: "%s", backoff_config: {max_period: 2s}}]
                scrape_configs:
                  - job_name: files
                    static_configs: [{labels: {job: load, __path__: "%s"}}]
                """.formatted(dir.resolve("state/positions.yaml"), url, globs));
        agent = SkaldProcess.launched(
                dir.resolve("out"),
                LAUNCHER,
                "agent",
                "--config",
                dir.resolve("agent.yaml").toString());
        until(Duration.ofSeconds(60), () -> text(agent::out).matches("(?s).*answers on port \\d+.*"));
        Matcher m = ANSWERS.matcher(agent.out());
        assertThat(m.find()).isTrue();
        agentUrl = "http://127.0.0.1:" + m.group(1);
        until(
                Duration.ofSeconds(60),
                () -> text(() -> SkaldProcess.get(http, agentUrl + "/ready").status() + "")
                        .equals("200"));
    }

    /** Something that is asked for. */
    private interface Question {
        String answer() throws Exception;
    }

    private static String text(Question q) {
        try {
            return q.answer();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static void until(Duration atMost, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + atMost.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
            Thread.sleep(20); // polls with a deadline
        }
    }

    private double metric(String name) {
        String all = text(() -> SkaldProcess.get(http, agentUrl + "/metrics").body());
        Matcher m = Pattern.compile("(?m)^skald_agent_" + name + "(?:\\{[^}]*})? (\\S+)$")
                .matcher(all);
        return m.find() ? Double.parseDouble(m.group(1)) : 0;
    }

    /** Kilobytes of a line of /proc/PID/status. */
    private static long memory(long pid, String key) throws IOException {
        return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
                .filter(l -> l.startsWith(key + ":"))
                .mapToLong(l -> Long.parseLong(l.replaceAll("\\D", "")))
                .sum();
    }

    /** Seconds of CPU time. */
    private static double cpu(long pid) {
        return ProcessHandle.of(pid)
                .flatMap(p -> p.info().totalCpuDuration())
                .map(d -> d.toMillis() / 1e3)
                .orElse(0.0);
    }

    private String query(String url, String query) throws Exception {
        String body = SkaldProcess.get(
                        http, url + "/loki/api/v1/query?query=" + URLEncoder.encode(query, StandardCharsets.UTF_8))
                .body();
        Matcher m = Pattern.compile("\"value\":\\[[^,]*,\"([^\"]+)\"]").matcher(body);
        return m.find() ? m.group(1) : body;
    }

    private SkaldProcess server(String listen) throws IOException {
        Path config = dir.resolve("skald.yaml");
        Files.writeString(
                config,
                "http: {listen: '" + listen + "'}\nlimits: {ingestion_rate_mb: 1000, ingestion_burst_size_mb: 2000}\n");
        return SkaldProcess.start(
                dir.resolve("out"),
                "run",
                "--config",
                config.toString(),
                "--data",
                dir.resolve("data").toString());
    }

    private static void say(String what) {
        System.out.println("AgentLoadIT: " + what);
    }

    @Test
    void aSurgeWhileTheServerIsDownLosesNothingAndIsSentQuickly() throws Exception {
        Files.createDirectories(dir.resolve("logs"));
        Surge surge = new Surge();
        SkaldProcess skald = server("127.0.0.1:0");
        try {
            String url = skald.awaitUrl();
            startAgent(url, dir.resolve("logs/*.log").toString());
            Thread writer = Thread.ofPlatform().start(surge);
            Series series = new Series(surge);
            Thread sampler = Thread.ofPlatform().start(series);
            until(Duration.ofSeconds(60), () -> metric("acked_lines_total") > LINES_PER_SECOND);
            skald.kill();
            series.phase = "down";
            long downLines = surge.written.get();
            double downAt = cpu(agent.pid());
            Thread.sleep(Duration.ofSeconds(OUTAGE_SECONDS));
            say("down %d s: %d lines written, %.0f read, %.0f MB in the outbox, %.1f CPU-s, RSS %d MB"
                    .formatted(
                            OUTAGE_SECONDS,
                            surge.written.get() - downLines,
                            metric("read_lines_total"),
                            metric("spool_bytes") / 1e6,
                            cpu(agent.pid()) - downAt,
                            memory(agent.pid(), "VmRSS") / 1024));
            skald = server(url.substring("http://".length()));
            skald.awaitUrl();
            series.phase = "draining";
            double before = metric("acked_lines_total");
            until(Duration.ofSeconds(30), () -> metric("acked_lines_total") > before);
            double first = metric("acked_lines_total");
            long from = System.nanoTime();
            until(
                    Duration.ofMinutes(10),
                    () -> surge.written.get() - metric("acked_lines_total") < 3.0 * LINES_PER_SECOND);
            double seconds = (System.nanoTime() - from) / 1e9;
            double rate = (metric("acked_lines_total") - first) / seconds;
            say("drained in %.1f s at %.0f lines/s, %.2f times what came in"
                    .formatted(seconds, rate, rate / LINES_PER_SECOND));
            series.phase = "up";
            Thread.sleep(Duration.ofSeconds(10));
            stop.set(true);
            writer.join();
            assertThat(surge.failed).isNull();
            until(Duration.ofMinutes(2), () -> metric("acked_lines_total") >= surge.written.get());
            series.over = true;
            sampler.join();
            series.print();
            say("peak RSS %d MB, dropped %.0f"
                    .formatted(memory(agent.pid(), "VmHWM") / 1024, metric("dropped_lines_total")));
            List<String> wrong = new ArrayList<>();
            for (int f = 0; f < FILES; f++) {
                String of = "{filename=\"" + surge.path(f, 0) + "\"}";
                long n = surge.lines[f];
                double sum =
                        Double.parseDouble(query(url, "sum(sum_over_time(" + of + " | logfmt n | unwrap n [24h]))"));
                String count = query(url, "sum(count_over_time(" + of + "[24h]))");
                if (!count.equals(Long.toString(n)) || sum != n * (n - 1) / 2.0) {
                    wrong.add(of + ": " + count + " of " + n + ", sum " + sum + " of " + n * (n - 1) / 2.0);
                }
            }
            assertThat(wrong).isEmpty();
            assertThat(rate).isGreaterThan(3.0 * LINES_PER_SECOND);
            assertThat(memory(agent.pid(), "VmHWM")).as("kilobytes").isLessThan(256 << 10);
        } finally {
            stop.set(true);
            skald.close();
            agent.close();
        }
    }

    @Test
    void tenThousandFilesOfWhichAHundredGrow() throws Exception {
        int files = 10_000;
        for (int i = 0; i < files; i++) {
            Path p = dir.resolve("logs/d" + i % 100 + "/f" + i + ".log");
            Files.createDirectories(p.getParent());
            Files.writeString(p, "first line of " + i + "\n");
        }
        try (SkaldProcess skald = server("127.0.0.1:0")) {
            String url = skald.awaitUrl();
            startAgent(url, dir.resolve("logs/*/*.log").toString());
            until(Duration.ofMinutes(2), () -> metric("acked_lines_total") >= files);
            Thread.sleep(10_000); // what was just read is looked at often for a while
            double before = cpu(agent.pid());
            Thread.sleep(20_000);
            say("%d files, none grows: %.2f %% of a core, RSS %d MB"
                    .formatted(files, (cpu(agent.pid()) - before) / 20 * 100, memory(agent.pid(), "VmRSS") / 1024));
            Thread writer = Thread.ofPlatform().start(() -> grow(100));
            double growing = cpu(agent.pid());
            Thread.sleep(20_000);
            say("100 of them grow by 10 lines/s: %.2f %% of a core, RSS %d MB"
                    .formatted((cpu(agent.pid()) - growing) / 20 * 100, memory(agent.pid(), "VmRSS") / 1024));
            long worst = 0;
            for (int i = 0; i < 10; i++) {
                Path p = dir.resolve("logs/d" + i + "/new" + i + ".log");
                long at = System.nanoTime();
                Files.writeString(p, "the first line\n");
                until(
                        Duration.ofSeconds(20),
                        () -> text(() -> query(url, "sum(count_over_time({filename=\"" + p + "\"}[1h]))"))
                                .equals("1"));
                worst = Math.max(worst, System.nanoTime() - at);
            }
            stop.set(true);
            writer.join();
            say("the first line of a new file can be queried after %.0f ms at worst, of 10".formatted(worst / 1e6));
            assertThat(worst).isLessThan(1_000_000_000L);
        } finally {
            stop.set(true);
            agent.close();
        }
    }

    @Test
    void theLoadOfAUsualNode() throws Exception {
        try (SkaldProcess skald = server("127.0.0.1:0")) {
            startAgent(skald.awaitUrl(), dir.resolve("logs/*/*.log").toString());
            Thread writer = Thread.ofPlatform().start(() -> grow(50));
            Thread.sleep(60_000); // until it is compiled, as it would be after some hours
            double before = cpu(agent.pid());
            Thread.sleep(60_000);
            say("50 pods, 500 lines/s: %.2f %% of a core, RSS %d MB"
                    .formatted((cpu(agent.pid()) - before) / 60 * 100, memory(agent.pid(), "VmRSS") / 1024));
            stop.set(true);
            writer.join();
        } finally {
            stop.set(true);
            agent.close();
        }
    }

    /** Ten lines a second into each of so many files, one after the other. */
    private void grow(int files) {
        long began = System.nanoTime();
        for (long n = 0; !stop.get(); n++) {
            int file = (int) (n % files);
            Path p = dir.resolve("logs/d" + file % 100 + "/f" + file + ".log");
            try {
                Files.createDirectories(p.getParent());
                Files.writeString(
                        p,
                        "level=info n=" + n + " msg=\"request served\" path=/api/v1/items/" + n * 7919 % 10007 + "\n",
                        StandardOpenOption.CREATE,
                        StandardOpenOption.APPEND);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            long due = began + (n + 1) * (100_000_000L / files);
            LockSupport.parkNanos(due - System.nanoTime());
        }
    }
}
