/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.deploy.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** The image that {@code mvn -Pimage verify} has built: a second build is equal, and what is in it runs alone, as nobody. */
@EnabledIfSystemProperty(named = "skald.image.tar", matches = ".+", disabledReason = "needs -Pimage")
class ImageIT {
    private static final Path STAGE = Path.of("..", "cli", "target", "skald");

    private final Path tar = Path.of(System.getProperty("skald.image.tar", ""));

    @TempDir
    private Path dir;

    @Test
    void aSecondBuildElsewhereIsEqual() throws Exception {
        Path second = dir.resolve("second.tar");
        ImageBuild.main(new String[] {
            STAGE.toString(),
            dir.resolve("work").toString(),
            second.toString(),
            System.getProperty("skald.image.version"),
            System.getProperty("skald.image.time"),
            System.getProperty("skald.image.sbom")
        });
        assertThat(Files.mismatch(tar, second)).isEqualTo(-1);
        assertThat(Files.size(tar)).isLessThan(100_000_000);
    }

    /** In a root directory that holds nothing else, and of which only the directory of data can be written. */
    @Test
    void itRunsAloneAndAsNobody() throws Exception {
        assumeTrue(System.getProperty("user.name").equals("root"), "only root may change the root directory");
        Path root = Files.createDirectories(dir.resolve("root"));
        List<String> entrypoint = unpack(root);
        assertThat(Files.readString(root.resolve("opt/skald/sbom.cdx.json")))
                .contains("\"bomFormat\" : \"CycloneDX\"", "rocksdbjni", "libc.so.6", "openjdk")
                .doesNotContain("libX11");
        Files.createDirectories(root.resolve("proc"));
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        List<String> command = new ArrayList<>(List.of(
                "unshare",
                "--mount",
                "--pid",
                "--fork",
                "--kill-child=TERM",
                "sh",
                "-c",
                "mount --bind \"$0\" \"$0\" && mount -t proc proc \"$0/proc\" && exec chroot --userspec=65532:65532 \"$0\" \"$@\"",
                root.toString()));
        command.addAll(entrypoint);
        command.addAll(List.of("run", "--data", "/data", "--http", "127.0.0.1:" + port));
        Path log = dir.resolve("log");
        Process p = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try (HttpClient http = HttpClient.newHttpClient()) {
            long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
            while (!Files.readString(log).contains("listens on")) {
                assertThat(p.waitFor(50, TimeUnit.MILLISECONDS) || System.nanoTime() > deadline)
                        .as(Files.readString(log))
                        .isFalse();
            }
            HttpRequest ready = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/ready"))
                    .build();
            assertThat(http.send(ready, HttpResponse.BodyHandlers.ofString()).statusCode())
                    .isEqualTo(200);
            ProcessHandle java = p.descendants()
                    .filter(h -> h.children().findAny().isEmpty())
                    .findFirst()
                    .orElseThrow();
            assertThat(Files.getOwner(Path.of("/proc/" + java.pid())).getName()).isEqualTo("65532");
            java.destroy();
            assertThat(p.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(p.exitValue()).as(Files.readString(log)).isZero();
        } finally {
            p.descendants().forEach(ProcessHandle::destroyForcibly);
            p.destroyForcibly();
        }
    }

    /** Unpacks all layers with the system's tar, and gives the entry point. */
    private List<String> unpack(Path root) throws IOException, InterruptedException {
        Path layout = Files.createDirectories(dir.resolve("layout"));
        run("tar", "-xf", tar.toString(), "-C", layout.toString());
        ObjectMapper json = new ObjectMapper();
        JsonNode index = json.readTree(layout.resolve("index.json").toFile());
        JsonNode manifest = json.readTree(blob(layout, index.at("/manifests/0")).toFile());
        for (JsonNode layer : manifest.get("layers")) {
            run("tar", "-xzpf", blob(layout, layer).toString(), "-C", root.toString());
        }
        JsonNode config = json.readTree(blob(layout, manifest.get("config")).toFile());
        assertThat(config.at("/config/User").asText()).isEqualTo("65532:65532");
        List<String> entrypoint = new ArrayList<>();
        config.at("/config/Entrypoint").forEach(e -> entrypoint.add(e.asText()));
        return entrypoint;
    }

    private static Path blob(Path layout, JsonNode descriptor) {
        return layout.resolve("blobs").resolve(descriptor.get("digest").asText().replace(':', '/'));
    }

    private static void run(String... command) throws IOException, InterruptedException {
        Process p = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(p.waitFor()).as(said).isZero();
    }

    @Test
    void nothingInTheImageIsOfTheUserThatRunsItButItsData() throws Exception {
        assumeTrue(System.getProperty("user.name").equals("root"), "only root keeps owners when unpacking");
        Path root = Files.createDirectories(dir.resolve("owned"));
        assertThat(unpack(root)).isNotEmpty();
        try (Stream<Path> files = Files.walk(root)) {
            for (Path f : files.toList()) {
                boolean data = f.equals(root.resolve("data"));
                assertThat(Files.getAttribute(f, "unix:uid")).as(f.toString()).isEqualTo(data ? 65532 : 0);
            }
        }
    }
}
