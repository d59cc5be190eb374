/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.kube;

import io.skald.agent.discover.Glob;
import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Tells at once when a pod or one of its containers gets a directory of logs, so that what lives for a second is not missed. Has a thread of its
 * own; thread-safe.
 */
final class PodLogWatch implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(PodLogWatch.class.getName());
    /** How long to wait for a directory that is not there yet. */
    private static final long LOOK_MILLIS = 1000;

    private final Path logs;
    private final Runnable changed;
    private final Map<Path, WatchKey> watched = new HashMap<>();
    private volatile @Nullable WatchService service;
    private volatile boolean closed;

    PodLogWatch(Path logs, Runnable changed) {
        this.logs = logs;
        this.changed = changed;
    }

    void start() {
        Thread.ofPlatform().daemon().name("skald-agent-pods").start(this::run);
    }

    private void run() {
        try (WatchService s = FileSystems.getDefault().newWatchService()) {
            service = s;
            boolean news = false;
            while (!closed) {
                news |= register(s);
                if (news) {
                    changed.run(); // after they are watched: what came in between is found by looking
                }
                WatchKey key = s.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
                news = key != null;
                while (key != null) {
                    key.pollEvents();
                    if (!key.reset()) {
                        watched.values().remove(key);
                    }
                    key = s.poll();
                }
            }
        } catch (IOException | UnsupportedOperationException e) {
            LOG.log(System.Logger.Level.INFO, () -> "directories of pods are not watched but looked at: " + e);
        } catch (ClosedWatchServiceException | InterruptedException e) {
            LOG.log(System.Logger.Level.DEBUG, "watching directories of pods has ended");
        }
    }

    /** Watches what is not watched yet; returns whether there was any. */
    private boolean register(WatchService s) throws IOException {
        boolean any = false;
        if (!watched.containsKey(logs)) {
            if (!Files.isDirectory(logs)) {
                return false;
            }
            any |= register(s, logs);
        }
        for (Path pod : Glob.children(logs)) {
            any |= !watched.containsKey(pod) && Files.isDirectory(pod) && register(s, pod);
        }
        return any;
    }

    private boolean register(WatchService s, Path directory) {
        try {
            watched.put(directory, directory.register(s, StandardWatchEventKinds.ENTRY_CREATE));
            return true;
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, () -> "gone, or cannot be watched: " + directory + ": " + e);
            return false;
        }
    }

    @Override
    public void close() {
        closed = true;
        WatchService s = service;
        if (s != null) {
            try {
                s.close();
            } catch (IOException e) {
                LOG.log(System.Logger.Level.DEBUG, () -> "closing the watch of pods: " + e);
            }
        }
    }
}
