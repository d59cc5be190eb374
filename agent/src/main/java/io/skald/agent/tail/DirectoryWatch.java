/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.tail;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
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
final class DirectoryWatch implements AutoCloseable, FileEvents.Listener {
    private static final System.Logger LOG = System.getLogger(DirectoryWatch.class.getName());
    /** Changes that come close together are told at once. */
    private static final long GATHER_MILLIS = 15;
    /** Where changes come all the time they are told so often: to look at files for every line that somebody writes would be most of the work. */
    private static final long BUSY_MILLIS = 250;

    private final @Nullable FileEvents events;
    private final Runnable wake;
    private final Map<Path, Object> watched = new HashMap<>();
    private final Set<Path> changed = ConcurrentHashMap.newKeySet();
    private final Set<Path> created = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean overflowed = new AtomicBoolean();
    private boolean failed;

    /** @param wake is run when something has changed */
    DirectoryWatch(Runnable wake) {
        this.wake = wake;
        FileEvents e = open();
        this.events = e;
        if (e == null) {
            failed = true;
        } else {
            Thread.ofPlatform().daemon().name("skald-agent-watch").start(() -> run(e));
        }
    }

    private static @Nullable FileEvents open() {
        try {
            Inotify direct = Inotify.open();
            return direct == null ? new WatchServiceEvents() : direct;
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
        FileEvents e = events;
        if (e == null || watched.containsKey(directory)) {
            return;
        }
        try {
            watched.put(directory, e.watch(directory));
        } catch (NoSuchFileException gone) {
            LOG.log(System.Logger.Level.DEBUG, () -> "gone since it was found: " + directory);
        } catch (IOException x) {
            if (!failed) {
                failed = true;
                LOG.log(
                        System.Logger.Level.INFO,
                        () -> "cannot watch " + directory + ", files are looked at instead: " + x);
            }
        }
    }

    /** Ends watching all directories but these. */
    void retain(Set<Path> wanted) {
        FileEvents all = events;
        if (all != null) {
            watched.entrySet().removeIf(e -> {
                boolean gone = !wanted.contains(e.getKey()) || !all.isWatched(e.getValue());
                if (gone) {
                    all.unwatch(e.getValue());
                }
                return gone;
            });
        }
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

    private void run(FileEvents e) {
        try (e) {
            long last = System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(BUSY_MILLIS);
            while (e.await()) {
                long since = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - last);
                Thread.sleep(Math.max(GATHER_MILLIS, BUSY_MILLIS - since));
                last = System.nanoTime();
                e.take(this);
                wake.run();
            }
        } catch (InterruptedException x) {
            LOG.log(System.Logger.Level.DEBUG, "watching files has ended");
        }
    }

    @Override
    public void event(Path directory, String name, boolean isNew) {
        try {
            (isNew ? created : changed).add(directory.resolve(name));
        } catch (InvalidPathException e) {
            LOG.log(System.Logger.Level.DEBUG, () -> "a name that cannot be read in " + directory + ": " + e);
        }
    }

    @Override
    public void lost() {
        overflowed.set(true);
    }

    @Override
    public void close() {
        FileEvents e = events;
        if (e != null) {
            e.close();
        }
    }
}
