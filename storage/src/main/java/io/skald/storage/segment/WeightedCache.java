/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.model.StoreException;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToLongFunction;

/** Parts of segments, kept for a while. Bounded by bytes; the least recently used goes first. Thread-safe. */
final class WeightedCache<V> {
    private record Key(String segment, int part) {}

    private final long maxBytes;
    private final ToLongFunction<V> weight;
    private final LinkedHashMap<Key, V> parts = new LinkedHashMap<>(64, 0.75f, true);
    /** What is being made at the moment. */
    private final Map<Key, CompletableFuture<?>> loading = new HashMap<>();

    private long bytes;
    private final LongAdder hits = new LongAdder();
    private final LongAdder misses = new LongAdder();

    WeightedCache(long maxBytes, ToLongFunction<V> weight) {
        this.maxBytes = maxBytes;
        this.weight = weight;
    }

    /** Makes a part that is not there. */
    interface Loader<V> {
        V load() throws StoreException;
    }

    /** Finds a part or makes it. Threads that ask for the same part at once wait for the first of them; if it fails, the next one tries. */
    V get(String segment, int part, Loader<V> loader) throws StoreException {
        Key key = new Key(segment, part);
        while (true) {
            CompletableFuture<?> other;
            CompletableFuture<?> own = new CompletableFuture<>();
            synchronized (this) {
                V b = parts.get(key);
                if (b != null) {
                    hits.increment();
                    return b;
                }
                other = loading.putIfAbsent(key, own);
            }
            if (other == null) {
                misses.increment();
                try {
                    return keep(key, loader.load());
                } finally {
                    synchronized (this) {
                        loading.remove(key);
                    }
                    own.complete(null);
                }
            }
            other.join();
        }
    }

    private synchronized V keep(Key key, V loaded) {
        parts.put(key, loaded);
        bytes += weight.applyAsLong(loaded);
        Iterator<Map.Entry<Key, V>> eldest = parts.entrySet().iterator();
        while (bytes > maxBytes && eldest.hasNext()) {
            Map.Entry<Key, V> e = eldest.next();
            if (!e.getKey().equals(key)) {
                bytes -= weight.applyAsLong(e.getValue());
                eldest.remove();
            }
        }
        return loaded;
    }

    /** How often a part was there. */
    double hits() {
        return (double) hits.sum();
    }

    /** How often a part had to be made. */
    double misses() {
        return (double) misses.sum();
    }
}
