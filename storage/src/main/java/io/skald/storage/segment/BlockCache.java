/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.model.StoreException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Blocks that several streams share, kept for a while so that reading one stream after the other does not decode them again and again.
 * Bounded by bytes; the least recently used goes first. Thread-safe.
 */
final class BlockCache {
    private record Key(String segment, int block) {}

    private final long maxBytes;
    private final LinkedHashMap<Key, DecodedBlock> blocks = new LinkedHashMap<>(64, 0.75f, true);
    private long bytes;

    BlockCache(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** Makes a block that is not there. */
    interface Loader {
        DecodedBlock load() throws StoreException;
    }

    DecodedBlock get(String segment, int block, Loader loader) throws StoreException {
        Key key = new Key(segment, block);
        synchronized (this) {
            DecodedBlock b = blocks.get(key);
            if (b != null) {
                return b;
            }
        }
        // loaded outside of the lock: two threads may both load the same block, which costs time and nothing else
        DecodedBlock loaded = loader.load();
        synchronized (this) {
            DecodedBlock other = blocks.putIfAbsent(key, loaded);
            if (other != null) {
                return other;
            }
            bytes += loaded.weight();
            Iterator<Map.Entry<Key, DecodedBlock>> eldest = blocks.entrySet().iterator();
            while (bytes > maxBytes && eldest.hasNext()) {
                Map.Entry<Key, DecodedBlock> e = eldest.next();
                if (!e.getKey().equals(key)) {
                    bytes -= e.getValue().weight();
                    eldest.remove();
                }
            }
            return loaded;
        }
    }
}
