/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.flush;

import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.service.Threads;
import io.skald.ingester.head.Head;
import io.skald.storage.SegmentStore;
import io.skald.storage.index.CommitLog;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Decides when to flush, and flushes: cuts the whole head at one position, stores each tenant's part, and lets go of the WAL a while after.
 * A store that fails is tried again without end, the oldest cut first. Thread-safe; one flush runs at a time.
 */
public final class Flusher implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Flusher.class.getName());
    private static final Duration FIRST_RETRY = Duration.ofMillis(500);
    private static final Duration LAST_RETRY = Duration.ofSeconds(30);

    /**
     * Settings.
     *
     * @param flushBytes how much unflushed WAL starts a flush
     * @param flushAge how old unflushed entries may get
     * @param keepFlushed how long flushed entries stay readable in the head
     * @param nowMillis the time, milliseconds since the epoch
     * @param pressure whether the disk is so full that flushing early helps
     * @param patterns whether the patterns of a tenant's lines are mined when they are flushed
     * @param pace what a flush gives way to
     * @param retention by which rules a tenant's entries are kept
     * @param notes told of each object before it is written
     */
    public record Settings(
            long flushBytes,
            Duration flushAge,
            Duration keepFlushed,
            LongSupplier nowMillis,
            BooleanSupplier pressure,
            Predicate<TenantId> patterns,
            AckPace pace,
            Function<TenantId, RetentionClasses> retention,
            SegmentNotes notes) {}

    /** What was flushed and is still readable in the head. */
    private record Kept(List<TenantId> tenants, long position, long dueNanos) {}

    private final Head head;
    private final SegmentStore store;
    private final CommitLog log;
    private final FlushEvents events;
    private final Settings settings;
    private final Thread thread;

    private final ReentrantLock flushing = new ReentrantLock();
    // guarded by flushing
    private final Map<TenantId, Long> fences;
    private Head.@Nullable Cut cut;
    private final BlockCopier copier = new BlockCopier();
    private final List<TenantFlush> todo = new ArrayList<>();
    private final List<TenantId> done = new ArrayList<>();
    private Flushed stored = Flushed.NOTHING;
    private final Deque<Kept> kept = new ArrayDeque<>();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition wake = lock.newCondition();
    private boolean closing;
    private long maxAgeMillis;
    private volatile long cutBytes;
    private volatile long cutOldestMillis;

    /** @param fences up to where each tenant's entries are in segments */
    public Flusher(
            Head head,
            SegmentStore store,
            CommitLog log,
            Map<TenantId, Long> fences,
            FlushEvents events,
            Settings settings) {
        this.head = head;
        this.store = store;
        this.log = log;
        this.fences = new TreeMap<>(fences);
        this.events = events;
        this.settings = settings;
        this.thread = Thread.ofPlatform().name("flush").unstarted(this::run);
        this.maxAgeMillis = jittered();
    }

    /** Begins flushing by itself. */
    public void start() {
        thread.start();
    }

    /** Bytes of WAL records that are not stored in segments yet. */
    public long unflushedBytes() {
        return cutBytes + head.sinceCut().bytes();
    }

    /** When the oldest entry that is not in a segment arrived, milliseconds since the epoch; 0 when there is none. */
    public long oldestUnflushedMillis() {
        long inCut = cutOldestMillis;
        return inCut != 0 ? inCut : head.sinceCut().oldestMillis();
    }

    /** Whether a flush is being made now, or waits to be tried again. */
    public boolean busy() {
        return cutOldestMillis != 0;
    }

    private long jittered() {
        long age = settings.flushAge().toMillis();
        return age - ThreadLocalRandom.current().nextLong(age / 10 + 1);
    }

    private boolean due() {
        Head.Cut c = head.sinceCut();
        if (c.bytes() == 0) {
            return false;
        }
        return c.bytes() >= settings.flushBytes()
                || settings.nowMillis().getAsLong() - c.oldestMillis() >= maxAgeMillis
                || settings.pressure().getAsBoolean();
    }

    private void run() {
        Duration retry = FIRST_RETRY;
        while (pause(retry)) {
            try {
                releaseDue();
                if (due() || unfinished()) {
                    flush();
                    maxAgeMillis = jittered();
                }
                retry = FIRST_RETRY;
            } catch (StoreException e) {
                retry = retry.multipliedBy(2).compareTo(LAST_RETRY) > 0 ? LAST_RETRY : retry.multipliedBy(2);
                failed(e, retry);
            } catch (RuntimeException e) {
                // a defect must not end flushing for good: the WAL would fill the disk
                retry = LAST_RETRY;
                failed(e, retry);
            }
        }
    }

    private void failed(Exception e, Duration retry) {
        LOG.log(System.Logger.Level.ERROR, "flush failed, next attempt in " + retry.toMillis() + " ms", e);
        events.failed(e, retry);
    }

    /** Waits; false when it is time to stop. */
    private boolean pause(Duration time) {
        long left = time.toNanos();
        lock.lock();
        try {
            while (!closing && left > 0) {
                left = wake.awaitNanos(left);
            }
            return !closing;
        } catch (InterruptedException e) {
            throw new IllegalStateException("the flush thread was interrupted", e);
        } finally {
            lock.unlock();
        }
    }

    private boolean unfinished() {
        flushing.lock();
        try {
            return cut != null;
        } finally {
            flushing.unlock();
        }
    }

    /**
     * Stores everything that was acknowledged before the call.
     *
     * @return what was stored by this call
     * @throws StoreException some of it is not stored yet and still in the WAL; the next flush goes on with it
     */
    public Flushed flush() throws StoreException {
        flushing.lock();
        try {
            Flushed earlier = Flushed.NOTHING;
            if (cut != null) {
                // what an earlier attempt left goes first: fences move in order
                earlier = finish();
            }
            begin();
            return earlier.and(finish());
        } finally {
            flushing.unlock();
        }
    }

    private void begin() {
        Head.Cut c = head.cut();
        cut = c;
        cutBytes = c.bytes();
        cutOldestMillis = c.oldestMillis();
        events.reached(FlushStep.CUT);
        for (TenantId t : head.tenants()) {
            todo.add(new TenantFlush(
                    head,
                    store,
                    log,
                    events,
                    copier,
                    settings.pace(),
                    t,
                    fences.getOrDefault(t, 0L),
                    c.position(),
                    settings.patterns().test(t),
                    settings.retention().apply(t),
                    settings.notes(),
                    settings.nowMillis()));
        }
    }

    private Flushed finish() throws StoreException {
        long start = System.nanoTime();
        StoreException failure = null;
        Head.Cut c = cut;
        if (c == null) {
            throw new IllegalStateException("no cut to finish");
        }
        long position = c.position();
        for (TenantFlush t : List.copyOf(todo)) {
            try {
                long fence = t.run();
                fences.put(t.tenant(), fence);
                if (fence >= position) {
                    // others have nothing to forget, and their readers still ask from their old fence
                    done.add(t.tenant());
                }
                todo.remove(t);
                stored = stored.and(t.tenant(), t.committed());
            } catch (StoreException e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
        events.reached(FlushStep.BEFORE_RELEASE);
        kept.add(new Kept(
                List.copyOf(done),
                position,
                System.nanoTime() + settings.keepFlushed().toNanos()));
        done.clear();
        cut = null;
        cutBytes = 0;
        cutOldestMillis = 0;
        Flushed all = stored.in(System.nanoTime() - start);
        stored = Flushed.NOTHING;
        events.flushed(all, c.bytes());
        releaseDue();
        return all;
    }

    private void releaseDue() {
        flushing.lock();
        try {
            while (!kept.isEmpty() && kept.peek().dueNanos() - System.nanoTime() <= 0) {
                Kept k = kept.remove();
                head.dropBelow(k.tenants(), k.position());
                events.reached(FlushStep.RELEASED);
            }
        } finally {
            flushing.unlock();
        }
    }

    /** Stops flushing by itself; does not flush. Idempotent. */
    @Override
    public void close() {
        lock.lock();
        try {
            closing = true;
            wake.signalAll();
        } finally {
            lock.unlock();
        }
        Threads.awaitEnd(thread);
    }
}
