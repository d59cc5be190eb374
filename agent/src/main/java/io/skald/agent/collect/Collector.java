/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.collect;

import io.skald.agent.pipeline.LogEntry;
import io.skald.agent.spool.FileState;
import io.skald.agent.spool.Marks;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import io.skald.core.wire.BlockPush.LineRange;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Collects entries and gives them their times: that of the line, or of reading where it has none, but always later than the last of the
 * stream. So no two entries of a stream are equal, and a batch that is sent twice can be told from two identical lines.
 *
 * <p>Thread-safe: whoever adds holds {@link #lock} from the first entry to the file state or cursor that goes with them, so that both end up in
 * one batch.
 */
public final class Collector {
    /** An entry has a cost of its own, so that empty lines fill a batch too. */
    private static final int ENTRY_BYTES = 16;
    /** Times further in the future are taken for a clock gone wrong; one such entry would drag all later ones along. */
    private static final long MAX_AHEAD_NANOS = 10_000_000_000L;
    /** A stream without entries for so long is forgotten: what comes then is later by itself. */
    private static final long FORGET_MARK_NANOS = TimeUnit.HOURS.toNanos(26);
    /** How long the first of a batch waits for others even if nothing was sent lately. */
    private static final long LINGER_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    /** How much more than a batch is collected while the last one is being written. */
    private static final int BACKLOG_FACTOR = 4;
    /** What is kept to be filled again: no small ones, and of 24 bytes each no more than that. */
    private static final int MIN_SPARE_ENTRIES = 512;

    private static final int MAX_SPARE_ENTRIES = 128 << 10;

    private final InstantSource clock;
    private final int batchBytes;
    private final int maxBytes;
    private final long waitNanos;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Map<Marks.Stream, Stream> streams = new HashMap<>();
    private final List<Stream> active = new ArrayList<>();
    private final Map<FileState.Key, FileState> files = new LinkedHashMap<>();
    private final List<FileState.Key> forgotten = new ArrayList<>();
    private final Map<String, String> cursors = new HashMap<>();
    private final Map<TenantId, List<LineRange>> ranges = new LinkedHashMap<>();
    private final ArrayDeque<EntryBatch> spare = new ArrayDeque<>();
    private int spareEntries;
    private List<byte[]> chunks = new ArrayList<>();
    private List<CompletableFuture<Void>> waiting = new ArrayList<>();
    private long bytes;
    private long firstNanos;
    private long lastTakenNanos = System.nanoTime() - TimeUnit.HOURS.toNanos(1);
    private long lastForgotNanos = System.nanoTime();
    private boolean urgent;
    private boolean closed;

    /** A tenant's stream. Guarded by the collector's lock. */
    public static final class Stream {
        private final Marks.Stream key;
        private long mark;
        private @Nullable EntryBatch batch;
        private long usedNanos;

        private Stream(Marks.Stream key, long mark) {
            this.key = key;
            this.mark = mark;
            this.usedNanos = System.nanoTime();
        }
    }

    /**
     * @param clock gives entries without a time theirs
     * @param batchBytes about how many bytes of lines are sent at once
     * @param waitNanos how long an entry waits for others at most
     * @param marks the last time of each stream so far
     */
    public Collector(InstantSource clock, int batchBytes, long waitNanos, Map<Marks.Stream, Long> marks) {
        this.clock = clock;
        this.batchBytes = batchBytes;
        this.maxBytes = Math.max(batchBytes, Math.min(BACKLOG_FACTOR * batchBytes, 4 << 20));
        this.waitNanos = waitNanos;
        marks.forEach((k, v) -> streams.put(k, new Stream(k, v)));
    }

    /** To be held while entries are added. */
    public ReentrantLock lock() {
        return lock;
    }

    /** Nanoseconds since 1970. */
    public long now() {
        Instant now = clock.instant();
        return now.getEpochSecond() * 1_000_000_000 + now.getNano();
    }

    /** Whether no more lines should come in before the batch is taken. */
    public boolean isFull() {
        return bytes >= maxBytes;
    }

    /** Waits until there is room, or the time is over; returns whether there is. The lock must not be held. */
    public boolean awaitRoom(long maxNanos) throws InterruptedException {
        lock.lock();
        try {
            long left = maxNanos;
            while (isFull() && !closed && left > 0) {
                left = changed.awaitNanos(left);
            }
            return !isFull() && !closed;
        } finally {
            lock.unlock();
        }
    }

    /** The stream of these labels; may be kept by the caller for as long as it adds to it. */
    public Stream stream(TenantId tenant, Labels labels) {
        Marks.Stream key = new Marks.Stream(tenant, labels);
        Stream s = streams.get(key);
        if (s == null) {
            s = new Stream(key, Long.MIN_VALUE);
            streams.put(key, s);
        }
        return s;
    }

    /** Adds what came out of a pipeline. The entry's buffers are kept until the batch is on disk. */
    public void add(LogEntry e) {
        TenantId tenant = e.tenant();
        Stream s = stream(tenant == null ? TenantId.DEFAULT : tenant, e.labels());
        add(s, e.timeNanos(), e.buffer(), e.offset(), e.length(), e.metadata());
    }

    /** Adds an entry. */
    public void add(Stream s, long timestampNanos, byte[] buffer, int offset, int length, Labels metadata) {
        long time = timestampNanos;
        if (time <= s.mark) {
            time = s.mark + 1;
        }
        s.mark = time;
        EntryBatch b = s.batch;
        if (b == null) {
            b = begin(s);
        }
        b.add(time, buffer, offset, length, metadata);
        bytes += length + ENTRY_BYTES;
    }

    private EntryBatch begin(Stream s) {
        EntryBatch used = spare.pollLast();
        EntryBatch b;
        if (used == null) {
            b = new EntryBatch(s.key.labels());
        } else {
            spareEntries -= used.capacity();
            b = used.recycled(s.key.labels());
        }
        s.batch = b;
        active.add(s);
        long now = System.nanoTime();
        s.usedNanos = now;
        if (streams.get(s.key) != s) {
            streams.put(s.key, s); // it was forgotten, and comes back
        }
        began(now);
        return b;
    }

    private void began(long now) {
        if (firstNanos == 0) {
            firstNanos = now == 0 ? 1 : now;
            changed.signalAll();
        }
    }

    /** The time of a line, or that of reading if it is so far ahead that a clock must be wrong. */
    public static long plausible(long timestampNanos, long nowNanos) {
        return timestampNanos > nowNanos + MAX_AHEAD_NANOS ? nowNanos : timestampNanos;
    }

    /** How far a file is read with what was added, and which of its lines that were. */
    public void file(FileState state, TenantId tenant, @Nullable LineRange range) {
        files.put(state.key(), state);
        if (range != null) {
            ranges.computeIfAbsent(tenant, t -> new ArrayList<>()).add(range);
        }
        began(System.nanoTime());
    }

    /** Where another source goes on behind what was added. */
    public void cursor(String source, String position) {
        cursors.put(source, position);
        began(System.nanoTime());
    }

    /** Which files there are, and a cursor that says so. They go with the next batch, but are no reason for one. */
    public void found(Collection<FileState> states, String source, String position) {
        states.forEach(s -> files.put(s.key(), s));
        cursors.put(source, position);
    }

    /** Forgets a file that is gone. */
    public void forget(FileState.Key key) {
        forgotten.add(key);
        files.remove(key);
    }

    /** Takes batches back that nobody looks at any more; large ones are filled again. The lock must not be held. */
    void recycle(Collection<EntryBatch> batches) {
        lock.lock();
        try {
            for (EntryBatch b : batches) {
                if (b.capacity() >= MIN_SPARE_ENTRIES && spareEntries + b.capacity() <= MAX_SPARE_ENTRIES) {
                    spare.add(b.recycled(Labels.EMPTY));
                    spareEntries += b.capacity();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Gives a buffer back with the batch whose lines are in it. */
    public void chunk(byte[] chunk) {
        if (ChunkPool.isKept(chunk.length)) {
            chunks.add(chunk);
        }
    }

    /** Asks for the batch to be sent at once, and to be told when it is on disk. */
    public CompletableFuture<Void> durable() {
        CompletableFuture<Void> f = new CompletableFuture<>();
        waiting.add(f);
        urgent();
        return f;
    }

    /** Asks for the batch to be sent at once. */
    public void urgent() {
        urgent = true;
        began(System.nanoTime());
        changed.signalAll();
    }

    /** Whether nothing more is taken. */
    public boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    /** Lets the batch be taken even if it is not due; for tests and at the end. */
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits for a batch that is due.
     *
     * @return null if none is due in that time
     */
    @Nullable
    Batch take(long maxNanos) throws InterruptedException {
        lock.lock();
        try {
            long end = System.nanoTime() + maxNanos;
            while (true) {
                long now = System.nanoTime();
                long due = dueIn(now);
                if (due <= 0) {
                    return takeNow(now);
                }
                if (end - now <= 0 || closed) {
                    return null;
                }
                long ignored = changed.awaitNanos(Math.min(due, end - now));
            }
        } finally {
            lock.unlock();
        }
    }

    private long dueIn(long now) {
        if (firstNanos == 0) {
            return Long.MAX_VALUE;
        }
        if (bytes >= batchBytes || urgent || closed) {
            return 0;
        }
        // sent at once if nothing was sent lately; else as often as the waiting time says
        return Math.min(
                firstNanos + waitNanos - now, Math.max(firstNanos + LINGER_NANOS, lastTakenNanos + waitNanos) - now);
    }

    private Batch takeNow(long now) {
        Map<TenantId, List<EntryBatch>> taken = new LinkedHashMap<>();
        Map<Marks.Stream, Long> marks = new HashMap<>();
        for (Stream s : active) {
            EntryBatch b = s.batch;
            if (b != null) {
                taken.computeIfAbsent(s.key.tenant(), t -> new ArrayList<>()).add(b);
            }
            s.batch = null;
            marks.put(s.key, s.mark);
        }
        active.clear();
        forgetStreams(now);
        Batch batch = new Batch(
                taken,
                new LinkedHashMap<>(ranges),
                new ArrayList<>(files.values()),
                new HashMap<>(cursors),
                List.copyOf(forgotten),
                marks,
                chunks,
                waiting);
        ranges.clear();
        files.clear();
        cursors.clear();
        forgotten.clear();
        chunks = new ArrayList<>();
        waiting = new ArrayList<>();
        bytes = 0;
        firstNanos = 0;
        urgent = false;
        lastTakenNanos = now;
        changed.signalAll();
        return batch;
    }

    private void forgetStreams(long now) {
        if (now - lastForgotNanos > FORGET_MARK_NANOS / 26) {
            lastForgotNanos = now;
            streams.values().removeIf(s -> s.batch == null && now - s.usedNanos > FORGET_MARK_NANOS);
        }
    }

    /** Shows what was collected, and forgets it. For tests. */
    public void forEachCollected(Consumer<EntryBatch> each) {
        for (Stream s : active) {
            EntryBatch b = s.batch;
            if (b != null) {
                each.accept(b);
            }
            s.batch = null;
        }
        active.clear();
        bytes = 0;
    }

    /** Streams that are known; what is not among them need not be remembered on disk. */
    Collection<Marks.Stream> known() {
        lock.lock();
        try {
            return List.copyOf(streams.keySet());
        } finally {
            lock.unlock();
        }
    }
}
