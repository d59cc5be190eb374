/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.discover;

import io.skald.agent.config.Section;
import io.skald.agent.config.YamlFile;
import io.skald.core.config.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** {@code file_sd_configs}: targets that are listed in files, YAML or JSON, which are read again from time to time. */
public final class FileDiscovery implements Discovery {
    private static final System.Logger LOG = System.getLogger(FileDiscovery.class.getName());

    private final List<Glob> globs;
    private final Duration interval;
    private volatile List<Map<String, String>> targets = List.of();
    private volatile boolean closed;
    private volatile String problem = "";

    public FileDiscovery(List<Glob> globs, Duration interval) {
        this.globs = List.copyOf(globs);
        this.interval = interval;
    }

    @Override
    public List<Map<String, String>> targets() {
        return targets;
    }

    @Override
    public void start(Runnable changed) {
        targets = read();
        Thread.ofVirtual().name("skald-agent-file-sd").start(() -> {
            try {
                while (!closed) {
                    Thread.sleep(interval);
                    List<Map<String, String>> now = read();
                    if (!now.equals(targets)) {
                        targets = now;
                        changed.run();
                    }
                }
            } catch (InterruptedException e) {
                LOG.log(System.Logger.Level.DEBUG, "interrupted");
            }
        });
    }

    @Override
    public String type() {
        return "file_sd";
    }

    @Override
    public String problem() {
        return problem;
    }

    private List<Map<String, String>> read() {
        Set<Path> files = new LinkedHashSet<>();
        globs.forEach(g -> g.find(files));
        List<Map<String, String>> all = new ArrayList<>();
        for (Path f : files) {
            try {
                // JSON is YAML too
                for (Section s : YamlFile.list(f.toString(), Files.readString(f))) {
                    Map<String, String> labels = new TreeMap<>();
                    s.labels("labels").toMap().forEach(labels::put);
                    labels.put("__meta_filepath", f.toString());
                    List<String> addresses = s.list("targets");
                    for (String address : addresses.isEmpty() ? List.of("") : addresses) {
                        Map<String, String> target = new TreeMap<>(labels);
                        target.put("__address__", address);
                        all.add(target);
                    }
                    s.check();
                }
            } catch (IOException | ConfigException e) {
                problem = "cannot read targets of " + f + ": " + e.getMessage();
                LOG.log(System.Logger.Level.WARNING, problem);
                return targets; // those that were known go on
            }
        }
        problem = "";
        return all;
    }

    @Override
    public void close() {
        closed = true;
    }
}
