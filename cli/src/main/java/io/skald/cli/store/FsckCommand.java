/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.store;

import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.Output;
import io.skald.core.config.Durations;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.storage.SegmentStore;
import io.skald.storage.compact.Garbage;
import io.skald.storage.segment.SegmentInspection;
import io.skald.storage.segment.SegmentKeys;
import io.skald.storage.segment.SegmentRef;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code skald fsck}. */
@Command(
        description = {
            "Compares the index with the objects that are there: objects without index, index without objects, and with --read",
            "every checksum. Changes nothing unless --delete-orphans is given. Exit code 1 if an object that the index names is missing or damaged."
        },
        footer = {
            "",
            "An object that no commit names is what a crash left, or is being written now. A running process with compaction",
            "removes what flushes and compactions left a day ago; --delete-orphans is for what nobody remembers, as after a restore.",
            "If the index was lost, every object is in no commit: see skald index rebuild. A tenant without a log is never touched.",
            "",
            "Examples:",
            "  skald fsck --data /var/lib/skald            the embedded stores of a process that is stopped",
            "  skald fsck --config skald.yaml --read       DynamoDB and S3; reads every object",
            "  skald fsck --config skald.yaml --delete-orphans --older-than 7d"
        })
public final class FsckCommand implements Callable<Integer> {
    private static final int PIECE = 4 << 20;

    private final Output out;

    @Mixin
    private StoreOptions options = new StoreOptions();

    @Option(names = "--read", description = "Read every object and check its checksums.")
    private boolean read;

    @Option(names = "--delete-orphans", description = "Remove objects that no commit names and nobody will remove.")
    private boolean deleteOrphans;

    @Option(
            names = "--older-than",
            paramLabel = "AGE",
            description = "With --delete-orphans: only those written so long ago, at least 1h; default 24h.")
    private String olderThan = "24h";

    private int deleted;
    private int segments;
    private int damaged;
    private int unknown;

    public FsckCommand(Output out) {
        this.out = out;
    }

    @Override
    public Integer call() throws CommandFailure, Output.Gone {
        Duration age = age();
        return options.run((stores, config) -> {
            List<String> objects = stores.segments().list("");
            Set<String> there = new HashSet<>(objects);
            Set<String> named = new HashSet<>();
            for (TenantId tenant : stores.log().tenants()) {
                try {
                    for (SegmentRef s : stores.log().read(tenant).segments()) {
                        named.add(s.key());
                        segments++;
                        look(stores.segments(), s, there.contains(s.key()));
                    }
                } catch (StoreException.CorruptData e) {
                    damaged("log of tenant " + tenant, String.valueOf(e.getMessage()));
                    objects.stream()
                            .filter(o -> o.startsWith(tenant.value() + "/"))
                            .forEach(named::add);
                }
            }
            Map<String, Set<String>> orphans = new TreeMap<>();
            for (String o : objects) {
                if (!named.contains(o)) {
                    unknown++;
                    out.println("in no commit  " + o);
                    orphans.computeIfAbsent(o.substring(0, Math.max(0, o.indexOf('/'))), t -> new HashSet<>())
                            .add(o);
                }
            }
            if (deleteOrphans) {
                delete(stores, orphans, System.currentTimeMillis() - age.toMillis());
            }
            out.println(segments + " segments in the index, " + damaged + " problems, " + unknown
                    + " objects in no commit" + (deleteOrphans ? ", " + deleted + " of them removed" : ""));
            return damaged == 0 ? ExitCode.OK : ExitCode.FAILURE;
        });
    }

    private Duration age() throws CommandFailure {
        Duration age;
        try {
            age = Durations.parse(olderThan);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(ExitCode.USAGE, "--older-than: " + e.getMessage(), e);
        }
        if (age.compareTo(Duration.ofHours(1)) < 0) {
            throw new CommandFailure(ExitCode.USAGE, "--older-than is " + olderThan + ", must be at least 1h");
        }
        return age;
    }

    /** Removes what was written before a time, is a segment by its name, and is noted by nobody. */
    private void delete(Stores stores, Map<String, Set<String>> orphans, long beforeMillis)
            throws StoreException, Output.Gone {
        Garbage garbage = new Garbage(stores.index(), stores.segments(), stores.log());
        for (TenantId tenant : stores.log().tenants()) {
            Set<String> keys = new HashSet<>(orphans.getOrDefault(tenant.value(), Set.of()));
            keys.removeIf(k -> SegmentKeys.millis(k) == 0 || SegmentKeys.millis(k) > beforeMillis);
            if (!keys.isEmpty() && stores.log().read(tenant).n() > 0) {
                // after the log: what a commit removed is noted before it
                keys.removeAll(garbage.noted(tenant));
                for (String k : new TreeSet<>(garbage.discard(tenant, keys))) {
                    deleted++;
                    out.println("removed       " + k);
                }
            }
        }
    }

    private void damaged(String what, String why) throws Output.Gone {
        damaged++;
        out.println("PROBLEM       " + what + ": " + why);
    }

    private void look(SegmentStore store, SegmentRef s, boolean there) throws StoreException, IOException, Output.Gone {
        if (!there) {
            damaged(s.key(), "is missing: " + s.entries() + " entries of day " + s.day());
            return;
        }
        long size = store.size(s.key());
        if (size != s.sizeBytes()) {
            damaged(s.key(), "has " + size + " bytes, the index says " + s.sizeBytes());
        } else if (read) {
            Path copy = Files.createTempFile("skald-fsck", ".seg");
            try {
                copy(store, s.key(), size, copy);
                for (String problem : SegmentInspection.of(copy).problems()) {
                    damaged(s.key(), problem);
                }
            } finally {
                Files.deleteIfExists(copy);
            }
        }
    }

    private static void copy(SegmentStore store, String key, long size, Path to) throws StoreException, IOException {
        try (OutputStream file = Files.newOutputStream(to)) {
            for (long at = 0; at < size; at += PIECE) {
                file.write(store.read(key, at, (int) Math.min(PIECE, size - at)));
            }
        }
    }
}
