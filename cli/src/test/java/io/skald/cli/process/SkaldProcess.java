/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.process;

import io.skald.cli.run.Role;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A real process: what was built in the directory that the property {@code skald.stage} names, by its launcher; where it is not set, {@code
 * java … io.skald.cli.Main ARGS} with the class path of this test.
 */
public final class SkaldProcess implements AutoCloseable {
    private static final Pattern LISTENS = Pattern.compile("listens on (http://\\S+)");
    private static final List<String> OPTIONS = List.of("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");
    private static final String MAIN = "io.skald.cli.Main";
    private static final @Nullable Path STAGE =
            System.getProperty("skald.stage") == null ? null : Path.of(System.getProperty("skald.stage"));
    private static final Duration START = Duration.ofSeconds(60);
    private static final Pattern ONLY_TESTS = Pattern.compile(
            "/com/(amazonaws|azure|google/(cloud|auth|api|http-client))/|/org/(gaul|eclipse/jetty)/|/opentelemetry/");

    private final Process process;
    private final Path out;
    private final Path err;

    private SkaldProcess(Process process, Path out, Path err) {
        this.process = process;
        this.out = out;
        this.err = err;
    }

    /** Starts a process; its output goes to files in {@code logs}. */
    public static SkaldProcess start(Path logs, String... args) throws IOException {
        return start(logs, OPTIONS, args);
    }

    /** The same, with other options for the JVM. */
    static SkaldProcess start(Path logs, List<String> options, String... args) throws IOException {
        return launch(logs, options, MAIN, args);
    }

    /** An ingester or a querier with a clock that is wrong. */
    static SkaldProcess shifted(Path logs, Duration by, Role role, String config, String data) throws IOException {
        return launch(logs, OPTIONS, ShiftedClock.class.getName(), by.toString(), role.name(), config, data);
    }

    private static SkaldProcess launch(Path logs, List<String> options, String main, String... args)
            throws IOException {
        List<String> command = new ArrayList<>();
        boolean launched = STAGE != null && main.equals(MAIN);
        if (launched) {
            command.add(STAGE.resolve("skald").toString());
        } else {
            command.add(ProcessHandle.current().info().command().orElse("java"));
            command.addAll(options);
            command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow"));
            command.addAll(List.of("-cp", classPath(), main));
        }
        command.addAll(List.of(args));
        // the launcher chooses the collector
        String added = options.stream().filter(o -> !o.endsWith("GC")).collect(Collectors.joining(" "));
        return begin(logs, command, launched ? Map.of("SKALD_JAVA_OPTS", added) : Map.of());
    }

    /** The program as it is shipped, with the options that its launcher gives to the JVM, and no others. */
    static SkaldProcess launched(Path logs, Path launcher, String... args) throws IOException {
        List<String> command = new ArrayList<>(List.of(launcher.toString()));
        command.addAll(List.of(args));
        return begin(logs, command, Map.of());
    }

    private static SkaldProcess begin(Path logs, List<String> command, Map<String, String> environment)
            throws IOException {
        Files.createDirectories(logs);
        Path out = Files.createTempFile(logs, "out", ".txt");
        Path err = Files.createTempFile(logs, "err", ".txt");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().putAll(environment);
        // what the local services of tests take
        builder.environment().put("AWS_ACCESS_KEY_ID", "test");
        builder.environment().put("AWS_SECRET_ACCESS_KEY", "test");
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        return new SkaldProcess(builder.start(), out, err);
    }

    /** This test's class path without what only the local services of AWS need: much of it would be looked through at every start. */
    private static String classPath() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(p -> !ONLY_TESTS.matcher(p.replace('\\', '/')).find())
                .collect(Collectors.joining(File.pathSeparator));
    }

    /** The address that the process printed, once it serves. */
    public String awaitUrl() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + START.toNanos();
        while (System.nanoTime() < deadline) {
            Matcher m = LISTENS.matcher(Files.readString(out));
            if (m.find()) {
                return m.group(1);
            }
            if (process.waitFor(20, TimeUnit.MILLISECONDS)) {
                break;
            }
        }
        throw new IOException("the process did not come up: " + output());
    }

    /** Where its standard input is written. */
    OutputStream in() {
        return process.getOutputStream();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    public long pid() {
        return process.pid();
    }

    public String out() throws IOException {
        return Files.readString(out);
    }

    public String err() throws IOException {
        return Files.readString(err);
    }

    private String output() throws IOException {
        return (process.isAlive() ? "still running" : "exit " + process.exitValue()) + "\n" + out() + "\n" + err();
    }

    /** Ends it at once, as a crash would. */
    public void kill() {
        process.destroyForcibly().onExit().join();
    }

    /** Stops all of it where it is (SIGSTOP): for others it is as if it were slow without end. */
    void pause() throws IOException, InterruptedException {
        signal("-STOP");
    }

    /** Lets it go on where it stopped. */
    void resume() throws IOException, InterruptedException {
        signal("-CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        int status = new ProcessBuilder("kill", name, Long.toString(process.pid()))
                .start()
                .waitFor();
        if (status != 0) {
            throw new IOException("kill " + name + ": exit code " + status);
        }
    }

    /** Asks it to end (SIGTERM) and gives its exit code. */
    public int stop() throws InterruptedException, IOException {
        process.destroy();
        return awaitExit();
    }

    public int awaitExit() throws InterruptedException, IOException {
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            throw new IOException("the process does not end: " + output());
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        kill();
    }

    /** An answer of the server. */
    public record Reply(int status, String contentType, String body) {}

    /** Sends one request. */
    public static Reply send(HttpClient http, HttpRequest request) throws IOException, InterruptedException {
        HttpResponse<InputStream> r = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
        try (InputStream in = r.body()) {
            return new Reply(
                    r.statusCode(),
                    r.headers().firstValue("Content-Type").orElse(""),
                    new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    /** A GET. */
    public static Reply get(HttpClient http, String url) throws IOException, InterruptedException {
        return send(http, HttpRequest.newBuilder(URI.create(url)).build());
    }
}
