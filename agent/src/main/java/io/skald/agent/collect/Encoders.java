/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.collect;

import io.skald.core.model.EntryBatch;
import io.skald.core.wire.BlockEncoder;
import io.skald.core.wire.BlockPush;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Encodes batches, large ones by two threads: that is most of the work while there is a backlog, and what comes in must not be faster. Confined to
 * the spool thread.
 */
public final class Encoders implements AutoCloseable {
    /** Less is encoded by the one that has it. */
    private static final long MIN_SHARED_BYTES = 512 << 10;

    private final int jsonDepth;
    private final String agent;
    private final boolean alone = Runtime.getRuntime().availableProcessors() < 2;
    private final BlockEncoder own;
    private @Nullable BlockEncoder other;
    private @Nullable ExecutorService helper;

    /**
     * @param jsonDepth how deep in a line of JSON a level is looked for; negative to look for none
     * @param agent who encodes
     */
    public Encoders(int jsonDepth, String agent) {
        this.jsonDepth = jsonDepth;
        this.agent = agent;
        this.own = new BlockEncoder(jsonDepth, agent);
    }

    /** Encodes batches, each into as many blocks as it needs. */
    List<BlockPush.Block> encode(List<EntryBatch> batches) throws InterruptedException {
        long bytes = 0;
        for (EntryBatch b : batches) {
            bytes += b.lineBytes();
        }
        int split = alone || bytes < MIN_SHARED_BYTES ? batches.size() : half(batches, bytes);
        if (split >= batches.size()) {
            return own.encode(batches);
        }
        BlockEncoder second = other;
        ExecutorService pool = helper;
        if (second == null || pool == null) {
            second = new BlockEncoder(jsonDepth, agent);
            pool = Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().daemon().name("skald-agent-encode").factory());
            other = second;
            helper = pool;
        }
        BlockEncoder with = second;
        Future<List<BlockPush.Block>> rest = pool.submit(() -> with.encode(batches.subList(split, batches.size())));
        List<BlockPush.Block> blocks = new ArrayList<>(own.encode(batches.subList(0, split)));
        try {
            blocks.addAll(rest.get());
        } catch (ExecutionException e) {
            throw new IllegalStateException("encoding failed", e.getCause());
        }
        return blocks;
    }

    /** How many of the batches are about a half of the bytes. */
    private static int half(List<EntryBatch> batches, long bytes) {
        long sum = 0;
        for (int i = 0; i < batches.size(); i++) {
            long more = batches.get(i).lineBytes();
            if (sum + more / 2 >= bytes / 2) {
                return Math.max(1, i);
            }
            sum += more;
        }
        return batches.size();
    }

    @Override
    public void close() {
        ExecutorService pool = helper;
        if (pool != null) {
            pool.shutdownNow();
        }
    }
}
