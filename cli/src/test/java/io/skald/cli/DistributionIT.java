/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the package phase has staged, and its launcher. */
class DistributionIT {
    private static final Path STAGE = Path.of("target/skald").toAbsolutePath();

    @TempDir
    Path dir;

    private record Result(int status, String out, String err) {}

    private Result run(Path command, Map<String, String> environment, String... args)
            throws IOException, InterruptedException {
        Path out = dir.resolve("out");
        Path err = dir.resolve("err");
        ProcessBuilder b = new ProcessBuilder(Stream.concat(Stream.of(command.toString()), Stream.of(args))
                        .toList())
                .directory(dir.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        b.environment().put("JAVA_HOME", System.getProperty("java.home"));
        b.environment().putAll(environment);
        Process p = b.start();
        assertThat(p.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Result(p.exitValue(), Files.readString(out), Files.readString(err));
    }

    @Test
    void launcherRunsThroughASymbolicLinkFromAnyDirectory() throws Exception {
        Path link = Files.createSymbolicLink(dir.resolve("link"), STAGE.resolve("skald"));
        Path second = Files.createSymbolicLink(dir.resolve("second"), Path.of("link"));
        for (Path command : List.of(STAGE.resolve("skald"), link, second)) {
            Result r = run(command, Map.of(), "--version");
            assertThat(r.err()).isEmpty();
            assertThat(r.status()).isZero();
            assertThat(r.out()).startsWith("skald ");
        }
    }

    @Test
    void aCacheThatDoesNotFitIsLeftAsideSilently() throws Exception {
        assertThat(STAGE.resolve("lib/skald.aot")).exists();
        assertThat(STAGE.resolve("lib/client/skald-client.jar")).exists();
        Result r = run(STAGE.resolve("skald"), Map.of("SKALD_JAVA_OPTS", "-XX:-UseCompactObjectHeaders"), "--version");
        assertThat(r.err()).isEmpty();
        assertThat(r.out()).startsWith("skald ");
    }

    @Test
    void exitCodesAndArgumentsArePassedOn() throws Exception {
        Result r = run(STAGE.resolve("skald"), Map.of(), "no such command", "*");
        assertThat(r.status()).isEqualTo(ExitCode.USAGE);
        assertThat(r.err()).contains("'no such command'");
    }

    /** Where no JDK is new enough the launcher says what it needs, where it looked, and how to get it. */
    @Test
    void withoutAJdkItSaysWhatToInstall() throws Exception {
        Path copy = Files.createDirectories(dir.resolve("future"));
        Files.createDirectories(copy.resolve("lib"));
        Files.createFile(copy.resolve("lib/skald.jar"));
        Path launcher = Files.writeString(
                copy.resolve("skald"), Files.readString(STAGE.resolve("skald")).replace("min=25\n", "min=999\n"));
        assertThat(launcher.toFile().setExecutable(true)).isTrue();
        Result r = run(launcher, Map.of(), "--version");
        assertThat(r.status()).isEqualTo(4);
        assertThat(r.out()).isEmpty();
        assertThat(r.err())
                .startsWith("skald: needs a JDK 999 or newer, and none is at JAVA_HOME (")
                .contains("apt install", "sdk install", "brew install");
        Files.delete(copy.resolve("lib/skald.jar"));
        r = run(launcher, Map.of(), "--version");
        assertThat(r.status()).isEqualTo(5);
        assertThat(r.err()).isEqualTo("skald: " + copy.toRealPath() + " holds neither lib/skald.jar nor the sources\n");
    }

    /** What was acknowledged is in a segment when the process has ended, and the cache for servers is in use. */
    @ParameterizedTest
    @ValueSource(strings = {"INT", "TERM"})
    void aSignalFlushesAndEndsWithZero(String signal) throws Exception {
        assertThat(STAGE.resolve("lib/skald-run.aot")).exists();
        assertThat(STAGE.resolve("lib/skald-agent.aot")).exists();
        Path out = dir.resolve("out");
        Path data = dir.resolve("data");
        List<String> command = new ArrayList<>(takingSignals());
        command.addAll(
                List.of(STAGE.resolve("skald").toString(), "run", "--http", "127.0.0.1:0", "--data", data.toString()));
        ProcessBuilder b = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out.toFile());
        b.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process p = b.start();
        try {
            Matcher url = Pattern.compile("listens on (http://\\S+)\n").matcher("");
            long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
            while (!url.reset(Files.readString(out)).find()) {
                assertThat(System.nanoTime()).as(Files.readString(out)).isLessThan(deadline);
                Thread.sleep(20);
            }
            String body = "{\"streams\":[{\"stream\":{\"app\":\"it\"},\"values\":[[\"" + System.currentTimeMillis()
                    + "000000\",\"a line\"]]}]}";
            try (HttpClient http = HttpClient.newHttpClient()) {
                HttpRequest push = HttpRequest.newBuilder(URI.create(url.group(1) + "/loki/api/v1/push"))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build();
                assertThat(http.send(push, HttpResponse.BodyHandlers.ofString()).statusCode())
                        .isEqualTo(204);
            }
            new ProcessBuilder("kill", "-" + signal, Long.toString(p.pid()))
                    .start()
                    .waitFor();
            assertThat(p.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(p.exitValue()).as(Files.readString(out)).isZero();
        } finally {
            p.destroyForcibly();
        }
        try (Stream<Path> segments = Files.walk(data.resolve("segments"))) {
            assertThat(segments.filter(Files::isRegularFile)).hasSize(1);
        }
    }

    /** Where a build runs in a script's background it ignores SIGINT, as does then all that it starts; nothing to do where {@code env} knows no such option. */
    private static List<String> takingSignals() throws Exception {
        List<String> env = List.of("env", "--default-signal=INT");
        List<String> probe = new ArrayList<>(env);
        probe.add("true");
        Process p = new ProcessBuilder(probe)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        return p.waitFor() == 0 ? env : List.of();
    }

    @Test
    void nativeLibrariesAreFilesAndNotInJars() throws Exception {
        for (String platform : List.of("Linux-x86_64", "Linux-aarch64")) {
            try (Stream<Path> files = Files.list(STAGE.resolve("lib/native").resolve(platform))) {
                assertThat(files.map(f -> f.getFileName().toString().replaceAll("-(linux|1).*", ""))
                                .sorted())
                        .containsExactly("librocksdbjni", "libsnappyjava.so", "libzstd-jni");
            }
        }
        try (Stream<Path> jars = Files.list(STAGE.resolve("lib"))) {
            for (Path jar : jars.filter(j -> j.toString().endsWith(".jar")).toList()) {
                try (ZipFile zip = new ZipFile(jar.toFile())) {
                    assertThat(zip.stream().filter(e -> e.getName().endsWith(".so")))
                            .as(jar.toString())
                            .isEmpty();
                }
            }
        }
    }
}
