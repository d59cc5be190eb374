/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.index;

import io.skald.core.block.ByteSink;
import io.skald.core.block.ByteSource;
import io.skald.core.model.StoreException;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.storage.IndexStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Which ingesters hold entries that the logs of tenants may not know yet, in one record of the index. An ingester is in it from before its
 * first acknowledgement until all that it acknowledged is in segments; so whoever reads the registry first and the log second, and then
 * asks all that hold, misses nothing. Thread-safe; calls block on I/O.
 */
public final class IngesterRegistry {
    private static final String PARTITION = "#ingesters";
    private static final long KEY = 1;
    /** How long those that left are still listed. */
    private static final Duration REMEMBERED = Duration.ofDays(7);

    private static final int MAX_ADDRESS_LENGTH = 1024;

    /**
     * An ingester.
     *
     * @param address where queriers reach it, as a URL; empty if it has not said so yet
     * @param holding whether it may hold entries that are in no segment; false when it has left
     * @param sinceMillis when it came or left, milliseconds since the epoch, by its clock
     */
    public record Member(String id, String address, boolean holding, long sinceMillis) {}

    private final IndexStore store;
    private final ReentrantLock lock = new ReentrantLock();
    /** Reads begun; see {@link TenantLog}. */
    private final AtomicLong begun = new AtomicLong();

    private long succeeded;
    private List<Member> members = List.of();

    public IngesterRegistry(IndexStore store) {
        this.store = store;
    }

    /** All that are listed, sorted by id, strongly consistent. Calls that wait at the same time share one read, which began after each. */
    public List<Member> read() throws StoreException {
        long seen = begun.get();
        lock.lock();
        try {
            if (succeeded <= seen) {
                long mine = begun.incrementAndGet();
                members = decode(store.get(PARTITION, KEY));
                succeeded = mine;
            }
            return members;
        } finally {
            lock.unlock();
        }
    }

    /** Lists an ingester as holding. To be called before it acknowledges anything, and when its address changes. */
    public void hold(String id, String address, long nowMillis) throws StoreException {
        change(m -> m.put(id, new Member(id, address, true, nowMillis)), nowMillis);
    }

    /** Says that all that an ingester acknowledged is in segments and that it takes nothing any more. */
    public void leave(String id, long nowMillis) throws StoreException {
        change(m -> m.computeIfPresent(id, (k, v) -> new Member(id, v.address(), false, nowMillis)), nowMillis);
    }

    /**
     * Takes an ingester off the list that will not come back: what only its disk held is given up.
     *
     * @return whether it was listed
     */
    public boolean forget(String id, long nowMillis) throws StoreException {
        boolean[] was = new boolean[1];
        change(m -> was[0] = m.remove(id) != null, nowMillis);
        return was[0];
    }

    private void change(Consumer<Map<String, Member>> change, long nowMillis) throws StoreException {
        while (true) {
            byte[] present = store.get(PARTITION, KEY);
            TreeMap<String, Member> all = new TreeMap<>();
            for (Member m : decode(present)) {
                if (m.holding || nowMillis - m.sinceMillis < REMEMBERED.toMillis()) {
                    all.put(m.id, m);
                }
            }
            change.accept(all);
            if (store.compareAndPut(PARTITION, KEY, present, encode(all.values()))) {
                return;
            }
        }
    }

    private static byte[] encode(Iterable<Member> members) {
        ByteSink out = LogCodec.begin(LogFormat.KIND_INGESTERS);
        ByteSink f = new ByteSink(128);
        for (Member m : members) {
            f.string(m.id);
            f.string(m.address);
            f.u8(m.holding ? 1 : 0);
            f.zigzag(m.sinceMillis);
            LogCodec.field(out, LogFormat.FIELD_INGESTER, f);
        }
        return LogCodec.end(out);
    }

    private static List<Member> decode(byte @Nullable [] bytes) throws CorruptData {
        if (bytes == null) {
            return List.of();
        }
        String object = "record of ingesters " + PARTITION + "/" + KEY;
        ByteSource in = LogCodec.open(object, bytes, LogFormat.KIND_INGESTERS);
        List<Member> all = new ArrayList<>();
        while (in.remaining() > 0) {
            LogCodec.Field f = LogCodec.nextField(object, bytes, in);
            if (f.type() == LogFormat.FIELD_INGESTER) {
                all.add(new Member(
                        f.in().string("ingester id", LogFormat.MAX_INGESTER_ID_LENGTH * 4),
                        f.in().string("address", MAX_ADDRESS_LENGTH),
                        f.in().u8() == 1,
                        f.in().zigzag()));
            } else {
                f.unknown();
            }
            f.in().expectEnd();
        }
        return List.copyOf(all);
    }
}
