/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.store;

import io.skald.core.model.RequestException;
import io.skald.core.model.TenantId;
import io.skald.querier.rules.model.RuleException;
import io.skald.querier.rules.model.RuleFile;
import io.skald.querier.rules.model.RuleGroup;
import io.skald.querier.rules.model.RuleYaml;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * Groups from a directory: files {@code *.yaml} and {@code *.yml} in it belong to the default tenant, those in a directory of it to the tenant
 * of that name, as Loki has it. A file is a namespace called like the file, unless it names one. Names that begin with a dot are passed over,
 * which makes mounted ConfigMaps read once. A file that cannot be used leaves in force what it said before. Confined to one thread, but for the
 * counter.
 */
public final class RuleFiles {
    private static final System.Logger LOG = System.getLogger(RuleFiles.class.getName());

    private record Seen(Object modified, long size, Object key) {}

    private record Entry(Seen seen, List<LoadedGroup> groups, boolean good) {}

    private final Path directory;
    private final AtomicLong bad = new AtomicLong();
    private Map<Path, Entry> files = new HashMap<>();
    private boolean missing;

    /** @param directory empty for none */
    public RuleFiles(Path directory) {
        this.directory = directory;
    }

    /** Files that cannot be used as they are. */
    public long badFiles() {
        return bad.get();
    }

    /** Looks at the directory, reads what has changed, and gives all groups. */
    public List<LoadedGroup> poll() {
        if (directory.toString().isEmpty()) {
            return List.of();
        }
        Map<Path, TenantId> found;
        try {
            found = find();
            missing = false;
        } catch (IOException e) {
            if (!missing) {
                LOG.log(
                        System.Logger.Level.ERROR,
                        "rules of " + directory + " stay as they are, it cannot be read: " + e);
            }
            missing = true;
            bad.set(1);
            return all();
        }
        Map<Path, Entry> now = new TreeMap<>();
        found.forEach((file, tenant) -> now.put(file, look(file, tenant)));
        files = now;
        bad.set(now.values().stream().filter(e -> !e.good).count());
        return all();
    }

    private List<LoadedGroup> all() {
        List<LoadedGroup> out = new ArrayList<>();
        files.values().forEach(e -> out.addAll(e.groups));
        return out;
    }

    private Map<Path, TenantId> find() throws IOException {
        Map<Path, TenantId> out = new TreeMap<>();
        for (Path p : children(directory)) {
            if (Files.isDirectory(p)) {
                TenantId tenant;
                try {
                    tenant = new TenantId(p.getFileName().toString());
                } catch (RequestException e) {
                    LOG.log(System.Logger.Level.DEBUG, () -> p + " is no directory of a tenant: " + e.getMessage());
                    continue;
                }
                for (Path f : children(p)) {
                    if (isRules(f)) {
                        out.put(f, tenant);
                    }
                }
            } else if (isRules(p)) {
                out.put(p, TenantId.DEFAULT);
            }
        }
        return out;
    }

    private static boolean isRules(Path p) {
        String name = p.getFileName().toString();
        return (name.endsWith(".yaml") || name.endsWith(".yml")) && Files.isRegularFile(p);
    }

    private static List<Path> children(Path dir) throws IOException {
        try (Stream<Path> s = Files.list(dir)) {
            return s.filter(p -> !p.getFileName().toString().startsWith("."))
                    .sorted()
                    .toList();
        }
    }

    private Entry look(Path file, TenantId tenant) {
        Entry before = files.get(file);
        List<LoadedGroup> old = before == null ? List.of() : before.groups;
        Seen seen = new Seen("", 0, "");
        try {
            BasicFileAttributes a = Files.readAttributes(file, BasicFileAttributes.class);
            seen = new Seen(a.lastModifiedTime(), a.size(), String.valueOf(a.fileKey()));
            if (before != null && before.seen.equals(seen)) {
                return before;
            }
            Entry read = new Entry(seen, read(file, tenant), true);
            LOG.log(
                    System.Logger.Level.INFO,
                    "rules of " + file + " are in force: " + read.groups.size() + " groups of tenant " + tenant);
            return read;
        } catch (RuleException | IOException e) {
            if (before == null || before.good || !before.seen.equals(seen)) {
                LOG.log(
                        System.Logger.Level.ERROR,
                        (old.isEmpty() ? "rules left out: " : "rules stay as they are: ")
                                + (e instanceof NoSuchFileException ? file + " is gone" : e.getMessage()));
            }
            return new Entry(seen, old, false);
        }
    }

    private static List<LoadedGroup> read(Path file, TenantId tenant) throws IOException {
        RuleFile f = RuleYaml.parseFile(file.toString(), Files.readString(file, StandardCharsets.UTF_8));
        String namespace = f.namespace() == null ? file.getFileName().toString() : f.namespace();
        List<LoadedGroup> out = new ArrayList<>();
        for (RuleGroup g : f.groups()) {
            out.add(new LoadedGroup(new GroupKey(tenant, namespace, g.name()), g, file.toString()));
        }
        return out;
    }
}
