/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.memory;

import io.skald.core.model.StoreException;
import io.skald.storage.SegmentStore;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;

/** Objects in the heap; for tests and as the reference. Thread-safe. */
public final class MemorySegmentStore implements SegmentStore {
    private final ConcurrentSkipListMap<String, byte[]> objects = new ConcurrentSkipListMap<>();

    @Override
    public Output create(String key) throws StoreException {
        if (objects.containsKey(key)) {
            throw new StoreException("segment " + key + " exists already");
        }
        return new MemoryOutput(key);
    }

    private byte[] find(String key) throws StoreException {
        byte[] b = objects.get(key);
        if (b == null) {
            throw new StoreException.NotFound("segment " + key + " does not exist");
        }
        return b;
    }

    @Override
    public long size(String key) throws StoreException {
        return find(key).length;
    }

    @Override
    public byte[] read(String key, long offset, int length) throws StoreException {
        return Arrays.copyOfRange(holding(key, offset, length), (int) offset, (int) offset + length);
    }

    @Override
    public void read(String key, long offset, int length, byte[] into) throws StoreException {
        System.arraycopy(holding(key, offset, length), (int) offset, into, 0, length);
    }

    private byte[] holding(String key, long offset, int length) throws StoreException {
        byte[] b = find(key);
        if (offset < 0 || length < 0 || offset > b.length - length) {
            throw new StoreException.CorruptData(
                    "segment " + key + " has " + b.length + " bytes, asked for " + length + " at offset " + offset);
        }
        return b;
    }

    @Override
    public void delete(String key) {
        objects.remove(key);
    }

    @Override
    public List<String> list(String prefix) {
        return objects.tailMap(prefix).keySet().stream()
                .takeWhile(k -> k.startsWith(prefix))
                .toList();
    }

    @Override
    public void close() {}

    private final class MemoryOutput implements Output {
        private final String key;
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        MemoryOutput(String key) {
            this.key = key;
        }

        @Override
        public void write(byte[] b, int offset, int length) {
            bytes.write(b, offset, length);
        }

        @Override
        public long position() {
            return bytes.size();
        }

        @Override
        public void commit() throws StoreException {
            if (objects.putIfAbsent(key, bytes.toByteArray()) != null) {
                throw new StoreException("segment " + key + " exists already");
            }
        }

        @Override
        public void close() {}
    }
}
