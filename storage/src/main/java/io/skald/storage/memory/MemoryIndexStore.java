/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.memory;

import io.skald.storage.IndexStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Records in the heap; for tests and as the reference. Thread-safe: every method locks the store. */
public final class MemoryIndexStore implements IndexStore {
    private final TreeMap<String, TreeMap<Long, byte[]>> partitions = new TreeMap<>();

    @Override
    public synchronized boolean putIfAbsent(String partition, long key, byte[] value) {
        return compareAndPut(partition, key, null, value);
    }

    @Override
    public synchronized boolean compareAndPut(String partition, long key, byte @Nullable [] expected, byte[] value) {
        TreeMap<Long, byte[]> p = partitions.computeIfAbsent(partition, k -> new TreeMap<>());
        if (!Arrays.equals(p.get(key), expected)) {
            return false;
        }
        p.put(key, value.clone());
        return true;
    }

    @Override
    public synchronized byte @Nullable [] get(String partition, long key) {
        TreeMap<Long, byte[]> p = partitions.get(partition);
        byte[] v = p == null ? null : p.get(key);
        return v == null ? null : v.clone();
    }

    @Override
    public synchronized List<Item> read(String partition, long fromKey, int limit) {
        List<Item> items = new ArrayList<>();
        TreeMap<Long, byte[]> p = partitions.get(partition);
        if (p != null) {
            for (Map.Entry<Long, byte[]> e : p.tailMap(fromKey).entrySet()) {
                if (items.size() >= limit) {
                    break;
                }
                items.add(new Item(e.getKey(), e.getValue().clone()));
            }
        }
        return items;
    }

    @Override
    public synchronized void deleteBefore(String partition, long beforeKey) {
        TreeMap<Long, byte[]> p = partitions.get(partition);
        if (p != null) {
            p.headMap(beforeKey).clear();
        }
    }

    @Override
    public synchronized List<String> partitions(String prefix) {
        List<String> names = new ArrayList<>();
        for (Map.Entry<String, TreeMap<Long, byte[]>> e :
                partitions.tailMap(prefix).entrySet()) {
            if (!e.getKey().startsWith(prefix)) {
                break;
            }
            if (!e.getValue().isEmpty()) {
                names.add(e.getKey());
            }
        }
        return names;
    }

    @Override
    public void close() {}
}
