/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.deploy.chart;

import static io.skald.deploy.chart.Rendered.at;
import static io.skald.deploy.chart.Rendered.map;
import static io.skald.deploy.chart.Rendered.maps;

import io.skald.deploy.image.ImageBuild;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A pod of the chart as a process of this machine, from the staged distribution. Its volumes are directories of a temporary root, laid out
 * as the kubelet does; paths in arguments and configuration are mapped there. Run by root it becomes the pod's user, who can write
 * nothing but the volumes that are for writing.
 */
final class Pod implements AutoCloseable {
    private static final Path STAGE =
            Path.of("..", "cli", "target", "skald").toAbsolutePath().normalize();
    private static final String POD_LOGS = "/var/log/pods";
    private static final long DEADLINE_SECONDS = 60;

    private final Path root;
    private final Map<String, Object> container;
    private final List<String> user;
    private final Map<String, String> environment = new HashMap<>();
    private final Process process;

    private Pod(Path root, Map<String, Object> spec, Map<String, Object> container, Map<String, String> mapped)
            throws IOException, InterruptedException {
        this.root = root;
        this.container = container;
        this.user = user(spec);
        for (Map<String, Object> e : maps(container.get("env"))) {
            environment.put((String) e.get("name"), e.containsKey("value") ? (String) e.get("value") : "pod-0");
        }
        List<String> args = new ArrayList<>();
        for (Object a : (List<?>) at(container, "args")) {
            args.add(here((String) a, mapped));
        }
        this.process = builder(args, "log").start();
    }

    /**
     * Starts the first container of a workload.
     *
     * @param replaced texts in configuration and arguments that must be others here, such as ports
     */
    static Pod start(Rendered chart, Map<String, Object> workload, Map<String, String> replaced)
            throws IOException, InterruptedException {
        return start(chart, workload, "containers", replaced);
    }

    /** Starts the first container that must end before the others begin. */
    static Pod startInit(Rendered chart, Map<String, Object> workload, Map<String, String> replaced)
            throws IOException, InterruptedException {
        return start(chart, workload, "initContainers", replaced);
    }

    private static Pod start(
            Rendered chart, Map<String, Object> workload, String containers, Map<String, String> replaced)
            throws IOException, InterruptedException {
        Path root = Files.createTempDirectory("pod");
        Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwxr-xr-x"));
        Map<String, Object> spec = map(at(workload, "spec", "template", "spec"));
        Map<String, Map<String, Object>> volumes = new HashMap<>();
        for (Map<String, Object> v : maps(spec.get("volumes"))) {
            volumes.put((String) v.get("name"), v);
        }
        Map<String, String> mapped = new TreeMap<>(replaced);
        List<Map<String, Object>> mounts = maps(at(spec, containers, 0, "volumeMounts"));
        for (Map<String, Object> m : mounts) {
            String path = (String) m.get("mountPath");
            mapped.put(path, root + path);
        }
        for (Map<String, Object> m : mounts) {
            Path dir = Files.createDirectories(Path.of(root + (String) m.get("mountPath")));
            Map<String, Object> volume = volumes.getOrDefault((String) m.get("name"), Map.of());
            if (volume.containsKey("configMap")) {
                Map<String, Object> found = chart.get("ConfigMap", (String) at(volume, "configMap", "name"));
                layOut(dir, found.get("data") == null ? Map.of() : map(found.get("data")), mapped);
            } else if (!Boolean.TRUE.equals(m.get("readOnly"))) {
                Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxrwxrwx"));
            }
        }
        return new Pod(root, spec, map(at(spec, containers, 0)), mapped);
    }

    /** As the kubelet does it: the files are in a directory that is exchanged as a whole, and links lead there. */
    private static void layOut(Path dir, Map<String, Object> data, Map<String, String> mapped) throws IOException {
        Path version = Files.createDirectory(dir.resolve("..2026_01_01_00_00_00.1"));
        Files.createSymbolicLink(dir.resolve("..data"), version.getFileName());
        for (Map.Entry<String, Object> e : data.entrySet()) {
            Files.writeString(version.resolve(e.getKey()), here((String) e.getValue(), mapped));
            Files.createSymbolicLink(dir.resolve(e.getKey()), Path.of("..data", e.getKey()));
        }
    }

    /** Longer paths first: one may begin with another. All at once: what a path becomes may hold another. */
    private static String here(String text, Map<String, String> mapped) {
        String any = mapped.keySet().stream()
                .sorted(Comparator.comparingInt(String::length).reversed())
                .map(Pattern::quote)
                .collect(Collectors.joining("|"));
        return Pattern.compile("(?<![\\w/.])(?:" + any + ")")
                .matcher(text)
                .replaceAll(m -> Matcher.quoteReplacement(mapped.getOrDefault(m.group(), "")));
    }

    /** The command that becomes the pod's user, if this is root and that user can read the distribution. */
    private static List<String> user(Map<String, Object> spec) throws IOException, InterruptedException {
        int uid = (Integer) at(spec, "securityContext", "runAsUser");
        List<String> become = List.of(
                "setpriv",
                "--reuid=" + uid,
                "--regid=" + at(spec, "securityContext", "runAsGroup"),
                "--clear-groups",
                "--no-new-privs",
                "--bounding-set=-all",
                "--inh-caps=-all");
        if (uid == 0 || !System.getProperty("user.name").equals("root")) {
            return List.of();
        }
        List<String> probe = new ArrayList<>(become);
        probe.addAll(List.of("test", "-r", STAGE.resolve("lib/skald.jar").toString()));
        return new ProcessBuilder(probe).start().waitFor() == 0 ? become : List.of();
    }

    private ProcessBuilder builder(List<String> args, String log) throws IOException {
        List<String> command = new ArrayList<>(user);
        if (Files.exists(path(POD_LOGS))) {
            // the agent knows this directory by its name: it is there for this process alone
            command.addAll(List.of(
                    "unshare",
                    "--mount",
                    "sh",
                    "-c",
                    "mount -t tmpfs none /var/log && mkdir " + POD_LOGS + " && mount --bind \"$0\" " + POD_LOGS
                            + " && exec \"$@\"",
                    path(POD_LOGS).toString()));
        }
        command.addAll(ImageBuild.command(STAGE));
        command.addAll(args);
        ProcessBuilder b = new ProcessBuilder(command)
                .directory(root.toFile())
                .redirectErrorStream(true)
                .redirectOutput(root.resolve(log).toFile());
        b.environment().putAll(environment);
        return b;
    }

    Map<String, Object> container() {
        return container;
    }

    /** A path of the container as one of this machine. */
    Path path(String path) {
        return Path.of(root + path);
    }

    String log() throws IOException {
        return Files.readString(root.resolve("log"));
    }

    /** Waits until a probe succeeds. */
    void await(String url) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_SECONDS);
        try (HttpClient http = HttpClient.newHttpClient()) {
            while (true) {
                try {
                    HttpRequest probe = HttpRequest.newBuilder(URI.create(url)).build();
                    if (http.send(probe, HttpResponse.BodyHandlers.discarding()).statusCode() == 200) {
                        return;
                    }
                } catch (IOException e) {
                    // it does not listen yet
                }
                if (process.waitFor(50, TimeUnit.MILLISECONDS) || System.nanoTime() > deadline) {
                    throw new IOException(url + " is not answered: " + log());
                }
            }
        }
    }

    /**
     * Runs another command in the pod.
     *
     * @throws IOException with what it said, if it fails
     */
    void exec(List<String> args) throws IOException, InterruptedException {
        int exit = builder(args, "exec.log").start().waitFor();
        if (exit != 0) {
            throw new IOException(args + ": " + exit + ", " + Files.readString(root.resolve("exec.log")) + log());
        }
    }

    /** Asks it to end as Kubernetes does, and gives the exit code. */
    int stop() throws IOException, InterruptedException {
        process.destroy();
        return awaitEnd();
    }

    /** Waits until it ends by itself, and gives the exit code. */
    int awaitEnd() throws IOException, InterruptedException {
        if (!process.waitFor(DEADLINE_SECONDS, TimeUnit.SECONDS)) {
            throw new IOException("it does not end: " + log());
        }
        return process.exitValue();
    }

    /** Files that no mount and not this class has made. */
    List<String> writtenOutsideOf(String... volumes) throws IOException {
        List<String> found = new ArrayList<>();
        try (Stream<Path> files = Files.walk(root)) {
            for (Path f : new TreeSet<>(files.toList())) {
                String relative = root.relativize(f).toString();
                boolean expected = relative.matches("|log|exec.log|etc/skald.*|etc");
                for (String v : volumes) {
                    expected |= relative.equals(v) || relative.startsWith(v + "/");
                }
                if (!expected) {
                    found.add(relative);
                }
            }
        }
        return found;
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly().onExit().join();
        try (Stream<Path> files = Files.walk(root)) {
            for (Path f : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(f);
            }
        }
    }
}
