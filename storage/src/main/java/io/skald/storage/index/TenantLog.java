/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.index;

import io.skald.core.model.StoreException;
import io.skald.storage.IndexStore;
import io.skald.storage.segment.SegmentRef;
import java.lang.System.Logger;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Follows one tenant's log and writes to it. Thread-safe: the state is guarded by {@code lock}, which is held during I/O. */
final class TenantLog {
    private static final Logger LOG = System.getLogger(TenantLog.class.getName());
    private static final int READ_BATCH = 1000;

    private final IndexStore store;
    private final String partition;
    private final String checkpointPartition;
    private final int checkpointInterval;
    private final ReentrantLock lock = new ReentrantLock();

    /** Refreshes begun. A caller that saw it at r is served by any refresh whose number is above r: that one began after the call did. */
    private final AtomicLong begun = new AtomicLong();

    private long succeeded;
    private boolean loaded;
    private LogState state = new LogState();
    private IndexVersion version = state.version();

    TenantLog(IndexStore store, String partition, String checkpointPartition, int checkpointInterval) {
        this.store = store;
        this.partition = partition;
        this.checkpointPartition = checkpointPartition;
        this.checkpointInterval = checkpointInterval;
    }

    IndexVersion read() throws StoreException {
        long seen = begun.get();
        lock.lock();
        try {
            if (succeeded <= seen) {
                refresh();
            }
            return version;
        } finally {
            lock.unlock();
        }
    }

    CommitResult commit(LogRecord entry) throws StoreException {
        byte[] bytes = encode(entry);
        lock.lock();
        try {
            while (true) {
                refresh();
                long earlier = state.find(entry);
                if (earlier != 0) {
                    return new CommitResult.Committed(earlier);
                }
                CommitResult refused = check(entry);
                if (refused != null) {
                    return refused;
                }
                long next = state.n() + 1;
                if (put(next, bytes, entry)) {
                    state.apply(next, entry);
                    version = state.version();
                    checkpoint();
                    return new CommitResult.Committed(next);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private byte[] encode(LogRecord entry) throws StoreException {
        byte[] bytes = LogCodec.encode(entry);
        if (bytes.length > LogFormat.MAX_RECORD_BYTES) {
            throw new StoreException("log " + partition + ": a record of " + bytes.length + " bytes, limit "
                    + LogFormat.MAX_RECORD_BYTES + ": it adds " + entry.adds().size() + " segments and removes "
                    + entry.removes().size() + "; entries of fewer days at a time make smaller ones");
        }
        return bytes;
    }

    /** A put of which the outcome is unknown is settled by looking once; if the store does not answer that either, the caller asks again. */
    private boolean put(long n, byte[] bytes, LogRecord entry) throws StoreException {
        try {
            return store.putIfAbsent(partition, n, bytes);
        } catch (StoreException e) {
            byte[] found;
            try {
                found = store.get(partition, n);
            } catch (StoreException second) {
                e.addSuppressed(second);
                throw e;
            }
            if (found == null) {
                throw e;
            }
            return LogCodec.decode("log record " + partition + "/" + n, found)
                    .nonce()
                    .equals(entry.nonce());
        }
    }

    /** Checks the premises; null if they hold. */
    private @Nullable CommitResult check(LogRecord entry) {
        Fence fence = entry.fence();
        if (fence != null && state.fence(fence.ingesterId()) != fence.from()) {
            return new CommitResult.FenceMoved(fence.ingesterId(), state.fence(fence.ingesterId()));
        }
        List<String> gone = Stream.concat(
                        entry.removes().stream(), entry.marks().stream().map(LogRecord.Mark::key))
                .filter(k -> !state.isLive(k))
                .toList();
        if (!gone.isEmpty()) {
            return new CommitResult.SegmentsGone(gone);
        }
        List<Long> against = state.deletesAgainst(entry);
        if (!against.isEmpty()) {
            return new CommitResult.DeletesChanged(against);
        }
        List<String> live = entry.voids().stream().filter(state::isLive).toList();
        if (!live.isEmpty()) {
            return new CommitResult.Live(live);
        }
        List<String> voided =
                entry.adds().stream().map(SegmentRef::key).filter(state::isVoid).toList();
        if (!voided.isEmpty()) {
            return new CommitResult.Voided(voided);
        }
        for (SegmentRef s : entry.adds()) {
            if (state.isLive(s.key())) {
                throw new IllegalArgumentException("segment " + s.key() + " exists already");
            }
        }
        return null;
    }

    private void refresh() throws StoreException {
        long mine = begun.incrementAndGet();
        if (!loaded) {
            state = loadCheckpoint();
            loaded = true;
            version = state.version();
        }
        List<IndexStore.Item> items;
        do {
            items = store.read(partition, state.n() + 1, READ_BATCH);
            for (IndexStore.Item item : items) {
                String object = "log record " + partition + "/" + item.key();
                if (item.key() != state.n() + 1) {
                    throw new StoreException.CorruptData(object + " follows " + state.n() + " at offset 0");
                }
                state.apply(item.key(), LogCodec.decode(object, item.value()));
            }
        } while (items.size() == READ_BATCH);
        if (version.n() != state.n()) {
            version = state.version();
        }
        succeeded = mine;
    }

    /** The state of the newest complete checkpoint, or the empty one: the log holds everything from 1 on, a checkpoint only saves time. */
    private LogState loadCheckpoint() throws StoreException {
        List<IndexStore.Item> items = store.read(checkpointPartition, 0, Integer.MAX_VALUE);
        int end = items.size();
        while (end > 0) {
            long n = items.get(end - 1).key() >>> LogFormat.CHECKPOINT_PART_BITS;
            int start = end;
            while (start > 0 && items.get(start - 1).key() >>> LogFormat.CHECKPOINT_PART_BITS == n) {
                start--;
            }
            try {
                LogState s = restore(n, items.subList(start, end));
                if (s.n() == n) {
                    return s;
                }
            } catch (StoreException.CorruptData e) {
                LOG.log(Logger.Level.WARNING, "checkpoint left out: " + e.getMessage());
            }
            end = start;
        }
        return new LogState();
    }

    private LogState restore(long n, List<IndexStore.Item> parts) throws StoreException.CorruptData {
        LogState s = new LogState();
        for (int i = 0; i < parts.size(); i++) {
            String object =
                    "checkpoint " + checkpointPartition + "/" + parts.get(i).key();
            int count = s.restore(object, parts.get(i).value(), n, i);
            if (count != parts.size()) {
                throw new StoreException.CorruptData(
                        object + ": " + parts.size() + " of " + count + " parts at offset 0");
            }
        }
        return s;
    }

    private void checkpoint() {
        long n = state.n();
        if (n % checkpointInterval != 0) {
            return;
        }
        try {
            List<byte[]> parts = new ArrayList<>(state.checkpoint());
            for (int i = 0; i < parts.size(); i++) {
                store.putIfAbsent(checkpointPartition, (n << LogFormat.CHECKPOINT_PART_BITS) + i, parts.get(i));
            }
            // the one before stays for readers that are in the middle of it
            store.deleteBefore(checkpointPartition, (n - checkpointInterval) << LogFormat.CHECKPOINT_PART_BITS);
        } catch (StoreException e) {
            LOG.log(Logger.Level.WARNING, "checkpoint " + n + " of " + partition + " not written", e);
        }
    }
}
