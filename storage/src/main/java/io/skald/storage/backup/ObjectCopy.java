/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.backup;

import io.skald.core.model.StoreException;
import io.skald.storage.SegmentStore;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.CRC32C;

/** Moves objects between stores in pieces, several at a time. */
final class ObjectCopy {
    private static final int PIECE = 8 << 20;

    private ObjectCopy() {}

    /** Copies an object of a known size. Returns its crc32c. */
    static int copy(SegmentStore from, String fromKey, SegmentStore to, String toKey, long size) throws StoreException {
        CRC32C crc = new CRC32C();
        try (SegmentStore.Output out = to.create(toKey)) {
            for (long at = 0; at < size; at += PIECE) {
                byte[] b = from.read(fromKey, at, (int) Math.min(PIECE, size - at));
                crc.update(b, 0, b.length);
                out.write(b, 0, b.length);
            }
            out.commit();
        }
        return (int) crc.getValue();
    }

    /** The crc32c of an object of a known size. */
    static int crc(SegmentStore store, String key, long size) throws StoreException {
        CRC32C crc = new CRC32C();
        for (long at = 0; at < size; at += PIECE) {
            byte[] b = store.read(key, at, (int) Math.min(PIECE, size - at));
            crc.update(b, 0, b.length);
        }
        return (int) crc.getValue();
    }

    /** What is done with each of many. */
    interface Action<T> {
        void on(T item) throws StoreException;
    }

    /** Does something with each, several at a time; ends at the first failure. */
    static <T> void each(Collection<T> items, int threads, Action<T> action)
            throws StoreException, InterruptedException {
        Queue<T> queue = new ConcurrentLinkedQueue<>(items);
        AtomicBoolean failed = new AtomicBoolean();
        List<Future<Boolean>> all = new ArrayList<>();
        try (ExecutorService pool = Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name("copy-", 0).factory())) {
            for (int i = Math.min(threads, items.size()); i > 0; i--) {
                all.add(pool.submit(() -> {
                    try {
                        for (T item = queue.poll(); item != null && !failed.get(); item = queue.poll()) {
                            action.on(item);
                        }
                        return true;
                    } catch (StoreException | RuntimeException e) {
                        failed.set(true);
                        throw e;
                    }
                }));
            }
            for (Future<Boolean> f : all) {
                await(f);
            }
        }
    }

    private static void await(Future<Boolean> f) throws StoreException, InterruptedException {
        try {
            f.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof StoreException s) {
                throw s;
            }
            throw new IllegalStateException(e.getCause());
        }
    }
}
