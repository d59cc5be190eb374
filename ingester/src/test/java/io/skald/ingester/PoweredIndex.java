/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester;

import io.skald.core.model.StoreException;
import io.skald.storage.IndexStore;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * An index store that loses power with a disk: a write that returned is durable; of the one that the cut falls into nobody is told whether it is. Confined to
 * one flush thread and readers that come after it.
 */
final class PoweredIndex implements IndexStore {
    private final IndexStore durable;
    private final PowerCutDisk disk;
    private final Random random;

    PoweredIndex(IndexStore durable, PowerCutDisk disk, Random random) {
        this.durable = durable;
        this.disk = disk;
        this.random = random;
    }

    private void tick() throws StoreException {
        try {
            disk.tick();
        } catch (IOException e) {
            throw new StoreException.Unavailable("index: " + e.getMessage(), e);
        }
    }

    @Override
    public boolean putIfAbsent(String partition, long key, byte[] value) throws StoreException {
        boolean wasOn = !disk.isOff();
        try {
            tick();
        } catch (StoreException e) {
            if (wasOn && random.nextBoolean() && !durable.putIfAbsent(partition, key, value)) {
                throw new AssertionError("written twice: " + partition + "/" + key, e);
            }
            throw e;
        }
        return durable.putIfAbsent(partition, key, value);
    }

    @Override
    public boolean compareAndPut(String partition, long key, byte @Nullable [] expected, byte[] value)
            throws StoreException {
        tick();
        return durable.compareAndPut(partition, key, expected, value);
    }

    @Override
    public byte @Nullable [] get(String partition, long key) throws StoreException {
        tick();
        return durable.get(partition, key);
    }

    @Override
    public List<Item> read(String partition, long fromKey, int limit) throws StoreException {
        tick();
        return durable.read(partition, fromKey, limit);
    }

    @Override
    public void deleteBefore(String partition, long beforeKey) throws StoreException {
        tick();
        durable.deleteBefore(partition, beforeKey);
    }

    @Override
    public List<String> partitions(String prefix) throws StoreException {
        tick();
        return durable.partitions(prefix);
    }

    @Override
    public void close() {}
}
