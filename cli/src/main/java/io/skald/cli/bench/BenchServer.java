/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A server that this command starts, stops, and starts again. Confined to one thread. */
final class BenchServer implements AutoCloseable {
    private static final long START_NANOS = Duration.ofMinutes(2).toNanos();
    private static final long STOP_SECONDS = 120;
    private static final Path PAGE_CACHE = Path.of("/proc/sys/vm/drop_caches");

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final String url;
    private final String command;
    private final Path log;
    private @Nullable Process process;

    /**
     * @param command for {@code sh}; it becomes the server
     * @param log takes what the server writes
     */
    BenchServer(String url, String command, Path log) {
        this.url = url;
        this.command = command;
        this.log = log;
    }

    /**
     * Starts it.
     *
     * @return milliseconds until it was ready
     * @throws IOException if it ends, or is not ready after two minutes
     */
    long start() throws IOException, InterruptedException {
        if (ready()) {
            throw new IOException("something answers at " + url + " already");
        }
        long begin = System.nanoTime();
        Process p = new ProcessBuilder(List.of("/bin/sh", "-c", "exec " + command))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        process = p;
        // who stops this command in the middle does not want the server either
        Runtime.getRuntime().addShutdownHook(new Thread(p::destroy, "stop-server"));
        while (!ready()) {
            if (!p.isAlive() || System.nanoTime() - begin > START_NANOS) {
                throw new IOException((p.isAlive() ? "not ready after two minutes" : "ended with " + p.exitValue())
                        + ", see " + log + ": " + command);
            }
            Thread.sleep(5);
        }
        return (System.nanoTime() - begin) / 1_000_000;
    }

    private boolean ready() throws InterruptedException {
        HttpRequest r = HttpRequest.newBuilder(URI.create(url + "/ready"))
                .timeout(Duration.ofSeconds(5))
                .build();
        try {
            return http.send(r, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException e) {
            // it does not listen yet
            return false;
        }
    }

    /** Ends it as an operator does, and waits until it has. */
    void stop() throws IOException, InterruptedException {
        Process p = process;
        if (p != null) {
            p.destroy();
            if (!p.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException("process " + p.pid() + " does not end: " + command);
            }
        }
    }

    /** Makes the system forget what it has read of files; false if that is not allowed. */
    static boolean dropPageCache() {
        try {
            Files.writeString(PAGE_CACHE, "1");
            return true;
        } catch (IOException e) {
            // needs root and a kernel of its own; the report says that it was not done
            return false;
        }
    }

    /** Figures of the process that runs now. */
    ProcessFigures figures() {
        Process p = process;
        return new ProcessFigures(p == null ? 0 : p.pid());
    }

    @Override
    public void close() {
        Process p = process;
        if (p != null) {
            p.destroy();
            try {
                if (!p.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                    p.destroyForcibly();
                }
            } catch (InterruptedException e) {
                p.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        }
        http.close();
    }
}
