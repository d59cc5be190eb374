/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage;

import io.skald.core.model.StoreException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Small records in partitions, ordered by a 64-bit key within each, with conditional writes. What several processes must agree on is agreed
 * on here. Writes are durable when the call returns; reads are strongly consistent. Thread-safe; every call blocks on I/O.
 */
public interface IndexStore extends AutoCloseable {
    /** A record: its key within the partition and its bytes. */
    record Item(long key, byte[] value) {}

    /** Writes a record only if there is none under that key. Returns whether it was written. */
    boolean putIfAbsent(String partition, long key, byte[] value) throws StoreException;

    /**
     * Writes a record only if the present value equals {@code expected} (null: only if there is none). Returns whether it was written.
     */
    boolean compareAndPut(String partition, long key, byte @Nullable [] expected, byte[] value) throws StoreException;

    /** The value under a key, or null. */
    byte @Nullable [] get(String partition, long key) throws StoreException;

    /** Records with key ≥ {@code fromKey} in order of key, at most {@code limit}. */
    List<Item> read(String partition, long fromKey, int limit) throws StoreException;

    /** Removes records with key &lt; {@code beforeKey}. */
    void deleteBefore(String partition, long beforeKey) throws StoreException;

    /** Partitions whose name begins with a prefix, sorted. */
    List<String> partitions(String prefix) throws StoreException;

    @Override
    void close() throws StoreException;
}
