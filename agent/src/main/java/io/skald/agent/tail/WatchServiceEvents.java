/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.tail;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The watch service of the JDK, for systems other than Linux. Thread-safe. */
final class WatchServiceEvents implements FileEvents {
    private static final System.Logger LOG = System.getLogger(WatchServiceEvents.class.getName());

    private final WatchService service;
    private final Map<WatchKey, Path> directories = new ConcurrentHashMap<>();
    /** What was waited for and is not told yet. Of the thread that waits. */
    private @Nullable WatchKey next;

    WatchServiceEvents() throws IOException {
        this.service = FileSystems.getDefault().newWatchService();
    }

    @Override
    public Object watch(Path directory) throws IOException {
        WatchKey key = directory.register(
                service,
                StandardWatchEventKinds.ENTRY_CREATE,
                StandardWatchEventKinds.ENTRY_MODIFY,
                StandardWatchEventKinds.ENTRY_DELETE);
        directories.put(key, directory);
        return key;
    }

    @Override
    public boolean isWatched(Object key) {
        return key instanceof WatchKey k && k.isValid();
    }

    @Override
    public void unwatch(Object key) {
        if (key instanceof WatchKey k) {
            k.cancel();
            directories.remove(k);
        }
    }

    @Override
    public boolean await() throws InterruptedException {
        try {
            next = service.take();
            return true;
        } catch (ClosedWatchServiceException e) {
            LOG.log(System.Logger.Level.DEBUG, "watching files has ended");
            return false;
        }
    }

    @Override
    public void take(Listener to) {
        try {
            WatchKey key = next;
            next = null;
            while (key != null) {
                events(key, to);
                key = service.poll();
            }
        } catch (ClosedWatchServiceException e) {
            LOG.log(System.Logger.Level.DEBUG, "watching files has ended");
        }
    }

    private void events(WatchKey key, Listener to) {
        Path directory = directories.get(key);
        for (WatchEvent<?> e : key.pollEvents()) {
            if (e.kind().equals(StandardWatchEventKinds.OVERFLOW)) {
                to.lost();
            } else if (directory != null
                    && e.context() instanceof Path name
                    && !e.kind().equals(StandardWatchEventKinds.ENTRY_DELETE)) {
                to.event(directory, name.toString(), e.kind().equals(StandardWatchEventKinds.ENTRY_CREATE));
            }
        }
        if (!key.reset()) {
            directories.remove(key);
        }
    }

    @Override
    public void close() {
        try {
            service.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, () -> "closing the watch: " + e);
        }
    }
}
