/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage;

import io.skald.core.model.StoreException;
import java.util.List;

/**
 * Keeps immutable objects under unique keys ({@code tenant/day/ulid.seg}). An object is there whole or not at all. Thread-safe; every call
 * blocks on I/O.
 */
public interface SegmentStore extends AutoCloseable {
    /** Receives the bytes of a new object in order. Confined to one thread. */
    interface Output extends AutoCloseable {
        void write(byte[] bytes, int offset, int length) throws StoreException;

        /** Bytes written so far. */
        long position();

        /** Makes the object durable and visible under its key. */
        void commit() throws StoreException;

        /** Drops the object unless it was committed. */
        @Override
        void close();
    }

    /**
     * Begins a new object.
     *
     * @throws StoreException if the key exists already: keys are never reused (an existing key may be reported by {@link Output#commit} instead)
     */
    Output create(String key) throws StoreException;

    /** Size of an object, bytes. */
    long size(String key) throws StoreException;

    /**
     * Reads a range.
     *
     * @throws StoreException.NotFound if there is no such object
     * @throws StoreException.CorruptData if the object ends before the range does
     */
    byte[] read(String key, long offset, int length) throws StoreException;

    /**
     * Reads a range to the beginning of an array of the caller's, for who reads one after the other. Fails as {@link #read(String, long, int)}
     * does, and may then have written to the array.
     */
    default void read(String key, long offset, int length, byte[] into) throws StoreException {
        System.arraycopy(read(key, offset, length), 0, into, 0, length);
    }

    /**
     * How much to read by one call at most where neighbouring ranges are wanted, too, because calls cost more than bytes; 0 where they do not,
     * and each range is read when it is needed.
     */
    default int readAheadBytes() {
        return 0;
    }

    /** Removes an object; removing one that does not exist is no error. */
    void delete(String key) throws StoreException;

    /** Keys that begin with a prefix, sorted. */
    List<String> list(String prefix) throws StoreException;

    @Override
    void close() throws StoreException;
}
