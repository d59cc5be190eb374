/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.demo;

import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.wire.PushSink;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Pushes a shop's logs: up to now as fast as possible, then as time goes by. Confined to one thread at a time. */
final class ShopFeed implements Runnable {
    private static final System.Logger LOG = System.getLogger(ShopFeed.class.getName());
    private static final Duration TICK = Duration.ofMillis(250);
    private static final int BATCH_LINES = 2000;

    /** What a customer's request logs lies this long after it at most. */
    private static final Duration LONGEST_REQUEST = Duration.ofSeconds(6);

    private final PushSink sink;
    private final Shop shop;
    /** What the shop logged, by time, so that a line is pushed when its time has come. */
    private final TreeMap<Long, List<Pending>> pending = new TreeMap<>();

    private long nextRequest;

    private record Pending(Map<String, String> labels, String line) {}

    ShopFeed(long seed, PushSink sink, Instant start) {
        this.sink = sink;
        this.shop = new Shop(seed, this::add);
        this.nextRequest = nanos(start.minus(LONGEST_REQUEST));
    }

    private void add(Map<String, String> labels, long timestampNanos, String line) {
        List<Pending> there = pending.getOrDefault(timestampNanos, List.of());
        pending.put(
                timestampNanos,
                Stream.concat(there.stream(), Stream.of(new Pending(labels, line)))
                        .toList());
    }

    /** Pushes everything up to a time and returns the number of lines. */
    long pushUntil(Instant end) throws CommandFailure, InterruptedException {
        try {
            return push(nanos(end));
        } catch (StoreException | RequestException e) {
            throw new CommandFailure(ExitCode.FAILURE, "cannot store the shop's logs: " + e.getMessage(), e);
        }
    }

    private long push(long end) throws StoreException, InterruptedException {
        while (nextRequest < end) {
            shop.request(nextRequest);
            nextRequest = shop.next(nextRequest);
        }
        long pushed = 0;
        Map<Labels, EntryBatch> batches = new TreeMap<>();
        int lines = 0;
        Map<Long, List<Pending>> due = pending.headMap(end);
        for (Map.Entry<Long, List<Pending>> e : due.entrySet()) {
            for (Pending p : e.getValue()) {
                byte[] line = p.line.getBytes(StandardCharsets.UTF_8);
                batches.computeIfAbsent(Labels.of(p.labels), EntryBatch::new)
                        .add(e.getKey(), line, 0, line.length, Labels.EMPTY);
                lines++;
            }
            if (lines >= BATCH_LINES) {
                pushed += send(batches);
                lines = 0;
            }
        }
        pushed += send(batches);
        due.clear();
        return pushed;
    }

    private long send(Map<Labels, EntryBatch> batches) throws StoreException, InterruptedException {
        if (batches.isEmpty()) {
            return 0;
        }
        long accepted =
                sink.push(TenantId.DEFAULT, List.copyOf(batches.values())).accepted();
        batches.clear();
        return accepted;
    }

    /** Goes on with time until the server no longer takes anything. */
    @Override
    public void run() {
        try {
            while (true) {
                Thread.sleep(TICK);
                push(nanos(Instant.now()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (StoreException | RuntimeException e) {
            LOG.log(Level.INFO, "the demo writes no more: " + e.getMessage());
        }
    }

    private static long nanos(Instant t) {
        return t.getEpochSecond() * 1_000_000_000L + t.getNano();
    }
}
