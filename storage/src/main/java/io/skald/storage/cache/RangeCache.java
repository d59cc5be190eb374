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
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A store that keeps the ranges that were read of another, each in a file: segments never change, and queries read the same directories,
 * filters and blocks again. What lies within a kept range needs no reading either. A range that several ask for at once is read once. Bounded by what the files take on the disk, the least recently used going first; nothing expires, so nothing expires at once. What
 * a crash or a bad disk leaves is found by its checksum and read anew, so nothing is synced. Thread-safe.
 */
public final class RangeCache implements SegmentStore {
    private static final System.Logger LOG = System.getLogger(RangeCache.class.getName());
    private static final int HEADER = 8;
    /** A file takes whole ones on the disk; it is by these that many small files, each with its place in memory, are bounded too. */
    private static final int DISK_BLOCK = 4096;
    /** Of the whole cache; a larger range is not kept. */
    private static final int LARGEST = 16;
    /** How many ranges that begin before one are looked at for one that holds it. */
    private static final int LOOKS = 8;

    private final SegmentStore store;
    private final Path directory;
    private final long maxBytes;
    private final Counter requests;
    private final Gauge held;
    private final ConcurrentHashMap<String, FutureTask<byte[]>> reading = new ConcurrentHashMap<>();
    /** File names with sizes, the least recently used first; guarded by itself. */
    private final LinkedHashMap<String, Long> files = new LinkedHashMap<>(256, 0.75f, true);
    /** Lengths of the ranges that are kept of each segment, by their offsets; of two with one offset the longer. Guarded by {@code files}. */
    private final Map<String, TreeMap<Long, Integer>> bySegment = new HashMap<>();

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

    private record Found(Range range, long size, long modified) {}

    /** A range that is or may be kept. */
    private record Range(String segment, long offset, int length) {
        private static final Pattern NAME = Pattern.compile("([0-9a-f]{32})-([0-9]{1,18})-([0-9]{1,9})");

        static Range of(String key, long offset, int length) {
            try {
                byte[] hash = MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
                return new Range(HexFormat.of().formatHex(hash, 0, 16), offset, length);
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("every JDK has SHA-256", e);
            }
        }

        /** The range that a file is named after, or null. */
        static @Nullable Range of(String name) {
            Matcher m = NAME.matcher(name);
            return m.matches() ? new Range(m.group(1), Long.parseLong(m.group(2)), Integer.parseInt(m.group(3))) : null;
        }

        String name() {
            return segment + "-" + offset + "-" + length;
        }

        long end() {
            return offset + length;
        }
    }

    private void load() throws IOException {
        List<Found> found = new ArrayList<>();
        try (Stream<Path> all = Files.list(directory)) {
            for (Path p : all.toList()) {
                Range range = Range.of(String.valueOf(p.getFileName()));
                if (range == null) {
                    // unfinished, or of an earlier version
                    Files.deleteIfExists(p);
                } else {
                    found.add(new Found(
                            range, Files.size(p), Files.getLastModifiedTime(p).toMillis()));
                }
            }
        }
        found.sort(Comparator.comparingLong(Found::modified));
        found.forEach(f -> added(f.range, f.size));
    }

    @Override
    public byte[] read(String key, long offset, int length) throws StoreException {
        Range range = Range.of(key, offset, length);
        String name = range.name();
        Range within = holding(range);
        byte[] kept = within == null ? null : kept(within, range);
        if (kept != null) {
            requests.labels("hit").inc();
            return kept;
        }
        FutureTask<byte[]> mine = new FutureTask<>(() -> fetch(range, key));
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

    /** A kept range that has all of another, or null. */
    private @Nullable Range holding(Range range) {
        synchronized (files) {
            // marks it as used
            if (files.get(range.name()) != null) {
                return range;
            }
            TreeMap<Long, Integer> of = bySegment.get(range.segment);
            if (of == null) {
                return null;
            }
            int looks = LOOKS;
            for (Map.Entry<Long, Integer> e :
                    of.headMap(range.offset, true).descendingMap().entrySet()) {
                Range r = new Range(range.segment, e.getKey(), e.getValue());
                if (r.end() >= range.end()) {
                    return files.get(r.name()) == null ? null : r;
                }
                if (--looks == 0) {
                    break;
                }
            }
            return null;
        }
    }

    /** A range out of one that was kept, or null. Files hold a checksum, four bytes of the length, and the range. */
    private byte @Nullable [] kept(Range within, Range range) {
        String name = within.name();
        try {
            ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(directory.resolve(name)));
            if (file.remaining() == HEADER + within.length
                    && file.getInt(4) == within.length
                    && file.getInt(0) == crc(file)) {
                byte[] bytes = new byte[range.length];
                file.get(HEADER + (int) (range.offset - within.offset), bytes);
                return bytes;
            }
            LOG.log(System.Logger.Level.WARNING, "cache file {0} is damaged and is read anew", name);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "cache file " + name + " cannot be read", e);
        }
        removed(within);
        return null;
    }

    private static int crc(ByteBuffer file) {
        CRC32C crc = new CRC32C();
        crc.update(file.slice(4, file.limit() - 4));
        return (int) crc.getValue();
    }

    private byte[] fetch(Range range, String key) throws StoreException {
        Range within = holding(range);
        byte[] kept = within == null ? null : kept(within, range);
        if (kept != null) {
            // it came between the look and the turn to read
            return kept;
        }
        byte[] bytes = store.read(key, range.offset, range.length);
        if (range.length <= maxBytes / LARGEST) {
            keep(range, bytes);
        }
        return bytes;
    }

    private void keep(Range of, byte[] range) {
        String name = of.name();
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
        added(of, HEADER + range.length);
    }

    private void added(Range range, long length) {
        long size = (length + DISK_BLOCK - 1) / DISK_BLOCK * DISK_BLOCK;
        List<String> out = new ArrayList<>();
        synchronized (files) {
            Long before = files.put(range.name(), size);
            bySegment.computeIfAbsent(range.segment, k -> new TreeMap<>()).merge(range.offset, range.length, Math::max);
            bytes += size - (before == null ? 0 : before);
            Iterator<Map.Entry<String, Long>> eldest = files.entrySet().iterator();
            while (bytes > maxBytes && eldest.hasNext()) {
                Map.Entry<String, Long> e = eldest.next();
                bytes -= e.getValue();
                out.add(e.getKey());
                eldest.remove();
                forget(e.getKey());
            }
            held.set((double) bytes);
        }
        out.forEach(this::erase);
    }

    /** Takes a file out of the ranges by segment; called with the lock. */
    private void forget(String name) {
        Range range = Objects.requireNonNull(Range.of(name));
        TreeMap<Long, Integer> of = bySegment.get(range.segment);
        if (of != null && of.remove(range.offset, range.length) && of.isEmpty()) {
            bySegment.remove(range.segment);
        }
    }

    private void removed(Range range) {
        String name = range.name();
        synchronized (files) {
            Long size = files.remove(name);
            forget(name);
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
    public int readAheadBytes() {
        return (int) Math.min(store.readAheadBytes(), maxBytes / LARGEST);
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
