/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Stages what is shipped; run in Maven's package phase by the JDK that compiled. The stage holds the launcher, jars in {@code lib}, native
 * libraries as plain files in {@code lib/native} (a library that is unpacked at every start stays behind in /tmp after a kill -9) and AOT
 * caches. The directory appears at once, by a rename. All files get the same time: the JVM compares the jars' times and sizes with those
 * in the AOT cache, and an archive keeps them.
 *
 * <p>Usage: {@code java Package.java REPOSITORY_ROOT TARGET_DIR CLI_JAR OUTPUT_TIMESTAMP CLASS_PATH}
 */
final class Package {
    /** Which natives are shipped, and under which {@code uname -s -m}. */
    private static final Map<Pattern, String> SHIPPED_NATIVES = Map.of(
            Pattern.compile("librocksdbjni-linux64\\.so"), "Linux-x86_64",
            Pattern.compile("librocksdbjni-linux-aarch64\\.so"), "Linux-aarch64",
            Pattern.compile("linux/amd64/libzstd-jni-.*\\.so"), "Linux-x86_64",
            Pattern.compile("linux/aarch64/libzstd-jni-.*\\.so"), "Linux-aarch64",
            Pattern.compile("org/xerial/snappy/native/Linux/x86_64/libsnappyjava\\.so"), "Linux-x86_64",
            Pattern.compile("org/xerial/snappy/native/Linux/aarch64/libsnappyjava\\.so"), "Linux-aarch64");

    /** What a command that only asks a server needs, by the beginnings of names. */
    private static final List<String> CLIENT_JARS = List.of("picocli-", "jackson-core-", "skald-core-");

    private static final Pattern CLIENT_CLASSES = Pattern.compile("io/skald/cli/(client/)?[^/]+");

    /** What is taken out of jars. On a Mac its own stay in: they are not shipped, but the source tree runs there. */
    private static final Pattern NATIVE = Pattern.compile(
            (System.getProperty("os.name").startsWith("Mac") ? "(?!.*(?:osx|darwin/|native/Mac/))" : "")
                    + ".*\\.(so|dll|dylib|jnilib|a)");

    /** When a method is looked at, by default: a run that is short learns more of what is called often than the launcher's options let it. */
    private static final String EAGER = "-XX:Tier0InvokeNotifyFreqLog=7 -XX:Tier2InvokeNotifyFreqLog=11"
            + " -XX:Tier0BackedgeNotifyFreqLog=10 -XX:Tier2BackedgeNotifyFreqLog=14 -XX:Tier3BackedgeNotifyFreqLog=13";

    /** Class files older than this have no stack maps, and an AOT cache takes none without. */
    private static final int FIRST_VERSION_WITH_STACK_MAPS = ClassFile.JAVA_6_VERSION;

    private final Path root;
    private final Path stage;
    private final FileTime time;
    private final List<Path> classPath;
    private final Map<String, Path> owners = new HashMap<>();

    private Package(Path root, Path stage, FileTime time, List<Path> classPath) {
        this.root = root;
        this.stage = stage;
        this.time = time;
        this.classPath = classPath;
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        Path target = Path.of(args[1]);
        List<Path> jars = Stream.of(args[4].split(File.pathSeparator))
                .map(Path::of)
                .filter(p -> !Files.isDirectory(p)) // target/classes, which is in the jar of the cli
                .toList();
        Path staged = target.resolve("skald.staged");
        Path old = target.resolve("skald.old");
        Path result = target.resolve("skald");
        delete(staged);
        delete(old);
        new Package(Path.of(args[0]), staged, FileTime.from(Instant.parse(args[3])), jars).stage(Path.of(args[2]));
        train(staged);
        if (Files.exists(result)) {
            Files.move(result, old, StandardCopyOption.ATOMIC_MOVE);
        }
        Files.move(staged, result, StandardCopyOption.ATOMIC_MOVE);
        delete(old);
    }

    private void stage(Path cliJar) throws IOException {
        Path lib = Files.createDirectories(stage.resolve("lib"));
        copy(cliJar, lib.resolve("skald.jar"));
        for (Path jar : classPath) {
            copyJar(jar, lib.resolve(jar.getFileName()));
        }
        clientJar(cliJar, Files.createDirectories(lib.resolve("client")).resolve("skald-client.jar"));
        for (String name : List.of("LICENSE", "README.md", "CHANGELOG.md")) {
            if (Files.exists(root.resolve(name))) {
                copy(root.resolve(name), stage.resolve(name));
            }
        }
        Path launcher = stage.resolve("skald");
        copy(root.resolve("skald"), launcher);
        Files.setPosixFilePermissions(launcher, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /**
     * The commands that only ask a server, with a class path of their own: what the JVM or a library looks for in vain (a logger, another language's
     * classes), it looks for in all jars of the class path, and to open all of ours takes as long as such a command does.
     */
    private void clientJar(Path cliJar, Path to) throws IOException {
        List<String> needed = classPath.stream()
                .map(j -> j.getFileName().toString())
                .filter(j -> CLIENT_JARS.stream().anyMatch(j::startsWith))
                .sorted(Comparator.comparingInt(j -> CLIENT_JARS.indexOf(CLIENT_JARS.stream()
                        .filter(j::startsWith)
                        .findFirst()
                        .orElseThrow())))
                .toList();
        if (needed.size() != CLIENT_JARS.size()) {
            throw new IllegalStateException("client jars: " + CLIENT_JARS + " expected, " + needed + " found");
        }
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, "../" + String.join(" ../", needed));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        manifest.write(bytes);
        try (ZipFile zip = new ZipFile(cliJar.toFile());
                ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(to))) {
            copyEntry(JarFile.MANIFEST_NAME, bytes.toByteArray(), out);
            for (ZipEntry e : Collections.list(zip.entries())) {
                if (CLIENT_CLASSES.matcher(e.getName()).matches()) {
                    copyEntry(e.getName(), read(zip, e), out);
                }
            }
        }
        Files.setLastModifiedTime(to, time);
    }

    private void copy(Path from, Path to) throws IOException {
        Files.copy(from, to);
        Files.setLastModifiedTime(to, time);
    }

    /** Copies a jar as it is; or without its native libraries, and with stack maps where it has none. */
    private void copyJar(Path jar, Path to) throws IOException {
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            List<? extends ZipEntry> entries = Collections.list(zip.entries());
            boolean changes = false;
            for (ZipEntry e : entries) {
                checkUnique(e.getName(), jar);
                changes |= NATIVE.matcher(e.getName()).matches() || isOldClass(e.getName(), read(zip, e));
            }
            if (!changes) {
                copy(jar, to);
                return;
            }
            try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(to))) {
                for (ZipEntry e : entries) {
                    copyEntry(e.getName(), read(zip, e), out);
                }
            }
        }
        Files.setLastModifiedTime(to, time);
    }

    /** A class in two jars is whichever comes first on the class path: an error that shows up far away. */
    private void checkUnique(String name, Path jar) {
        if (name.endsWith(".class") && !name.startsWith("META-INF/") && !name.equals("module-info.class")) {
            Path other = owners.put(name, jar);
            if (other != null) {
                throw new IllegalStateException("class " + name + " is in both " + other + " and " + jar);
            }
        }
    }

    private void copyEntry(String name, byte[] bytes, ZipOutputStream out) throws IOException {
        if (NATIVE.matcher(name).matches()) {
            copyNative(name, bytes);
            return;
        }
        ZipEntry copy = new ZipEntry(name);
        copy.setTimeLocal(LocalDateTime.of(2020, 1, 1, 0, 0));
        out.putNextEntry(copy);
        out.write(isOldClass(name, bytes) ? withStackMaps(bytes) : bytes);
        out.closeEntry();
    }

    private static byte[] read(ZipFile zip, ZipEntry e) throws IOException {
        try (InputStream in = zip.getInputStream(e)) {
            return in.readAllBytes();
        }
    }

    private static boolean isOldClass(String name, byte[] bytes) {
        return name.endsWith(".class") && ((bytes[6] & 0xff) << 8 | bytes[7] & 0xff) < FIRST_VERSION_WITH_STACK_MAPS;
    }

    private byte[] withStackMaps(byte[] bytes) throws IOException {
        URL[] urls = new URL[classPath.size()];
        for (int i = 0; i < urls.length; i++) {
            urls[i] = classPath.get(i).toUri().toURL();
        }
        try (URLClassLoader loader = new URLClassLoader(urls)) {
            ClassFile classFile = ClassFile.of(
                    ClassFile.StackMapsOption.GENERATE_STACK_MAPS,
                    ClassFile.ClassHierarchyResolverOption.of(ClassHierarchyResolver.ofResourceParsing(loader)));
            return classFile.transformClass(
                    classFile.parse(bytes),
                    ClassTransform.transformingMethodBodies((code, element) -> code.with(element))
                            .andThen(ClassTransform.endHandler(b -> b.withVersion(ClassFile.JAVA_8_VERSION, 0))));
        }
    }

    private void copyNative(String name, byte[] bytes) throws IOException {
        for (Map.Entry<Pattern, String> n : SHIPPED_NATIVES.entrySet()) {
            if (n.getKey().matcher(name).matches()) {
                Path dir = Files.createDirectories(stage.resolve("lib/native").resolve(n.getValue()));
                Path file = dir.resolve(name.substring(name.lastIndexOf('/') + 1));
                Files.write(file, bytes);
                Files.setLastModifiedTime(file, time);
            }
        }
    }

    /**
     * Makes the AOT caches by running the launcher itself, so that class path and flags are those of later runs: one of a server that takes
     * pushes, flushes and answers queries, one of an agent that reads files and pushes them, one of the command that asks. A cache of all would make
     * every command load what only a server needs, and an agent keep it in memory. The server's and the agent's hold profiles of their methods, too, so they are given enough to do for the compiler to know what is hot: what
     * starts with them compiles less. Without caches everything works, more slowly: a failure is a warning.
     */
    private static void train(Path stage) throws IOException, InterruptedException {
        Path data = Files.createTempDirectory("skald-training");
        Path serverLog = stage.resolveSibling("aot-run.log");
        Path commandLog = stage.resolveSibling("aot.log");
        Path serverCache = stage.resolve("lib/skald-run.aot");
        Path commandCache = stage.resolve("lib/skald.aot");
        Process server = start(stage, serverCache, serverLog, "run", "--http", "127.0.0.1:0", "--data", data.toString());
        try {
            String url = awaitUrl(server, serverLog);
            push(url);
            pushLines(url);
            work(stage, url);
            agent(stage, url, Files.createDirectories(data.resolve("agent")));
            String from = Instant.now().minusSeconds(3600).toString();
            Process command = start(
                    stage, commandCache, commandLog, "query", "{app=\"training\"}", "--url", url, "--from", from, "--limit", "1");
            finish(command, commandCache, commandLog);
        } catch (IOException e) {
            System.err.println("[WARNING] no training of AOT caches, the program starts more slowly: " + e.getMessage());
        } finally {
            server.destroy();
            finish(server, serverCache, serverLog);
            delete(data);
        }
    }

    /**
     * Has the server take in some megabytes of made-up logs and answer questions about them, and then take in some as an agent pushes them.
     */
    private static void work(Path stage, String url) throws IOException, InterruptedException {
        Files.deleteIfExists(stage.resolveSibling("aot-work.log"));
        bench(stage, url, "--seconds", "0.05");
        String day = LocalDate.now(ZoneOffset.UTC).minusDays(3).toString();
        bench(stage, url, "--seconds", "0", "--native", "--day", day, "--match", "none of them");
    }

    /** Has an agent read made-up logs of some kinds, among them stack traces, and push them to the server. */
    private static void agent(Path stage, String url, Path dir) throws IOException, InterruptedException {
        long lines = 0;
        for (int file = 0; file < 12; file++) {
            StringBuilder b = new StringBuilder();
            Random r = new Random(file);
            for (; b.length() < 3 << 20; lines++) {
                b.append(line(file % 4, r)).append('\n');
                if (file % 4 == 3 && r.nextInt(200) == 0) {
                    b.append("java.io.IOException: closed\n\tat a.b.C.d(C.java:").append(r.nextInt(900)).append(")\n");
                }
            }
            Files.writeString(dir.resolve("training-" + file + ".log"), b);
        }
        Path config = dir.resolve("agent.yaml");
        Files.writeString(config, """
                server: {http_listen_address: 127.0.0.1, http_listen_port: 0}
                positions: {filename: "%s"}
                clients: [{url: "%s"}]
                scrape_configs: [{job_name: training, static_configs: [{labels: {__path__: "%s/*.log"}}]}]
                """.formatted(dir.resolve("state/positions.yaml"), url, dir));
        Path cache = stage.resolve("lib/skald-agent.aot");
        Path log = stage.resolveSibling("aot-agent.log");
        Process agent = start(stage, cache, log, "agent", "--config", config.toString());
        try {
            String metrics = "http://127.0.0.1:" + await(agent, log, "answers on port (\\d+)") + "/metrics";
            awaitLines(metrics, lines);
        } finally {
            agent.destroy();
            finish(agent, cache, log);
        }
    }

    private static String line(int kind, Random r) {
        int n = r.nextInt(10_000);
        return switch (kind) {
            case 0 -> "level=" + (n % 50 == 0 ? "warn" : "info") + " msg=\"request served\" path=/api/items/" + n + " took=" + n % 97
                    + "ms";
            case 1 -> "{\"level\":\"" + (n % 90 == 0 ? "error" : "info") + "\",\"logger\":\"a.b.C\",\"msg\":\"did " + n
                    + "\",\"took\":" + r.nextDouble() + "}";
            case 2 -> "10.0." + n % 256 + "." + n / 97 % 256 + " - - [22/Nov/2026:10:" + (10 + n % 50)
                    + ":07 +0000] \"GET /items/" + n + " HTTP/1.1\" 200 " + n * 7;
            default -> "2026-11-22 10:" + (10 + n % 50) + ":07,123 INFO [main] a.b.C - order " + n + " taken";
        };
    }

    private static void awaitLines(String metrics, long lines) throws IOException, InterruptedException {
        Pattern acknowledged = Pattern.compile("(?m)^skald_agent_acked_lines_total\\S* (\\S+)$");
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        HttpRequest get = HttpRequest.newBuilder(URI.create(metrics)).build();
        try (HttpClient http = HttpClient.newHttpClient()) {
            while (System.nanoTime() < deadline) {
                Matcher m = acknowledged.matcher(http.send(get, HttpResponse.BodyHandlers.ofString()).body());
                if (m.find() && Double.parseDouble(m.group(1)) >= 0.9 * lines) { // a trace is one line
                    return;
                }
                Thread.sleep(100);
            }
        }
        System.err.println("[WARNING] the agent was slow to read the logs for its AOT cache");
    }

    private static void bench(Path stage, String url, String... more) throws IOException, InterruptedException {
        Path log = stage.resolveSibling("aot-work.log");
        String launcher = stage.resolve("skald").toString();
        List<String> command = new ArrayList<>(List.of(launcher, "bench", "--url", url, "--mb", "24"));
        command.addAll(List.of(more));
        ProcessBuilder b = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        b.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process work = b.start();
        if (!work.waitFor(3, TimeUnit.MINUTES) || work.exitValue() != 0) {
            work.destroyForcibly().waitFor();
            System.err.println("[WARNING] the server had little to do for its AOT cache; see " + log);
        }
    }

    private static Process start(Path stage, Path cache, Path log, String... args) throws IOException {
        List<String> command = new ArrayList<>(List.of(stage.resolve("skald").toString()));
        command.addAll(List.of(args));
        ProcessBuilder b = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        b.environment().put("JAVA_HOME", System.getProperty("java.home"));
        b.environment().put("SKALD_AOT_OUTPUT", cache.toString());
        b.environment().put("SKALD_JAVA_OPTS", EAGER);
        return b.start();
    }

    private static String awaitUrl(Process server, Path log) throws IOException, InterruptedException {
        return await(server, log, "listens on (http://\\S+)");
    }

    /** What a process says of itself, once it does. */
    private static String await(Process server, Path log, String what) throws IOException, InterruptedException {
        Pattern listens = Pattern.compile(what + "\n");
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        while (System.nanoTime() < deadline && !server.waitFor(50, TimeUnit.MILLISECONDS)) {
            Matcher m = listens.matcher(Files.readString(log));
            if (m.find()) {
                return m.group(1);
            }
        }
        throw new IOException("the server did not start; see " + log);
    }

    private static void push(String url) throws IOException, InterruptedException {
        String line = "[\"" + System.currentTimeMillis() + "000000\",\"level=info msg=training\"]";
        String body = "{\"streams\":[{\"stream\":{\"app\":\"training\"},\"values\":[" + line + "]}]}";
        try (HttpClient http = HttpClient.newHttpClient()) {
            post(http, url + "/loki/api/v1/push", "application/json", body.getBytes(StandardCharsets.UTF_8));
        }
    }

    /** Lines of all kinds, in several blocks of each stream; first, before the compiler takes the lines of {@link #work} for all there are. */
    private static void pushLines(String url) throws IOException, InterruptedException {
        TrainingLines lines = new TrainingLines();
        // not a day of those of work(), whose answers are checked
        Instant from = Instant.now().minus(Duration.ofDays(5));
        try (HttpClient http = HttpClient.newHttpClient()) {
            for (int i = 0; i < 32; i++) {
                Instant at = from.plusSeconds(60L * i);
                byte[] body = i % 4 == 3 ? lines.streams(at) : lines.body(at);
                post(http, url + "/loki/api/v1/push", "application/x-protobuf", body);
            }
            post(http, url + "/flush", "application/json", new byte[0]);
        }
    }

    private static void post(HttpClient http, String url, String type, byte[] body) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url))
                .header("Content-Type", type)
                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                .build();
        HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() / 100 != 2) {
            throw new IOException(url + " answered " + answer.statusCode() + " " + answer.body());
        }
    }

    private static void finish(Process trained, Path cache, Path log) throws IOException, InterruptedException {
        if (!trained.waitFor(2, TimeUnit.MINUTES) || trained.exitValue() != 0 || !Files.exists(cache)) {
            trained.destroyForcibly().waitFor();
            Files.deleteIfExists(cache);
            System.err.println("[WARNING] no AOT cache " + cache.getFileName()
                    + ", the program starts more slowly; see " + log);
        }
    }

    private static void delete(Path dir) throws IOException {
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
