/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.bench.load;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The process under load: started by this program, or found at a URL. Thread-safe but for starting and stopping. */
final class Target implements AutoCloseable {
    private static final Pattern VALUE = Pattern.compile("\"value\":\\[[^,]*,\"([0-9.e+]+)\"");

    private final String url;
    private final @Nullable String command;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();
    private @Nullable Process process;

    Target(String url, @Nullable String command) {
        this.url = url;
        this.command = command;
    }

    /** Starts the process if there is a command, and waits until it is ready; returns how long that took, milliseconds. */
    long start() throws IOException, InterruptedException {
        long begin = System.nanoTime();
        String c = command;
        if (c != null) {
            process = new ProcessBuilder(List.of("/bin/sh", "-c", "exec " + c))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(new File("load-target.log")))
                    .start();
        }
        while (status("/ready") != 200) {
            Process p = process;
            if (p != null && !p.isAlive()) {
                throw new IOException("the process ended with " + p.exitValue() + ", see load-target.log");
            }
            if (System.nanoTime() - begin > 120_000_000_000L) {
                throw new IOException(url + " is not ready after two minutes");
            }
            Thread.sleep(10);
        }
        return (System.nanoTime() - begin) / 1_000_000;
    }

    private int status(String path) throws InterruptedException {
        try {
            return http.send(
                            HttpRequest.newBuilder(URI.create(url + path))
                                    .timeout(Duration.ofSeconds(5))
                                    .build(),
                            HttpResponse.BodyHandlers.discarding())
                    .statusCode();
        } catch (IOException e) {
            // it does not listen yet
            return 0;
        }
    }

    /** Pushes a body once; the status, 0 when there was no answer. */
    int push(byte[] body) throws InterruptedException {
        try {
            return http.send(
                            HttpRequest.newBuilder(URI.create(url + "/loki/api/v1/push"))
                                    .header("Content-Type", "application/x-protobuf")
                                    .timeout(Duration.ofSeconds(60))
                                    .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                                    .build(),
                            HttpResponse.BodyHandlers.discarding())
                    .statusCode();
        } catch (IOException e) {
            return 0;
        }
    }

    /** Posts text; the status. */
    int post(String path, String body) throws IOException, InterruptedException {
        return http.send(
                        HttpRequest.newBuilder(URI.create(url + path))
                                .POST(HttpRequest.BodyPublishers.ofString(body))
                                .build(),
                        HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }

    /** The sum of all values of a metric. */
    double metric(String name) throws IOException, InterruptedException {
        String text = http.send(
                        HttpRequest.newBuilder(URI.create(url + "/metrics")).build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
        return text.lines()
                .filter(l -> l.startsWith(name + " ") || l.startsWith(name + "{"))
                .mapToDouble(l -> Double.parseDouble(l.substring(l.lastIndexOf(' '))))
                .sum();
    }

    /** Moves everything into segments. */
    String flush() throws IOException, InterruptedException {
        return http.send(
                        HttpRequest.newBuilder(URI.create(url + "/flush"))
                                .POST(HttpRequest.BodyPublishers.noBody())
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body()
                .strip();
    }

    /** The number that an instant query gives, -1 for none. */
    long count(String query) throws IOException, InterruptedException {
        HttpResponse<String> answer = http.send(
                HttpRequest.newBuilder(URI.create(
                                url + "/loki/api/v1/query?query=" + URLEncoder.encode(query, StandardCharsets.UTF_8)))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new IOException(query + ": " + answer.statusCode() + " " + answer.body());
        }
        Matcher m = VALUE.matcher(answer.body());
        return m.find() ? Math.round(Double.parseDouble(m.group(1))) : -1;
    }

    /** A number of {@code /proc/PID/status} in MiB; 0 when the process was not started here. */
    long memoryMiB(String key) throws IOException {
        Process p = process;
        Path status = p == null ? null : Path.of("/proc/" + p.pid() + "/status");
        if (status == null || !Files.exists(status)) {
            return 0;
        }
        for (String line : Files.readAllLines(status)) {
            if (line.startsWith(key + ":")) {
                return Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024;
            }
        }
        return 0;
    }

    /** Seconds of CPU that the process has used; 0 when it was not started here. */
    double cpuSeconds() {
        Process p = process;
        return p == null
                ? 0
                : p.toHandle().info().totalCpuDuration().orElse(Duration.ZERO).toMillis() / 1e3;
    }

    /** Ends the process as {@code kill -9} does. */
    void kill() throws InterruptedException {
        Process p = process;
        if (p != null) {
            p.destroyForcibly();
            if (!p.waitFor(30, TimeUnit.SECONDS)) {
                throw new IllegalStateException("process " + p.pid() + " does not die");
            }
        }
    }

    @Override
    public void close() {
        Process p = process;
        if (p != null && p.isAlive()) {
            p.destroy();
            try {
                if (!p.waitFor(120, TimeUnit.SECONDS)) {
                    p.destroyForcibly();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        http.close();
    }
}
