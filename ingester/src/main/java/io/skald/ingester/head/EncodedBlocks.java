/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import io.skald.core.wire.ByteArrays;
import io.skald.ingester.wal.PendingRecord;
import io.skald.ingester.wal.WalFormat;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A record of a native push, encoded: who sent it, then the blocks as they came, each the lines of a fragment of its own. docs/formats/wal.md
 * shows the bytes.
 */
public final class EncodedBlocks extends PendingRecord {
    private static final byte[] NO_BYTES = {};

    /**
     * A block as it goes into the WAL, with what was found out by decoding its times and lengths.
     *
     * @param bytes holds the block, {@code length} bytes at {@code offset}
     * @param count entries
     * @param lineBytes bytes of their lines
     * @param increasing whether each time is greater than the one before
     */
    public record Block(
            Labels labels,
            byte[] bytes,
            int offset,
            int length,
            int count,
            int lineBytes,
            boolean increasing,
            long minNanos,
            long maxNanos) {}

    private final PushId id;
    private final List<EncodedBatch.Fragment> fragments;
    private byte[] array;

    private EncodedBlocks(PushId id, byte[] payload, int length, List<EncodedBatch.Fragment> fragments) {
        super(WalFormat.TYPE_BLOCKS, payload, length);
        this.id = id;
        this.fragments = List.copyOf(fragments);
        this.array = payload;
    }

    /** Encodes the accepted blocks of a push. */
    public static EncodedBlocks encode(PushId id, List<Block> blocks) {
        int estimate = 1024;
        for (Block b : blocks) {
            estimate += b.length + 1024;
        }
        PayloadWriter out = new PayloadWriter(estimate);
        byte[] tenant = id.tenant().value().getBytes(StandardCharsets.UTF_8);
        out.varint(tenant.length);
        out.bytes(tenant, 0, tenant.length);
        out.string(id.agent());
        out.varint(id.epoch());
        out.varint(id.sequence());
        out.i32(id.checksum());
        List<EncodedBatch.Fragment> fragments = new ArrayList<>(blocks.size());
        for (Block b : blocks) {
            fragments.add(fragment(out, b));
        }
        return new EncodedBlocks(id, out.array(), out.size(), fragments);
    }

    private static EncodedBatch.Fragment fragment(PayloadWriter out, Block b) {
        int start = out.size();
        out.i64(0);
        out.i64(0);
        BatchCodec.labels(b.labels, out);
        out.varint((long) b.count << 1 | (b.increasing ? 1 : 0));
        out.i64(b.minNanos);
        out.i64(b.maxNanos);
        out.varint(b.lineBytes);
        int headBytes = out.size() - start;
        out.bytes(b.bytes, b.offset, b.length);
        FragmentHeader.put(out, start, headBytes, b.length);
        return new EncodedBatch.Fragment(
                b.labels, start, headBytes, b.lineBytes, b.length, b.count, b.increasing, b.minNanos, b.maxNanos);
    }

    /** What a payload holds. */
    record Read(PushId id, List<EncodedBatch.Fragment> fragments) {}

    /**
     * Reads a payload without looking into the blocks.
     *
     * @throws IllegalArgumentException if it is malformed
     */
    static Read read(MemorySegment payload) {
        byte[] bytes = payload.toArray(ValueLayout.JAVA_BYTE);
        PayloadReader in = new PayloadReader(bytes, 0, bytes.length);
        TenantId tenant = in.tenant();
        String agent = in.string();
        long epoch = in.varint();
        long sequence = in.varint();
        PushId id = new PushId(tenant, agent, epoch, sequence, in.i32());
        List<EncodedBatch.Fragment> found = new ArrayList<>();
        while (in.position() < bytes.length) {
            int start = in.position();
            int headBytes = in.i32();
            int blockBytes = in.i32();
            FragmentHeader.checkLengths(headBytes, blockBytes, bytes.length - start);
            in.i64();
            Labels labels = BatchCodec.labels(in);
            long count = in.varint();
            long min = in.i64();
            long max = in.i64();
            int lineBytes = in.count(Integer.MAX_VALUE);
            in.position(start + headBytes + blockBytes);
            found.add(new EncodedBatch.Fragment(
                    labels,
                    start,
                    headBytes,
                    lineBytes,
                    blockBytes,
                    Math.toIntExact(count >>> 1),
                    (count & 1) != 0,
                    min,
                    max));
        }
        return new Read(id, found);
    }

    /** Lets the payload's array be used again. Only after the record is durable; the record has no payload from then on. */
    public void release() {
        ByteArrays.release(array);
        array = NO_BYTES;
    }

    PushId id() {
        return id;
    }

    List<EncodedBatch.Fragment> fragments() {
        return fragments;
    }
}
