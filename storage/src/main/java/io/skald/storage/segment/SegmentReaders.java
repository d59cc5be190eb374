/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.prometheus.client.Collector;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.CounterMetricFamily;
import io.skald.core.model.StoreException;
import io.skald.storage.SegmentStore;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Opened segments of a store, shared by all queries of a process. Directories, partitions of skip filters and the blocks that small streams share are kept within bounds
 * of bytes, the least recently used going first; a directory that several ask for at once is read once. Thread-safe.
 */
public final class SegmentReaders {
    /** What directories may take unless said otherwise, bytes. */
    public static final long DEFAULT_DIRECTORY_BYTES = 64L << 20;

    /** What shared blocks may take unless said otherwise, bytes. */
    public static final long DEFAULT_BLOCK_BYTES = 32L << 20;

    /** What partitions of skip filters may take unless said otherwise, bytes; counters and patterns may take half of it each. */
    public static final long DEFAULT_FILTER_BYTES = 32L << 20;

    private static final long MAX_AHEAD_BYTES = 256L << 20;

    private final SegmentStore store;
    private final long maxDirectoryBytes;
    private final WeightedCache<DecodedBlock> sharedBlocks;
    private final WeightedCache<FilterGroup.Partition> partitions;
    private final WeightedCache<SegmentCounters> counters;
    private final WeightedCache<PatternGroup.Loaded> patterns;
    private final ReadWindows windows;
    private final LinkedHashMap<String, Slot> slots = new LinkedHashMap<>(64, 0.75f, true);
    private long bytes;

    /** One segment; its lock is held while the directory is read. */
    private static final class Slot {
        final ReentrantLock lock = new ReentrantLock();

        @Nullable
        SegmentReader reader;

        long weight;
    }

    public SegmentReaders(SegmentStore store) {
        this(
                store,
                DEFAULT_DIRECTORY_BYTES,
                DEFAULT_BLOCK_BYTES,
                DEFAULT_FILTER_BYTES,
                Math.min(MAX_AHEAD_BYTES, Runtime.getRuntime().maxMemory() / 8));
    }

    /** @param maxAheadBytes what may be read ahead for all queries, where the store has them read ahead */
    public SegmentReaders(
            SegmentStore store, long maxDirectoryBytes, long maxBlockBytes, long maxFilterBytes, long maxAheadBytes) {
        this.windows = new ReadWindows(maxAheadBytes);
        this.store = store;
        this.maxDirectoryBytes = maxDirectoryBytes;
        this.sharedBlocks = new WeightedCache<>(maxBlockBytes, DecodedBlock::weight);
        this.counters = new WeightedCache<>(maxFilterBytes / 2, SegmentCounters::weight);
        this.patterns = new WeightedCache<>(maxFilterBytes / 2, PatternGroup.Loaded::weight);
        this.partitions = new WeightedCache<>(maxFilterBytes, FilterGroup.Partition::weight);
    }

    /** Exports how often what was asked for was in a cache. */
    public void register(CollectorRegistry registry) {
        new Collector() {
            @Override
            public List<MetricFamilySamples> collect() {
                CounterMetricFamily asked = new CounterMetricFamily(
                        "skald_segment_cache_requests",
                        "Parts of segments that were asked for, by whether they were in memory.",
                        List.of("cache", "outcome"));
                add(asked, "blocks", sharedBlocks);
                add(asked, "filters", partitions);
                add(asked, "counters", counters);
                return List.of(asked);
            }

            private void add(CounterMetricFamily asked, String name, WeightedCache<?> cache) {
                asked.addMetric(List.of(name, "hit"), cache.hits());
                asked.addMetric(List.of(name, "miss"), cache.misses());
            }
        }.register(registry);
    }

    /**
     * Opens a segment, or finds it opened.
     *
     * @throws StoreException.CorruptData if its directory is not readable
     * @throws StoreException.NotFound if the object does not exist
     */
    public SegmentReader get(SegmentRef ref) throws StoreException {
        Slot slot;
        synchronized (slots) {
            slot = slots.computeIfAbsent(ref.key(), k -> new Slot());
        }
        slot.lock.lock();
        try {
            SegmentReader r = slot.reader;
            if (r == null) {
                r = SegmentReader.open(store, ref, sharedBlocks, partitions, counters, patterns, windows);
                slot.reader = r;
                keep(ref.key(), slot, r.weight());
            }
            return r;
        } catch (StoreException e) {
            synchronized (slots) {
                slots.remove(ref.key(), slot);
            }
            throw e;
        } finally {
            slot.lock.unlock();
        }
    }

    private void keep(String key, Slot slot, long weight) {
        synchronized (slots) {
            if (slots.get(key) != slot) {
                return; // dropped meanwhile: serves its caller and is forgotten
            }
            slot.weight = weight;
            bytes += weight;
            Iterator<Slot> eldest = slots.values().iterator();
            while (bytes > maxDirectoryBytes && eldest.hasNext()) {
                Slot s = eldest.next();
                if (s != slot && s.weight > 0) {
                    bytes -= s.weight;
                    eldest.remove();
                }
            }
        }
    }
}
