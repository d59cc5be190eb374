/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
