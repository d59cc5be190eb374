/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.compact;

import io.skald.core.block.ByteSink;
import io.skald.core.block.ByteSource;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.storage.IndexStore;
import io.skald.storage.SegmentStore;
import io.skald.storage.index.CommitLog;
import io.skald.storage.index.CommitResult;
import io.skald.storage.index.LogRecord;
import io.skald.storage.segment.SegmentRef;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;

/**
 * Objects that are no segments any more, or never became any, and when they go. Kept in the index store beside the log, noted before they
 * become garbage, so that a crash forgets none. Thread-safe.
 *
 * <p>Partition {@code tenant/garbage}, key: when it is due, milliseconds since the epoch, in the upper bits, and random lower bits. Value: version
 * u8 1, u8 1 if the keys are removed segments or 2 if they are being written, varint count, strings.
 */
public final class Garbage {
    private static final int VERSION = 1;
    private static final int REMOVED = 1;
    private static final int WRITING = 2;
    private static final int RANDOM_BITS = 16;
    private static final int MAX_KEYS = 1 << 20;
    /** How long after they were noted objects of a flush are garbage, if no commit names them: longer than a flush is tried again. */
    private static final long FLUSH_MILLIS = Duration.ofHours(24).toMillis();
    /** What flushes noted comes due together, so that one commit settles it. */
    private static final long TOGETHER_MILLIS = Duration.ofHours(6).toMillis();
    /** Keys that one commit makes void. */
    private static final int MAX_VOIDS = 1000;

    private static final int PAGE = 1000;

    private final IndexStore index;
    private final SegmentStore segments;
    private final CommitLog log;

    public Garbage(IndexStore index, SegmentStore segments, CommitLog log) {
        this.index = index;
        this.segments = segments;
        this.log = log;
    }

    /**
     * Commits a record that removes segments, and notes these before. A process that is stopped in between finds them noted again: the first
     * note may have come due while they were live still, and be gone.
     *
     * @param delay how long the objects stay for queries that began before
     */
    public CommitResult removing(TenantId tenant, LogRecord record, Duration delay, LongSupplier nowMillis)
            throws StoreException {
        long noted = nowMillis.getAsLong();
        note(tenant, record.removes(), noted + delay.toMillis(), REMOVED);
        try {
            return log.commit(tenant, record);
        } finally {
            long now = nowMillis.getAsLong();
            if (now - noted > delay.toMillis() / 2) {
                note(tenant, record.removes(), now + delay.toMillis(), REMOVED);
            }
        }
    }

    /** Notes keys that are about to be written, and are garbage if they are not committed by then. */
    public void writing(TenantId tenant, List<String> keys, long dueMillis) throws StoreException {
        note(tenant, keys, dueMillis, WRITING);
    }

    /** Notes keys that a flush is about to write. */
    public void flushing(TenantId tenant, List<String> keys, long nowMillis) throws StoreException {
        long due = nowMillis + FLUSH_MILLIS;
        note(tenant, keys, due + TOGETHER_MILLIS - due % TOGETHER_MILLIS, WRITING);
    }

    private void note(TenantId tenant, List<String> keys, long dueMillis, int kind) throws StoreException {
        for (int i = 0; i < keys.size(); i += PAGE) {
            put(tenant, keys.subList(i, Math.min(keys.size(), i + PAGE)), dueMillis, kind);
        }
    }

    private void put(TenantId tenant, List<String> keys, long dueMillis, int kind) throws StoreException {
        ByteSink out = new ByteSink(256);
        out.u8(VERSION);
        out.u8(kind);
        out.varint(keys.size());
        keys.forEach(out::string);
        byte[] value = out.toByteArray();
        boolean put = false;
        while (!put) {
            long key = dueMillis << RANDOM_BITS | ThreadLocalRandom.current().nextInt(1 << RANDOM_BITS);
            put = index.putIfAbsent(partition(tenant), key, value);
        }
    }

    private static String partition(TenantId tenant) {
        return tenant.value() + "/garbage";
    }

    /** Keys that are noted, and so are or will be dealt with. */
    public Set<String> noted(TenantId tenant) throws StoreException {
        Set<String> keys = new HashSet<>();
        long from = 0;
        List<IndexStore.Item> items;
        do {
            items = index.read(partition(tenant), from, PAGE);
            for (IndexStore.Item item : items) {
                keys.addAll(decode(tenant, item).keys);
                from = item.key() + 1;
            }
        } while (items.size() == PAGE);
        return keys;
    }

    /**
     * Removes objects that no commit names, at once; after that none can name them.
     *
     * @return the keys that were removed: not those that are live
     */
    public Set<String> discard(TenantId tenant, Set<String> keys) throws StoreException {
        Set<String> left = new HashSet<>(keys);
        remove(tenant, left, true);
        return left;
    }

    /** What is noted under one key. */
    private record Noted(boolean writing, List<String> keys) {}

    private static Noted decode(TenantId tenant, IndexStore.Item item) throws StoreException.CorruptData {
        String object = "garbage " + partition(tenant) + "/" + item.key();
        ByteSource in = new ByteSource(object, item.value(), 0, item.value().length, 0);
        if (in.u8() != VERSION) {
            throw in.corrupt("unknown version");
        }
        boolean writing = in.u8() == WRITING;
        int n = in.count("keys", MAX_KEYS);
        List<String> keys = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            keys.add(in.string("key", 8192));
        }
        return new Noted(writing, keys);
    }

    /**
     * Removes what is due. Keys that were to be written and are not committed are voided in the log first, so that a writer that went on late
     * cannot commit them.
     *
     * @return the keys that were removed
     */
    public List<String> collect(TenantId tenant, long nowMillis) throws StoreException {
        Set<String> removed = new HashSet<>();
        Set<String> written = new HashSet<>();
        long last = -1;
        List<IndexStore.Item> items = index.read(partition(tenant), 0, 1);
        if (!items.isEmpty() && items.getFirst().key() >>> RANDOM_BITS <= nowMillis) {
            // mostly nothing is due, and all that waits need not be read for that
            items = index.read(partition(tenant), 0, PAGE);
        }
        for (IndexStore.Item item : items) {
            if (item.key() >>> RANDOM_BITS > nowMillis || written.size() >= MAX_VOIDS) {
                break;
            }
            Noted noted = decode(tenant, item);
            (noted.writing ? written : removed).addAll(noted.keys);
            last = item.key();
        }
        if (last < 0) {
            return List.of();
        }
        remove(tenant, removed, false);
        remove(tenant, written, true);
        index.deleteBefore(partition(tenant), last + 1);
        List<String> gone = new ArrayList<>(removed);
        gone.addAll(written);
        return gone;
    }

    /** Takes out of the keys those that are live, and removes the objects of the others. */
    private void remove(TenantId tenant, Set<String> keys, boolean writing) throws StoreException {
        if (keys.isEmpty()) {
            return;
        }
        boolean sure = !writing;
        do {
            for (SegmentRef s : log.read(tenant).segments()) {
                keys.remove(s.key());
            }
            if (!sure && !keys.isEmpty()) {
                CommitResult r = log.commit(tenant, LogRecord.voided(List.copyOf(keys)));
                // else it was committed in between
                sure = r instanceof CommitResult.Committed;
            }
        } while (!sure && !keys.isEmpty());
        for (String key : keys) {
            segments.delete(key);
        }
    }
}
