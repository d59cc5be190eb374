/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.skald.cli.CommandRun;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code skald run} as a user meets it: starting, pushing, querying, tailing files, stopping, and failing to start. */
class RunIT {
    @TempDir
    private Path dir;

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private SkaldProcess run(String data, String... more) throws IOException {
        List<String> args = new ArrayList<>(List.of(
                "run", "--http", "127.0.0.1:0", "--data", dir.resolve(data).toString()));
        args.addAll(List.of(more));
        return SkaldProcess.start(dir.resolve("out"), args.toArray(String[]::new));
    }

    private void push(String url, String line) throws Exception {
        Instant now = Instant.now();
        String time = Long.toString(now.getEpochSecond() * 1_000_000_000L + now.getNano());
        HttpRequest r = HttpRequest.newBuilder(URI.create(url + "/loki/api/v1/push"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"streams\":[{\"stream\":{\"app\":\"it\"},\"values\":[[\""
                        + time + "\",\"" + line + "\"]]}]}"))
                .build();
        assertThat(SkaldProcess.send(http, r).status()).isEqualTo(204);
    }

    @Test
    void keepsWhatItWasGivenAcrossAStop() throws Exception {
        try (SkaldProcess skald = run("data")) {
            String url = skald.awaitUrl();
            assertThat(SkaldProcess.get(http, url + "/ready").status()).isEqualTo(200);
            push(url, "first line");
            assertThat(CommandRun.of("query", "{app=\"it\"} |= \"first\"", "-o", "raw", "--url", url)
                            .out())
                    .isEqualTo("first line\n");
            HttpRequest flush = HttpRequest.newBuilder(URI.create(url + "/flush"))
                    .POST(HttpRequest.BodyPublishers.noBody())
                    .build();
            assertThat(SkaldProcess.send(http, flush).status()).isBetween(200, 204);
            push(url, "second line");
            assertThat(skald.out()).contains("Skald listens on " + url, "Grafana", "skald labels --url " + url);
            assertThat(skald.stop()).isZero();
            assertThat(skald.err()).doesNotContain("Exception");
        }
        try (SkaldProcess skald = run("data")) {
            String url = skald.awaitUrl();
            assertThat(CommandRun.of("query", "{app=\"it\"}", "-o", "raw", "--url", url)
                            .out())
                    .isEqualTo("first line\nsecond line\n");
            assertThat(CommandRun.of(
                                    "query",
                                    "count_over_time({app=\"it\"}[1h])",
                                    "--instant",
                                    "-o",
                                    "raw",
                                    "--url",
                                    url)
                            .out())
                    .isEqualTo("2\n");
            assertThat(CommandRun.of("labels", "app", "--url", url).out()).isEqualTo("it\n");
            assertThat(CommandRun.of("series", "{app=~\".+\"}", "--url", url).out())
                    .contains("app=\"it\"");
        }
    }

    @Test
    void tailsFilesAndCountsEveryLine() throws Exception {
        Path log = Files.createDirectories(dir.resolve("logs")).resolve("auth.log");
        Files.write(
                log,
                IntStream.range(0, 7000)
                        .mapToObj(i -> "line " + i + (i % 3 == 0 ? " failed" : " ok"))
                        .toList());
        try (SkaldProcess skald = run("data", "--tail", log.getParent() + "/*.log")) {
            String url = skald.awaitUrl();
            String[] query = {"query", "{filename=~\".+auth.log\"} |= \"failed\"", "-o", "raw", "--url", url};
            long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
            while (CommandRun.of(query).lines().size() < 2334 && System.nanoTime() < deadline) {
                Thread.sleep(100);
            }
            assertThat(CommandRun.of(query).lines()).hasSize(2334).doesNotHaveDuplicates();
        }
    }

    @Test
    void tailsFilesForATenant() throws Exception {
        Path log = Files.writeString(dir.resolve("a.log"), "a line\n");
        Path config = Files.writeString(dir.resolve("skald.yaml"), "multi_tenant: true\n");
        try (SkaldProcess skald =
                run("data", "--config", config.toString(), "--tail", log.toString(), "--tail-tenant", "team-a")) {
            String url = skald.awaitUrl();
            String[] query = {"query", "{filename=~\".+\"}", "-o", "raw", "--url", url, "--tenant", "team-a"};
            long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
            while (CommandRun.of(query).lines().isEmpty() && System.nanoTime() < deadline) {
                Thread.sleep(50);
            }
            assertThat(CommandRun.of(query).out()).isEqualTo("a line\n");
        }
    }

    @Test
    void pointsAtTheMistakeInAQuery() throws Exception {
        String[][] table = {
            {"{app=\"a\"", "parse error at line 1, col 9: ", "{app=\"a\"", "        ^"},
            {"{app=\"a\"} |= error", "parse error at line 1, col 14: ", "{app=\"a\"} |= error", "             ^"},
            {"sum(\n  rat({a=\"b\"}[1m]))", "parse error at line 2, col 3: ", "  rat({a=\"b\"}[1m]))", "  ^"},
        };
        try (SkaldProcess skald = run("data")) {
            String url = skald.awaitUrl();
            for (String[] row : table) {
                for (String[] command : new String[][] {{"query"}, {"query", "--instant"}, {"tail"}}) {
                    List<String> args = new ArrayList<>(List.of(command));
                    args.addAll(List.of(row[0], "--url", url));
                    CommandRun failed = CommandRun.of(args.toArray(String[]::new));
                    assertThat(failed.exitCode()).isEqualTo(1);
                    assertThat(failed.err().lines().toList())
                            .as(String.join(" ", args))
                            .hasSize(3)
                            .endsWith("  " + row[2], "  " + row[3])
                            .first()
                            .asString()
                            .startsWith("skald " + command[0] + ": " + row[1]);
                }
            }
        }
    }

    @Test
    void saysWhyItCannotStart() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String at = "127.0.0.1:" + taken.getLocalPort();
            assertFails(
                    "cannot listen on " + at,
                    "run",
                    "--http",
                    at,
                    "--data",
                    dir.resolve("a").toString());
        }
        Path file = Files.writeString(dir.resolve("file"), "");
        assertFails("cannot use data directory " + file, "run", "--http", "127.0.0.1:0", "--data", file.toString());
        assertFails(
                "cannot use data directory /dev/null/x: Not a directory",
                "run",
                "--http",
                "127.0.0.1:0",
                "--data",
                "/dev/null/x");
        assertFails(
                "[ab",
                "run",
                "--http",
                "127.0.0.1:0",
                "--data",
                dir.resolve("b").toString(),
                "--tail",
                "/x/[ab");
        assertFails("no such file: nope.yaml", "run", "--config", "nope.yaml");
        Path bad = Files.writeString(dir.resolve("bad.yaml"), "http: {lissten: x}\n");
        assertFails(
                "bad.yaml:1:8: unknown key 'lissten' in http; did you mean 'listen'?",
                "run",
                "--config",
                bad.toString());
        try (SkaldProcess first = run("c")) {
            first.awaitUrl();
            assertFails(
                    "data directory " + dir.resolve("c") + " is in use by process " + first.pid()
                            + "; each needs its own",
                    "run",
                    "--http",
                    "127.0.0.1:0",
                    "--data",
                    dir.resolve("c").toString());
        }
    }

    private void assertFails(String message, String... args) throws Exception {
        try (SkaldProcess skald = SkaldProcess.start(dir.resolve("out"), args)) {
            assertThat(skald.awaitExit()).as(skald.err()).isEqualTo(1);
            assertThat(skald.err()).contains(message).startsWith("skald run: ").doesNotContain("\tat ");
            assertThat(skald.err().lines()).hasSize(1);
        }
    }

    /** Runs where promtool is installed; elsewhere it is reported as skipped. */
    @Test
    void promtoolAcceptsTheMetrics() throws Exception {
        boolean there = Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(d -> Files.isExecutable(Path.of(d, "promtool")));
        assumeTrue(there, "promtool is not installed: the metrics are not linted");
        try (SkaldProcess skald = run("data")) {
            String url = skald.awaitUrl();
            push(url, "a line");
            Path metrics = Files.writeString(
                    dir.resolve("metrics.txt"),
                    SkaldProcess.get(http, url + "/metrics").body());
            Process promtool = new ProcessBuilder("promtool", "check", "metrics")
                    .redirectInput(metrics.toFile())
                    .redirectErrorStream(true)
                    .start();
            String report = new String(promtool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(promtool.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(report).isEmpty();
            assertThat(promtool.exitValue()).isZero();
        }
    }
}
