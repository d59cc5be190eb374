/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.tail;

import io.skald.agent.collect.Collector;
import io.skald.agent.discover.FileId;
import io.skald.agent.discover.Glob;
import io.skald.agent.spool.FileState;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Remembers, on disk, until when every file that was there is known. A rotated file that is not known and is younger came and went while nobody
 * looked, and has to be read; one that is older was there before the agent, and is left out. Confined to the tail thread but {@link #isDurable}.
 */
final class Looked {
    private static final System.Logger LOG = System.getLogger(Looked.class.getName());
    /** File systems tell when a file began by a coarser clock. */
    private static final long MARGIN_MILLIS = TimeUnit.SECONDS.toMillis(1);

    private final Collector collector;
    private final boolean first;
    private long untilMillis;
    private volatile @Nullable CompletableFuture<Void> durable;

    /** @param cursor what was remembered, or null if no agent has looked before */
    Looked(Collector collector, @Nullable String cursor) {
        this.collector = collector;
        this.first = cursor == null;
        this.untilMillis = cursor == null ? 0 : Long.parseLong(cursor);
    }

    /** Whether no agent has looked before. */
    boolean isFirst() {
        return first;
    }

    /** What is younger and not known is new; milliseconds since 1970. */
    long sinceMillis() {
        return untilMillis - MARGIN_MILLIS;
    }

    /** Whether it is on disk which files there were at the start. Thread-safe. */
    boolean isDurable() {
        CompletableFuture<Void> d = durable;
        return d != null && d.isDone();
    }

    /**
     * Takes down what was found, before anything of it is read.
     *
     * @param wholeSinceMillis when everything began to be looked through; 0 if only some was, or if something could not be opened
     */
    void found(Collection<FileState> states, long wholeSinceMillis) {
        untilMillis = Math.max(untilMillis, wholeSinceMillis);
        collector.lock().lock();
        try {
            if (untilMillis > 0) {
                collector.found(states, Tailer.CURSOR, Long.toString(untilMillis));
            }
            if (durable == null) {
                // files wait in vain while the outbox is full, but not at the very first start
                durable = first ? collector.durable() : CompletableFuture.completedFuture(null);
            }
        } finally {
            collector.lock().unlock();
        }
    }

    /** Finds what was rotated before an agent looked for the first time, and takes it for read. */
    static void leaveOut(Collection<Path> directories, Map<Path, Target> followed, Consumer<FileState> known) {
        Map<Path, Path> byBeginning = new HashMap<>();
        followed.keySet().forEach(p -> Siblings.beginnings(p).forEach(b -> byBeginning.putIfAbsent(b, p)));
        int count = 0;
        for (Path directory : directories) {
            for (Path p : Glob.children(directory)) {
                Path of = followed.containsKey(p) ? null : beginning(p, byBeginning);
                Target target = of == null ? null : followed.get(of);
                if (target == null || of == null || !Files.isRegularFile(p)) {
                    continue;
                }
                count++;
                try (Input in = new Input.Plain(FileChannel.open(p, StandardOpenOption.READ))) {
                    Fingerprint fingerprint = new Fingerprint(0, 0);
                    fingerprint.extend(in, in.size());
                    known.accept(FileState.read(
                            target.job().name(),
                            FileId.of(p),
                            of.toString(),
                            in.size(),
                            fingerprint.hash(),
                            fingerprint.length()));
                } catch (IOException e) {
                    LOG.log(System.Logger.Level.DEBUG, () -> "cannot look into " + p + ": " + e);
                }
            }
        }
        int n = count;
        if (n > 0) {
            LOG.log(
                    System.Logger.Level.INFO,
                    () -> "first start: " + n + " files that were rotated before are left out, not read");
        }
    }

    private static @Nullable Path beginning(Path p, Map<Path, Path> of) {
        for (String beginning : Siblings.beginningsIn(p.getFileName().toString())) {
            Path found = of.get(p.resolveSibling(beginning));
            if (found != null) {
                return found;
            }
        }
        return null;
    }
}
