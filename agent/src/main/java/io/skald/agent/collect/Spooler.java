/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.collect;

import io.skald.agent.push.Sender;
import io.skald.agent.spool.Item;
import io.skald.agent.spool.Marks;
import io.skald.agent.spool.Outbox;
import io.skald.core.block.ByteSink;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.TenantId;
import io.skald.core.wire.BlockPush;
import io.skald.core.wire.BlockPush.LineRange;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Encodes batches, puts them on disk, and hands them to the senders. Has a thread of its own, to which everything here is confined but
 * {@link #close} and {@link #kill}.
 */
public final class Spooler implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Spooler.class.getName());
    /** All positions are in the outbox already; a checkpoint lets it become shorter. */
    private static final long CHECKPOINT_NANOS = TimeUnit.SECONDS.toNanos(5);

    private static final long FULL_CHECKPOINT_NANOS = TimeUnit.SECONDS.toNanos(1);
    /** No more than this share of the time goes into checkpoints, which take long where there are many files. */
    private static final int CHECKPOINT_SHARE = 100;

    private static final long TAKE_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long RETRY_MILLIS = 1000;
    private static final long FULL_MILLIS = 50;
    /** A push is at most about so many bytes of lines; ingesters take 16 MiB and more. */
    private static final int MAX_BLOCKS = BlockPush.MAX_BLOCKS / 2;

    private final Collector collector;
    private final Outbox outbox;
    private final List<Sender> senders;
    private final ChunkPool chunks;
    private final SpoolLimit limit;
    private final Encoders encoders;
    private final SpoolMetrics metrics;
    private final Map<Marks.Stream, Long> marks;
    private final ByteSink push = new ByteSink(1 << 16);
    private final Thread thread =
            Thread.ofPlatform().daemon().name("skald-agent-spool").unstarted(this::run);
    private volatile boolean stopping;
    private volatile boolean killed;
    private volatile @Nullable String problem;
    private long lastCheckpoint;
    private long checkpointTook;
    private boolean dirty = true;

    public Spooler(
            Collector collector,
            Outbox outbox,
            List<Sender> senders,
            ChunkPool chunks,
            SpoolLimit limit,
            Encoders encoders,
            SpoolMetrics metrics) {
        this.collector = collector;
        this.outbox = outbox;
        this.senders = List.copyOf(senders);
        this.chunks = chunks;
        this.limit = limit;
        this.encoders = encoders;
        this.metrics = metrics;
        this.marks = new HashMap<>(outbox.marks());
    }

    /** Hands over what was found in the outbox, and begins. */
    public void start() {
        for (Sender s : senders) {
            s.add(outbox.pending(s.client()));
        }
        thread.start();
    }

    /** Why nothing can be put on disk at present, or null. */
    public @Nullable String problem() {
        return problem;
    }

    private void run() {
        try {
            while (!stopping) {
                Batch b = collector.take(TAKE_NANOS);
                if (b != null) {
                    spool(b);
                }
                checkpoint(System.nanoTime(), Math.max(CHECKPOINT_NANOS, CHECKPOINT_SHARE * checkpointTook));
            }
            if (!killed) {
                Batch last = collector.take(0);
                if (last != null) {
                    spool(last);
                }
                drain();
                checkpoint(System.nanoTime(), 0);
            }
        } catch (InterruptedException e) {
            LOG.log(System.Logger.Level.DEBUG, "interrupted; what is not on disk is read again");
        } catch (RuntimeException e) {
            problem = "the spool thread has died: " + e;
            LOG.log(System.Logger.Level.ERROR, "the agent's spool thread has died; its outbox is as it was", e);
        } finally {
            encoders.close();
        }
    }

    private void drain() throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        for (Sender s : senders) {
            if (!s.drain(end - System.nanoTime())) {
                LOG.log(
                        System.Logger.Level.INFO,
                        "stopped before everything was sent; the rest is sent after the next start");
            }
        }
    }

    private void spool(Batch b) throws InterruptedException {
        outbox.forget(b.forgotten());
        dirty = true;
        List<Outbox.Part> parts = encode(b);
        b.chunks().forEach(chunks::give);
        b.streams().values().forEach(collector::recycle);
        long bytes = parts.stream().mapToLong(Outbox.Part::length).sum();
        awaitRoom(bytes);
        List<Item> items = append(parts, b);
        if (items == null) {
            return; // killed: nothing of it was sent, and it is read again after the next start
        }
        marks.putAll(b.marks());
        senders.forEach(s -> s.add(items));
        b.waiting().forEach(f -> f.complete(null));
        metrics.spooled(b, outbox.diskBytes());
    }

    /** The first part is in a buffer that is used again for the next batch. */
    private List<Outbox.Part> encode(Batch b) throws InterruptedException {
        Set<TenantId> tenants = new LinkedHashSet<>(b.streams().keySet());
        tenants.addAll(b.ranges().keySet());
        Map<TenantId, Long> taken = new HashMap<>();
        List<Outbox.Part> parts = new ArrayList<>();
        for (TenantId tenant : tenants) {
            SpoolLimit.Admitted admitted = limit.admit(
                    tenant,
                    b.streams().getOrDefault(tenant, List.of()),
                    b.ranges().getOrDefault(tenant, List.of()),
                    outbox.diskBytes());
            List<EntryBatch> streams = admitted.streams();
            List<BlockPush.Block> blocks = encoders.encode(streams);
            List<LineRange> ranges = admitted.ranges();
            if (blocks.isEmpty() && ranges.isEmpty()) {
                continue;
            }
            long entries = streams.stream().mapToLong(EntryBatch::size).sum();
            long bytes = streams.stream().mapToLong(EntryBatch::lineBytes).sum();
            for (int from = 0; from == 0 || from < blocks.size(); from += MAX_BLOCKS) {
                boolean first = from == 0;
                long number = outbox.nextPush(tenant) + taken.merge(tenant, 1L, Long::sum) - 1;
                ByteSink to = parts.isEmpty() ? push : new ByteSink(1 << 16);
                BlockPush.encode(
                        outbox.agent(),
                        outbox.epoch(),
                        number,
                        blocks.subList(from, Math.min(blocks.size(), from + MAX_BLOCKS)),
                        first ? ranges : List.of(),
                        to);
                parts.add(new Outbox.Part(tenant, first ? entries : 0, first ? bytes : 0, to.array(), to.size()));
            }
        }
        return parts;
    }

    /** Waits while the outbox is full, so that reading waits too: lines are safe where they are. */
    private void awaitRoom(long bytes) throws InterruptedException {
        boolean told = false;
        long since = System.nanoTime();
        while (!killed && !limit.hasRoom(outbox.diskBytes(), bytes)) {
            if (!told) {
                told = true;
                outbox.seal();
                LOG.log(
                        System.Logger.Level.WARNING,
                        () -> "the outbox holds " + outbox.diskBytes()
                                + " bytes and is full, reading waits until it is sent");
            }
            if (stopping && outbox.diskBytes() > 0) {
                killed = true; // what is not in the outbox is read again after the next start
                return;
            }
            Thread.sleep(FULL_MILLIS);
            long now = System.nanoTime();
            metrics.full(now - since);
            since = now;
            dirty = true;
            checkpoint(now, FULL_CHECKPOINT_NANOS);
        }
    }

    private @Nullable List<Item> append(List<Outbox.Part> parts, Batch b) throws InterruptedException {
        boolean told = false;
        while (!killed) {
            try {
                List<Item> items = outbox.append(parts, b.files(), b.cursors());
                problem = null;
                return items;
            } catch (IOException e) {
                problem = "cannot write the outbox: " + e;
                if (!told || stopping) {
                    told = true;
                    LOG.log(System.Logger.Level.ERROR, () -> "cannot write the outbox, reading waits: " + e);
                }
                if (stopping) {
                    return null;
                }
                Thread.sleep(RETRY_MILLIS);
            }
        }
        return null;
    }

    private void checkpoint(long now, long intervalNanos) {
        if (!dirty || now - lastCheckpoint < intervalNanos) {
            return;
        }
        boolean idle = senders.stream().allMatch(Sender::isIdle);
        lastCheckpoint = now;
        try {
            marks.keySet().retainAll(new java.util.HashSet<>(collector.known()));
            outbox.checkpoint(marks);
            dirty = !idle; // what is acknowledged later wants to be saved too
            checkpointTook = System.nanoTime() - now;
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, () -> "cannot write the positions, will try again: " + e);
        }
    }

    /** Puts what was collected on disk, waits some seconds for it to be taken, and saves the positions. Idempotent. */
    @Override
    public void close() {
        stopping = true;
        collector.close();
        join();
    }

    /** Ends as a killed process does: nothing more is saved. */
    public void kill() {
        killed = true;
        stopping = true;
        collector.close();
        thread.interrupt();
        join();
    }

    private void join() {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true; // it ends within seconds, and its files must not be closed before
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
