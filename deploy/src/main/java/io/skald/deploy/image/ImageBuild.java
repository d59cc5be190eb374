/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.deploy.image;

import com.google.cloud.tools.jib.api.Containerizer;
import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.JibContainer;
import com.google.cloud.tools.jib.api.JibContainerBuilder;
import com.google.cloud.tools.jib.api.Ports;
import com.google.cloud.tools.jib.api.TarImage;
import com.google.cloud.tools.jib.api.buildplan.AbsoluteUnixPath;
import com.google.cloud.tools.jib.api.buildplan.FileEntriesLayer;
import com.google.cloud.tools.jib.api.buildplan.FilePermissions;
import com.google.cloud.tools.jib.api.buildplan.ImageFormat;
import com.google.cloud.tools.jib.api.buildplan.Platform;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Builds the container image as a tar in OCI layout: from nothing, without a container engine and without a network. It holds a runtime of
 * just the JDK modules that are used, the distribution's jars and native libraries of this architecture, and the C library of the machine
 * that builds. Everything has the build's timestamp and a fixed order, so two builds on one machine are equal byte by byte.
 */
public final class ImageBuild {
    /** Nobody: a user without a name, home or shell. */
    private static final String USER = "65532:65532";

    private static final AbsoluteUnixPath HOME = AbsoluteUnixPath.get("/opt/skald");

    private final Path stage;
    private final Path work;
    private final Instant time;

    private ImageBuild(Path stage, Path work, Instant time) {
        this.stage = stage;
        this.work = work;
        this.time = time;
    }

    /**
     * Arguments: the staged distribution, the directory to work in, the tar to write, version, timestamp, the SBOM of the distribution.
     *
     * @throws IOException naming what is missing
     */
    public static void main(String[] args) throws Exception {
        Path stage = Path.of(args[0]).toRealPath();
        Path work = Path.of(args[1]).toAbsolutePath();
        Path tar = Path.of(args[2]).toAbsolutePath();
        ImageBuild build = new ImageBuild(stage, work, Instant.parse(args[4]));
        JibContainer made = build.write(tar, args[3], Path.of(args[5]));
        new PrintStream(System.out, true, StandardCharsets.UTF_8)
                .printf("%s: skald:%s, %s, %.1f MB%n", tar, args[3], made.getDigest(), Files.size(tar) / 1e6);
    }

    private JibContainer write(Path tar, String version, Path sbom) throws Exception {
        JavaRuntime.delete(work);
        Files.createDirectories(work);
        Files.createDirectories(tar.toAbsolutePath().getParent());
        Path natives = stage.resolve("lib/native/Linux-" + machine());
        JavaRuntime runtime = JavaRuntime.link(stage, work.resolve("runtime"));
        List<Path> libraries = SystemLibraries.of(runtime.home(), natives);
        Path jars = jars();
        Path archive = runtime.archiveClasses(natives, work);
        Path bom = Sbom.complete(sbom, work.resolve("sbom.cdx.json"), runtime.version(), libraries);

        JibContainerBuilder image = Jib.fromScratch()
                .setPlatforms(Set.of(platform()))
                .setFormat(ImageFormat.OCI)
                .setCreationTime(time)
                .setUser(USER)
                .setWorkingDirectory(AbsoluteUnixPath.get("/"))
                // glibc gives every thread an arena of its own, and a server with many threads then holds memory that
                // nobody uses
                .setEnvironment(new TreeMap<>(Map.of("MALLOC_ARENA_MAX", "2", "PATH", HOME + "/bin")))
                .setEntrypoint(HOME + "/bin/java", "@" + HOME + "/server.args")
                .setProgramArguments("run", "--data", "/data", "--http", "0.0.0.0:3100")
                .setExposedPorts(Ports.parse(List.of("3100")))
                .setLabels(new TreeMap<>(Map.of(
                        "org.opencontainers.image.title", "skald",
                        "org.opencontainers.image.version", version,
                        "org.opencontainers.image.licenses", "Apache-2.0")))
                .addFileEntriesLayer(system(libraries))
                .addFileEntriesLayer(tree("runtime", runtime.home(), HOME))
                .addFileEntriesLayer(dependencies(jars, natives))
                .addFileEntriesLayer(program(jars, natives, archive, bom));
        Path caches = work.resolve("caches");
        return image.containerize(Containerizer.to(TarImage.at(tar).named("skald:" + version.toLowerCase(Locale.ROOT)))
                .setBaseImageLayersCache(caches.resolve("base"))
                .setApplicationLayersCache(caches.resolve("layers"))
                .setOfflineMode(true)
                .setToolName("skald"));
    }

    private static String machine() {
        return System.getProperty("os.arch").equals("amd64") ? "x86_64" : System.getProperty("os.arch");
    }

    private static Platform platform() {
        return new Platform(machine().equals("aarch64") ? "arm64" : "amd64", "linux");
    }

    /** The jars with the timestamp that they have in the image: an archive of classes is only good for jars of that time. */
    private Path jars() throws IOException {
        Path lib = Files.createDirectories(work.resolve(JavaRuntime.JARS));
        for (Path jar : list(stage.resolve("lib"), ".jar")) {
            Path copy = Files.copy(jar, lib.resolve(jar.getFileName()));
            Files.setLastModifiedTime(copy, FileTime.from(time));
        }
        return lib;
    }

    static List<Path> list(Path dir, String suffix) throws IOException {
        try (Stream<Path> files = Files.list(dir)) {
            return files.filter(f -> f.toString().endsWith(suffix)).sorted().toList();
        }
    }

    /** What a program finds on a system: the C library, how names are resolved, who there is, a directory for temporary files, one for data. */
    private FileEntriesLayer system(List<Path> libraries) throws IOException {
        FileEntriesLayer.Builder layer = FileEntriesLayer.builder().setName("system");
        for (Path library : libraries) {
            add(layer, library.toRealPath(), AbsoluteUnixPath.get(library.toString()), "755", "0:0");
        }
        add(
                layer,
                text("nsswitch.conf", "hosts: files dns\n"),
                AbsoluteUnixPath.get("/etc/nsswitch.conf"),
                "644",
                "0:0");
        add(
                layer,
                text("passwd", "root:x:0:0:root:/:/sbin/nologin\nskald:x:65532:65532:skald:/data:/sbin/nologin\n"),
                AbsoluteUnixPath.get("/etc/passwd"),
                "644",
                "0:0");
        add(layer, text("group", "root:x:0:\nskald:x:65532:\n"), AbsoluteUnixPath.get("/etc/group"), "644", "0:0");
        Path empty = Files.createDirectories(work.resolve("empty"));
        add(layer, empty, AbsoluteUnixPath.get("/tmp"), "777", "0:0");
        add(layer, empty, AbsoluteUnixPath.get("/data"), "755", USER);
        return layer.build();
    }

    private Path text(String name, String content) throws IOException {
        return Files.writeString(work.resolve(name), content);
    }

    private FileEntriesLayer dependencies(Path jars, Path natives) throws IOException {
        FileEntriesLayer.Builder layer = FileEntriesLayer.builder().setName("dependencies");
        for (Path jar : list(jars, ".jar")) {
            if (!isOwn(jar)) {
                add(layer, jar, HOME.resolve("lib").resolve(jar.getFileName().toString()), "644", "0:0");
            }
        }
        for (Path library : list(natives, ".so")) {
            add(
                    layer,
                    library,
                    HOME.resolve("lib/native").resolve(library.getFileName().toString()),
                    "755",
                    "0:0");
        }
        return layer.build();
    }

    private static boolean isOwn(Path jar) {
        return jar.getFileName().toString().startsWith("skald");
    }

    private FileEntriesLayer program(Path jars, Path natives, Path archive, Path sbom) throws IOException {
        FileEntriesLayer.Builder layer = FileEntriesLayer.builder().setName("skald");
        for (Path jar : list(jars, ".jar")) {
            if (isOwn(jar)) {
                add(layer, jar, HOME.resolve("lib").resolve(jar.getFileName().toString()), "644", "0:0");
            }
        }
        Map<String, Path> files = new TreeMap<>(Map.of(
                "lib/skald.jsa", archive,
                "sbom.cdx.json", sbom,
                "LICENSE", stage.resolve("LICENSE"),
                "server.args", text("server.args", options(natives, "-XX:+ExitOnOutOfMemoryError")),
                "command.args", text("command.args", options(natives, "-XX:TieredStopAtLevel=1"))));
        files.forEach((name, file) -> add(layer, file, HOME.resolve(name), "644", "0:0"));
        return layer.build();
    }

    /** What stands on the command line of the JVM in the image; heap and collector come from {@code JDK_JAVA_OPTIONS}. */
    private static String options(Path natives, String own) throws IOException {
        List<String> lines = new ArrayList<>(JavaRuntime.OPTIONS);
        lines.addAll(JavaRuntime.nativeOptions(natives, HOME + "/lib/native"));
        lines.addAll(List.of(
                own,
                "-XX:SharedArchiveFile=" + HOME + "/lib/skald.jsa",
                // nothing is written outside of volumes, and nobody looks at the counters
                "-XX:-UsePerfData",
                "-Xlog:cds=off",
                "-cp",
                HOME + "/lib/skald.jar",
                JavaRuntime.MAIN));
        return String.join("\n", lines) + "\n";
    }

    /**
     * How a staged distribution is run on this machine just as in the image: by a JVM with the same options.
     *
     * @throws IOException if it holds no native libraries for this machine
     */
    public static List<String> command(Path stage) throws IOException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        Path natives = stage.resolve("lib/native/Linux-" + machine());
        command.addAll(JavaRuntime.OPTIONS);
        command.addAll(JavaRuntime.nativeOptions(natives, natives.toString()));
        command.addAll(List.of("-cp", stage.resolve("lib/skald.jar").toString(), JavaRuntime.MAIN));
        return command;
    }

    /** All files of a directory, links resolved: an image that runs everywhere has no use for them. */
    private FileEntriesLayer tree(String name, Path from, AbsoluteUnixPath to) throws IOException {
        FileEntriesLayer.Builder layer = FileEntriesLayer.builder().setName(name);
        try (Stream<Path> files = Files.walk(from)) {
            for (Path f : files.sorted(Comparator.comparing(Path::toString)).toList()) {
                if (Files.isRegularFile(f)) {
                    add(
                            layer,
                            f.toRealPath(),
                            to.resolve(from.relativize(f).toString()),
                            Files.isExecutable(f) ? "755" : "644",
                            "0:0");
                }
            }
        }
        return layer.build();
    }

    private void add(FileEntriesLayer.Builder layer, Path from, AbsoluteUnixPath to, String mode, String owner) {
        layer.addEntry(from, to, FilePermissions.fromOctalString(mode), time, owner);
    }
}
