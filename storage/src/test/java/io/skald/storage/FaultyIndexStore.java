/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage;

import io.skald.core.model.StoreException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An index store with a fault; see {@link Faults}. A record is never torn: backends write it whole or not at all. Closes the store within. */
public final class FaultyIndexStore implements IndexStore {
    private final IndexStore store;
    private final Faults faults;

    public FaultyIndexStore(IndexStore store, Faults faults) {
        this.store = store;
        this.faults = faults;
    }

    @Override
    public boolean putIfAbsent(String partition, long key, byte[] value) throws StoreException {
        return faults.call("put", () -> store.putIfAbsent(partition, key, value), Faults.fails("put"));
    }

    @Override
    public boolean compareAndPut(String partition, long key, byte @Nullable [] expected, byte[] value)
            throws StoreException {
        return faults.call("put", () -> store.compareAndPut(partition, key, expected, value), Faults.fails("put"));
    }

    @Override
    public byte @Nullable [] get(String partition, long key) throws StoreException {
        return faults.<Optional<byte[]>>call(
                        "get", () -> Optional.ofNullable(store.get(partition, key)), Faults.fails("get"))
                .orElse(null);
    }

    /** A torn read gives the first half of the records. */
    @Override
    public List<Item> read(String partition, long fromKey, int limit) throws StoreException {
        return faults.call("read", () -> store.read(partition, fromKey, limit), () -> {
            List<Item> all = store.read(partition, fromKey, limit);
            return all.subList(0, all.size() / 2);
        });
    }

    @Override
    public void deleteBefore(String partition, long beforeKey) throws StoreException {
        faults.<Boolean>call(
                "delete",
                () -> {
                    store.deleteBefore(partition, beforeKey);
                    return true;
                },
                Faults.fails("delete"));
    }

    @Override
    public List<String> partitions(String prefix) throws StoreException {
        return faults.call("partitions", () -> store.partitions(prefix), Faults.fails("partitions"));
    }

    @Override
    public void close() throws StoreException {
        store.close();
    }
}
