/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.store;

import io.skald.core.model.StoreException;
import io.skald.storage.IndexStore;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Records by name in one partition of the index store. A name's record lies under the first 64 bits of its SHA-256, or under one of the next
 * few keys if another name lies there. A record that was removed keeps its name, with an empty value. Thread-safe; every call blocks on I/O.
 *
 * <p>A value in the store is the length of the name (u16, big-endian), the name in UTF-8, and the value.
 */
public final class NamedRecords {
    /** Longest record, bytes: below what one item of DynamoDB holds. */
    public static final int MAX_BYTES = 350_000;

    private static final int PROBES = 16;
    private static final int PAGE = 200;

    private final IndexStore store;
    private final String partition;

    /** @param partition must not end in {@code /log}, which are tenants' commit logs */
    public NamedRecords(IndexStore store, String partition) {
        this.store = store;
        this.partition = partition;
    }

    private record Slot(long key, byte @Nullable [] stored) {}

    /** The value under a name, or null. */
    public byte @Nullable [] get(String name) throws StoreException {
        byte[] stored = slot(name).stored;
        byte[] value = stored == null ? null : valueOf(stored);
        return value == null || value.length == 0 ? null : value;
    }

    /**
     * Writes a value if the present one is as expected.
     *
     * @param expected null if there must be none
     * @param value null to remove the record
     * @return whether it was written
     */
    public boolean compareAndPut(String name, byte @Nullable [] expected, byte @Nullable [] value)
            throws StoreException {
        Slot slot = slot(name);
        byte[] stored = slot.stored;
        byte[] present = stored == null ? null : valueOf(stored);
        if (present != null && present.length == 0) {
            present = null;
        }
        if (!Arrays.equals(present, expected)) {
            return false;
        }
        return store.compareAndPut(partition, slot.key, stored, encode(name, value == null ? new byte[0] : value));
    }

    /** Writes a value whatever is there; null removes it. Returns whether there was one. */
    public boolean put(String name, byte @Nullable [] value) throws StoreException {
        while (true) {
            byte[] present = get(name);
            if (present == null && value == null) {
                return false;
            }
            if (compareAndPut(name, present, value)) {
                return present != null;
            }
        }
    }

    /** All records, by name. */
    public Map<String, byte[]> all() throws StoreException {
        Map<String, byte[]> out = new TreeMap<>();
        long from = Long.MIN_VALUE;
        while (true) {
            List<IndexStore.Item> page = store.read(partition, from, PAGE);
            for (IndexStore.Item item : page) {
                byte[] value = valueOf(item.value());
                if (value.length > 0) {
                    out.put(nameOf(item.value()), value);
                }
            }
            if (page.size() < PAGE || page.getLast().key() == Long.MAX_VALUE) {
                return out;
            }
            from = page.getLast().key() + 1;
        }
    }

    private Slot slot(String name) throws StoreException {
        long first = hash(name);
        List<Long> free = new ArrayList<>();
        for (int i = 0; i < PROBES; i++) {
            long key = first + i;
            byte[] stored = store.get(partition, key);
            if (stored == null) {
                return new Slot(key, null);
            }
            if (nameOf(stored).equals(name)) {
                return new Slot(key, stored);
            }
            free.add(key);
        }
        throw new IllegalStateException("no place for " + name + " in " + partition + ": " + free + " are taken");
    }

    static long hash(String name) {
        try {
            byte[] h = MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
            return ByteBuffer.wrap(h).getLong();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static byte[] encode(String name, byte[] value) {
        byte[] n = name.getBytes(StandardCharsets.UTF_8);
        if (n.length > 0xffff || n.length + value.length + 2 > MAX_BYTES) {
            throw new IllegalArgumentException(
                    "record too long: " + (n.length + value.length) + " bytes, limit " + MAX_BYTES);
        }
        return ByteBuffer.allocate(2 + n.length + value.length)
                .putShort((short) n.length)
                .put(n)
                .put(value)
                .array();
    }

    private static int nameLength(byte[] stored) {
        return (stored[0] & 0xff) << 8 | stored[1] & 0xff;
    }

    private String nameOf(byte[] stored) throws StoreException {
        if (stored.length < 2 || stored.length < 2 + nameLength(stored)) {
            throw new StoreException.CorruptData("a record of " + partition + " is cut short");
        }
        return new String(stored, 2, nameLength(stored), StandardCharsets.UTF_8);
    }

    private static byte[] valueOf(byte[] stored) {
        return Arrays.copyOfRange(stored, 2 + nameLength(stored), stored.length);
    }
}
