/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.tail;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Tells which files have changed, by the system's notification. It is a help only: what is not told is found by looking, a little later. {@link
 * #watch}, {@link #retain} are for the tail thread; the rest is thread-safe.
 */
final class DirectoryWatch implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(DirectoryWatch.class.getName());
    /** Changes that come close together are told at once. */
    private static final long GATHER_MILLIS = 15;
    /** Where changes come all the time they are told so often: to look at files for every line that somebody writes would be most of the work. */
    private static final long BUSY_MILLIS = 100;

    private final @Nullable WatchService service;
    private final Runnable wake;
    private final Map<Path, WatchKey> watched = new HashMap<>();
    private final Map<WatchKey, Path> directories = new ConcurrentHashMap<>();
    private final Set<Path> changed = ConcurrentHashMap.newKeySet();
    private final Set<Path> created = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean overflowed = new AtomicBoolean();
    private boolean failed;

    /** @param wake is run when something has changed */
    DirectoryWatch(Runnable wake) {
        this.wake = wake;
        WatchService s = open();
        this.service = s;
        if (s == null) {
            failed = true;
        } else {
            Thread.ofPlatform().daemon().name("skald-agent-watch").start(() -> run(s));
        }
    }

    private static @Nullable WatchService open() {
        try {
            return FileSystems.getDefault().newWatchService();
        } catch (IOException | UnsupportedOperationException e) {
            LOG.log(System.Logger.Level.WARNING, () -> "files are not watched but looked at: " + e);
            return null;
        }
    }

    /** Whether some directory could not be watched, so that looking has to be quicker. */
    boolean incomplete() {
        return failed;
    }

    /** Begins to watch a directory. */
    void watch(Path directory) {
        WatchService s = service;
        if (s == null || watched.containsKey(directory)) {
            return;
        }
        try {
            WatchKey key = directory.register(
                    s,
                    StandardWatchEventKinds.ENTRY_CREATE,
                    StandardWatchEventKinds.ENTRY_MODIFY,
                    StandardWatchEventKinds.ENTRY_DELETE);
            watched.put(directory, key);
            directories.put(key, directory);
        } catch (NoSuchFileException e) {
            LOG.log(System.Logger.Level.DEBUG, () -> "gone since it was found: " + directory);
        } catch (IOException e) {
            if (!failed) {
                failed = true;
                LOG.log(
                        System.Logger.Level.INFO,
                        () -> "cannot watch " + directory + ", files are looked at instead: " + e);
            }
        }
    }

    /** Ends watching all directories but these. */
    void retain(Set<Path> wanted) {
        watched.entrySet().removeIf(e -> {
            boolean gone = !wanted.contains(e.getKey()) || !e.getValue().isValid();
            if (gone) {
                e.getValue().cancel();
                directories.remove(e.getValue());
            }
            return gone;
        });
    }

    /** Files that were written to since the last call. */
    Set<Path> takeChanged() {
        return take(changed);
    }

    /** Names that are new since the last call. */
    Set<Path> takeCreated() {
        return take(created);
    }

    private static Set<Path> take(Set<Path> from) {
        if (from.isEmpty()) {
            return Set.of();
        }
        Set<Path> taken = Set.copyOf(from);
        from.removeAll(taken);
        return taken;
    }

    /** Whether changes were lost since the last call, so that everything must be looked at. */
    boolean takeOverflowed() {
        return overflowed.getAndSet(false);
    }

    private void run(WatchService s) {
        try {
            long last = System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(BUSY_MILLIS);
            while (true) {
                WatchKey key = s.take();
                long since = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - last);
                Thread.sleep(Math.max(GATHER_MILLIS, BUSY_MILLIS - since));
                last = System.nanoTime();
                while (key != null) {
                    events(key);
                    key = s.poll();
                }
                wake.run();
            }
        } catch (InterruptedException | ClosedWatchServiceException e) {
            LOG.log(System.Logger.Level.DEBUG, "watching files has ended");
        }
    }

    private void events(WatchKey key) {
        Path directory = directories.get(key);
        for (WatchEvent<?> e : key.pollEvents()) {
            if (e.kind().equals(StandardWatchEventKinds.OVERFLOW)) {
                overflowed.set(true);
            } else if (directory != null && e.context() instanceof Path name) {
                Path file = directory.resolve(name);
                if (e.kind().equals(StandardWatchEventKinds.ENTRY_CREATE)) {
                    created.add(file);
                } else if (e.kind().equals(StandardWatchEventKinds.ENTRY_MODIFY)) {
                    changed.add(file);
                }
            }
        }
        if (!key.reset()) {
            directories.remove(key);
        }
    }

    @Override
    public void close() {
        WatchService s = service;
        if (s != null) {
            try {
                s.close();
            } catch (IOException e) {
                LOG.log(System.Logger.Level.DEBUG, () -> "closing the watch: " + e);
            }
        }
    }
}
