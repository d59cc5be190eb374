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
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

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

    private final IndexStore index;
    private final SegmentStore segments;
    private final CommitLog log;

    public Garbage(IndexStore index, SegmentStore segments, CommitLog log) {
        this.index = index;
        this.segments = segments;
        this.log = log;
    }

    /** Notes segments that a commit has removed, or is about to. */
    public void removed(TenantId tenant, List<String> keys, long dueMillis) throws StoreException {
        note(tenant, keys, dueMillis, REMOVED);
    }

    /** Notes keys that are about to be written, and are garbage if they are not committed by then. */
    public void writing(TenantId tenant, List<String> keys, long dueMillis) throws StoreException {
        note(tenant, keys, dueMillis, WRITING);
    }

    private void note(TenantId tenant, List<String> keys, long dueMillis, int kind) throws StoreException {
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

    /**
     * Removes what is due. Keys that were to be written and are not committed are voided in the log first, so that a writer that went on late
     * cannot commit them.
     *
     * @return the keys that were removed
     */
    public List<String> collect(TenantId tenant, long nowMillis) throws StoreException {
        List<String> gone = new ArrayList<>();
        List<IndexStore.Item> items = index.read(partition(tenant), 0, 1000);
        for (IndexStore.Item item : items) {
            if (item.key() >>> RANDOM_BITS > nowMillis) {
                break;
            }
            String object = "garbage " + partition(tenant) + "/" + item.key();
            ByteSource in = new ByteSource(object, item.value(), 0, item.value().length, 0);
            if (in.u8() != VERSION) {
                throw in.corrupt("unknown version");
            }
            boolean writing = in.u8() == WRITING;
            int n = in.count("keys", MAX_KEYS);
            Set<String> keys = HashSet.newHashSet(n);
            for (int i = 0; i < n; i++) {
                keys.add(in.string("key", 8192));
            }
            remove(tenant, keys, writing);
            gone.addAll(keys);
            index.deleteBefore(partition(tenant), item.key() + 1);
        }
        return gone;
    }

    private void remove(TenantId tenant, Set<String> keys, boolean writing) throws StoreException {
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
