/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.deploy.image;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/**
 * A Java runtime with the modules that the jars use, and archives of classes that make it start in half the time. Other than AOT caches,
 * which record what the JVM measured, such archives come out equal each time.
 */
record JavaRuntime(Path home, String version) {
    static final String MAIN = "io.skald.cli.Main";

    /** Where the jars are while the image is built, with the time stamps that they have in the image; relative, as archives hold the path. */
    static final String JARS = "lib";

    /** With these the archives are made; a JVM with others would leave them aside. */
    static final List<String> OPTIONS = List.of(
            "-XX:+UseCompactObjectHeaders",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow");

    /** What is found at run time, by name: DNS, and the certificates of others. */
    private static final List<String> SERVICES =
            List.of("java.naming", "jdk.naming.dns", "jdk.zipfs", "jdk.jcmd", "jdk.jfr");

    /**
     * What libraries name for what is not used of them: beans by reflection (Jackson and SnakeYAML do without), pictures in mail. It would bring X11 and
     * sound into the image.
     */
    static final String GRAPHICS = "java.desktop";

    /** Links a runtime into {@code home} for the jars in the stage. */
    static JavaRuntime link(Path stage, Path home) throws IOException {
        List<Path> jars = ImageBuild.list(stage.resolve("lib"), ".jar");
        List<String> jdeps =
                new ArrayList<>(List.of("--multi-release", "25", "--ignore-missing-deps", "--print-module-deps"));
        jars.forEach(j -> jdeps.add(j.toString()));
        String used = tool("jdeps", jdeps).lines().reduce("", (a, b) -> b).strip();
        Set<String> modules = new TreeSet<>(List.of(used.split(",")));
        modules.remove(GRAPHICS);
        modules.addAll(SERVICES);
        String said = tool(
                "jlink",
                List.of(
                        "--add-modules",
                        String.join(",", modules),
                        "--no-header-files",
                        "--no-man-pages",
                        "--output",
                        home.toString()));
        Matcher version = Pattern.compile("JAVA_RUNTIME_VERSION=\"(.*?)\"|JAVA_VERSION=\"(.*?)\"")
                .matcher(Files.readString(home.resolve("release")));
        if (!version.find()) {
            throw new IOException("jlink made no release file: " + said);
        }
        return new JavaRuntime(home, version.group(1) != null ? version.group(1) : version.group(2));
    }

    /**
     * What tells the libraries where their native parts are.
     *
     * @param natives where they are now
     * @param path where they will be
     */
    static List<String> nativeOptions(Path natives, String path) throws IOException {
        String zstd = ImageBuild.list(natives, ".so").stream()
                .map(f -> f.getFileName().toString())
                .filter(f -> f.startsWith("libzstd-jni"))
                .findFirst()
                .orElseThrow(() -> new IOException("no zstd in " + natives));
        return List.of(
                "-Djava.library.path=" + path,
                "-DZstdNativePath=" + path + "/" + zstd,
                "-Dorg.xerial.snappy.lib.path=" + path);
    }

    /**
     * Archives the classes that a server needs to start, those of the JDK among them.
     *
     * @param work the directory that has the jars in {@link #JARS}
     */
    Path archiveClasses(Path natives, Path work) throws IOException, InterruptedException {
        Path loaded = work.resolve("loaded.txt");
        start(natives, work, "-XX:DumpLoadedClassList=" + loaded);
        Set<String> list = new LinkedHashSet<>();
        for (String line : Files.readAllLines(home.resolve("lib/classlist"))) {
            if (!line.startsWith("#")) {
                list.add(line);
            }
        }
        // of the JDK no others: which ones are loaded depends on how threads happen to run, and two builds would differ
        Files.readAllLines(loaded).stream()
                .filter(l -> !l.matches("[#@].*|.* source:.*|(java|javax|jdk|sun|com/sun)/.*"))
                .map(l -> l.replaceFirst(" .*", ""))
                .sorted()
                .forEach(list::add);
        Path classes = Files.write(work.resolve("classes.txt"), list);
        Path archive = work.resolve("skald.jsa");
        List<String> dump = java(
                "-Xshare:dump",
                "-Xlog:cds=off",
                "-XX:SharedClassListFile=" + classes,
                "-XX:SharedArchiveFile=" + archive);
        Path log = work.resolve("dump.log");
        Process p = new ProcessBuilder(dump)
                .directory(work.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        if (!p.waitFor(5, TimeUnit.MINUTES) || p.exitValue() != 0 || !Files.exists(archive)) {
            p.destroyForcibly();
            throw new IOException("no archive of classes; see " + log);
        }
        return archive;
    }

    private List<String> java(String... more) {
        List<String> command = new ArrayList<>(List.of(home.resolve("bin/java").toString()));
        command.addAll(OPTIONS);
        command.addAll(List.of(more));
        command.addAll(List.of("-cp", JARS + "/skald.jar"));
        return command;
    }

    /** Runs the server until it serves, and stops it. */
    private void start(Path natives, Path work, String option) throws IOException, InterruptedException {
        Path data = work.resolve("training");
        Path log = work.resolve("training.log");
        List<String> options = new ArrayList<>(nativeOptions(natives, natives.toString()));
        options.add(option);
        List<String> command = java(options.toArray(String[]::new));
        command.addAll(List.of(MAIN, "run", "--http", "127.0.0.1:0", "--data", data.toString()));
        Process server = new ProcessBuilder(command)
                .directory(work.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
        while (!Files.readString(log).contains("listens on") && System.nanoTime() < deadline) {
            if (server.waitFor(50, TimeUnit.MILLISECONDS)) {
                break;
            }
        }
        server.destroy();
        if (!server.waitFor(1, TimeUnit.MINUTES) || server.exitValue() != 0) {
            server.destroyForcibly();
            throw new IOException("the server did not start and stop; see " + log);
        }
    }

    private static String tool(String name, List<String> args) throws IOException {
        ToolProvider tool = ToolProvider.findFirst(name)
                .orElseThrow(() ->
                        new IOException("this is no JDK, it has no " + name + ": " + System.getProperty("java.home")));
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int exit = tool.run(new PrintWriter(out), new PrintWriter(err), args.toArray(String[]::new));
        if (exit != 0) {
            throw new IOException(name + " failed: " + out + err);
        }
        return out.toString();
    }

    /** Deletes a directory and all in it, if it is there. */
    static void delete(Path dir) throws IOException {
        if (!Files.exists(dir)) {
            return;
        }
        try (Stream<Path> files = Files.walk(dir)) {
            for (Path p : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(p);
            }
        }
    }
}
