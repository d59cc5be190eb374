/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.cache;

import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import io.skald.core.model.StoreException;
import io.skald.storage.SegmentStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A store that keeps the ranges that were read of another, each in a file: segments never change, and queries read the same directories,
 * filters and blocks again. A range that several ask for at once is read once. Bounded by bytes, the least recently used going first. What
 * a crash or a bad disk leaves is found by its checksum and read anew, so nothing is synced. Thread-safe.
 */
public final class RangeCache implements SegmentStore {
    private static final System.Logger LOG = System.getLogger(RangeCache.class.getName());
    private static final int HEADER = 8;
    /** Of the whole cache; a larger range is not kept. */
    private static final int LARGEST = 16;

    private final SegmentStore store;
    private final Path directory;
    private final long maxBytes;
    private final Counter requests;
    private final Gauge held;
    private final ConcurrentHashMap<String, FutureTask<byte[]>> reading = new ConcurrentHashMap<>();
    /** File names with sizes, the least recently used first; guarded by itself. */
    private final LinkedHashMap<String, Long> files = new LinkedHashMap<>(256, 0.75f, true);

    private long bytes;

    private RangeCache(SegmentStore store, Path directory, long maxBytes, CollectorRegistry registry) {
        this.store = store;
        this.directory = directory;
        this.maxBytes = maxBytes;
        this.requests = Counter.build("skald_storage_cache_requests", "Ranges of segments that were asked for.")
                .labelNames("result")
                .register(registry);
        this.held = Gauge.build("skald_storage_cache_bytes", "Bytes of segments kept on the local disk.")
                .register(registry);
    }

    /**
     * Opens a cache, with what an earlier process left in it.
     *
     * @param store closed by the caller
     * @param directory of this cache alone; made if need be
     */
    public static RangeCache open(SegmentStore store, Path directory, long maxBytes, CollectorRegistry registry)
            throws StoreException {
        RangeCache c = new RangeCache(store, directory, maxBytes, registry);
        try {
            Files.createDirectories(directory);
            c.load();
        } catch (IOException e) {
            throw new StoreException.Unavailable("cache directory " + directory + " cannot be used: " + e, e);
        }
        return c;
    }

    private record Found(String name, long size, long modified) {}

    private void load() throws IOException {
        List<Found> found = new ArrayList<>();
        try (Stream<Path> all = Files.list(directory)) {
            for (Path p : all.toList()) {
                if (p.toString().endsWith(".tmp")) {
                    Files.deleteIfExists(p);
                } else {
                    found.add(new Found(
                            String.valueOf(p.getFileName()),
                            Files.size(p),
                            Files.getLastModifiedTime(p).toMillis()));
                }
            }
        }
        found.sort(Comparator.comparingLong(Found::modified));
        found.forEach(f -> added(f.name, f.size));
    }

    @Override
    public byte[] read(String key, long offset, int length) throws StoreException {
        String name = name(key, offset, length);
        byte[] kept = kept(name, length);
        if (kept != null) {
            requests.labels("hit").inc();
            return kept;
        }
        FutureTask<byte[]> mine = new FutureTask<>(() -> fetch(name, key, offset, length));
        FutureTask<byte[]> task = reading.putIfAbsent(name, mine);
        requests.labels(task == null ? "miss" : "shared").inc();
        if (task == null) {
            task = mine;
            try {
                mine.run();
            } finally {
                reading.remove(name, mine);
            }
        }
        try {
            return task.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException.Unavailable("segment " + key + ": interrupted", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof StoreException s) {
                throw s;
            }
            throw new IllegalStateException("reading segment " + key + " failed", e.getCause());
        }
    }

    private static String name(String key, long offset, int length) {
        try {
            byte[] id = (key + '\n' + offset + '\n' + length).getBytes(StandardCharsets.UTF_8);
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(id), 0, 20);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** A range as it was kept, or null. Files hold a checksum, four bytes of the length, and the range. */
    private byte @Nullable [] kept(String name, int length) {
        synchronized (files) {
            if (files.get(name) == null) {
                return null;
            }
        }
        try {
            ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(directory.resolve(name)));
            if (file.remaining() == HEADER + length && file.getInt(4) == length && file.getInt(0) == crc(file)) {
                byte[] range = new byte[length];
                file.get(HEADER, range);
                return range;
            }
            LOG.log(System.Logger.Level.WARNING, "cache file {0} is damaged and is read anew", name);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "cache file " + name + " cannot be read", e);
        }
        removed(name);
        return null;
    }

    private static int crc(ByteBuffer file) {
        CRC32C crc = new CRC32C();
        crc.update(file.slice(4, file.limit() - 4));
        return (int) crc.getValue();
    }

    private byte[] fetch(String name, String key, long offset, int length) throws StoreException {
        byte[] range = store.read(key, offset, length);
        if (length <= maxBytes / LARGEST) {
            keep(name, range);
        }
        return range;
    }

    private void keep(String name, byte[] range) {
        ByteBuffer file = ByteBuffer.allocate(HEADER + range.length);
        file.putInt(4, range.length);
        file.put(HEADER, range);
        file.putInt(0, crc(file));
        Path unfinished = directory.resolve(name + ".tmp");
        try {
            Files.write(unfinished, file.array());
            Files.move(unfinished, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "cache file " + name + " cannot be written: " + e);
            return;
        }
        added(name, HEADER + range.length);
    }

    private void added(String name, long size) {
        List<String> out = new ArrayList<>();
        synchronized (files) {
            Long before = files.put(name, size);
            bytes += size - (before == null ? 0 : before);
            Iterator<Map.Entry<String, Long>> eldest = files.entrySet().iterator();
            while (bytes > maxBytes && eldest.hasNext()) {
                Map.Entry<String, Long> e = eldest.next();
                bytes -= e.getValue();
                out.add(e.getKey());
                eldest.remove();
            }
            held.set((double) bytes);
        }
        out.forEach(this::erase);
    }

    private void removed(String name) {
        synchronized (files) {
            Long size = files.remove(name);
            bytes -= size == null ? 0 : size;
            held.set((double) bytes);
        }
        erase(name);
    }

    private void erase(String name) {
        try {
            Files.deleteIfExists(directory.resolve(name));
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "cache file " + name + " cannot be removed: " + e);
        }
    }

    @Override
    public Output create(String key) throws StoreException {
        return store.create(key);
    }

    @Override
    public long size(String key) throws StoreException {
        return store.size(key);
    }

    @Override
    public void delete(String key) throws StoreException {
        store.delete(key);
    }

    @Override
    public List<String> list(String prefix) throws StoreException {
        return store.list(prefix);
    }

    /** Closes nothing: the store is its opener's, and files stay for the next process. */
    @Override
    public void close() {}
}
