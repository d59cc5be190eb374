/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.bench;

import io.skald.core.config.Limits;
import io.skald.core.disk.Disk;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.wire.BlockEncoder;
import io.skald.core.wire.BlockPush;
import io.skald.ingester.head.EncodedBlocks;
import io.skald.ingester.head.PushId;
import io.skald.ingester.push.BlockPreparer;
import io.skald.ingester.push.Discards;
import io.skald.ingester.push.TenantGates;
import io.skald.ingester.push.Validator;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A native push of four blocks of 256 KiB of lines: made as an agent makes it, and from its body to the payload of its WAL record as an ingester
 * does. Divide 1,048,576 bytes by the time for bytes per second.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class NativePushBench {
    private static final TenantId TENANT = new TenantId("t");
    private static final Discards DISCARDS = new Discards((tenant, reason, lines, bytes) -> {
        throw new IllegalStateException("refused for " + reason);
    });

    private final BlockEncoder encoder = new BlockEncoder(2, "bench");
    private final List<EntryBatch> batches = List.of(
            Corpus.batch(Corpus.Kind.JSON, 256 << 10, 1),
            Corpus.batch(Corpus.Kind.LOGFMT, 256 << 10, 1),
            Corpus.batch(Corpus.Kind.ACCESS, 256 << 10, 1),
            Corpus.batch(Corpus.Kind.DATED, 256 << 10, 1));
    private final TenantGates gates = gates();
    private byte[] body = {};

    @Setup
    public void setUp() {
        body = encode();
    }

    private static TenantGates gates() {
        try {
            return TenantGates.open(Disk.REAL, Path.of("no-file-of-demoted-labels"));
        } catch (StoreException e) {
            throw new IllegalStateException("a file that is not there was read", e);
        }
    }

    /** At the agent. */
    @Benchmark
    public byte[] encode() {
        return BlockPush.encode("bench", 1, 1, encoder.encode(batches));
    }

    /** At the ingester. */
    @Benchmark
    public int decode() throws StoreException {
        BlockPush push = BlockPush.decode(body, body.length);
        long now = batches.getFirst().timestampNanos(0);
        BlockPreparer preparer = new BlockPreparer(new Validator(TENANT, Limits.DEFAULTS, now, DISCARDS, gates));
        PushId id = new PushId(TENANT, push.agent(), push.epoch(), push.sequence(), push.checksum());
        EncodedBlocks record = EncodedBlocks.encode(id, preparer.prepare(push.blocks()));
        record.release();
        return push.blocks().size();
    }
}
