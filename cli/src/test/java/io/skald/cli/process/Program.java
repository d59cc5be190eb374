/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.process;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** A program that is installed here, as its own process. A test that needs one that is not is reported as skipped. */
final class Program implements AutoCloseable {
    private final Process process;
    final String url;

    private Program(Process process, String url) {
        this.process = process;
        this.url = url;
    }

    static void assumeInstalled(String program) {
        boolean there = Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(d -> Files.isExecutable(Path.of(d, program)));
        assumeTrue(there, program + " is not installed");
    }

    static int freePort() throws IOException {
        try (ServerSocket s = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return s.getLocalPort();
        }
    }

    /** Debian's Alertmanager; returns once it answers. */
    static Program alertmanager(Path dir, int port) throws Exception {
        Path config = Files.writeString(dir.resolve("am.yml"), "route: {receiver: none}\nreceivers: [{name: none}]\n");
        return start(
                dir,
                port,
                "prometheus-alertmanager",
                "--config.file=" + config,
                "--storage.path=" + dir.resolve("am"),
                "--web.listen-address=127.0.0.1:" + port,
                "--cluster.listen-address=");
    }

    /** Debian's Prometheus, which takes remote writes and scrapes nothing; returns once it answers. */
    static Program prometheus(Path dir, int port) throws Exception {
        Path config = Files.writeString(dir.resolve("prometheus.yml"), "global: {scrape_interval: 1h}\n");
        return start(
                dir,
                port,
                "prometheus",
                "--config.file=" + config,
                "--storage.tsdb.path=" + dir.resolve("tsdb"),
                "--web.listen-address=127.0.0.1:" + port,
                "--web.enable-remote-write-receiver");
    }

    private static Program start(Path dir, int port, String... command) throws Exception {
        Path log = Files.createTempFile(dir, command[0], ".log");
        Process p = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        Program program = new Program(p, "http://127.0.0.1:" + port);
        long deadline = System.nanoTime() + 30_000_000_000L;
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpRequest ready =
                    HttpRequest.newBuilder(URI.create(program.url + "/-/ready")).build();
            while (System.nanoTime() < deadline && p.isAlive()) {
                try {
                    if (http.send(ready, HttpResponse.BodyHandlers.ofString()).statusCode() == 200) {
                        return program;
                    }
                } catch (IOException e) {
                    // not yet
                    Thread.onSpinWait();
                }
            }
        }
        program.close();
        throw new IOException(command[0] + " did not come up: " + Files.readString(log));
    }

    /** Ends it as a crash would. */
    void kill() {
        process.destroyForcibly().onExit().join();
    }

    @Override
    public void close() {
        kill();
    }
}
