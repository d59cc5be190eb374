/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.wire;

import io.skald.core.block.ByteSink;
import io.skald.core.block.ByteSource;
import io.skald.core.block.Checksum;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException.CorruptData;
import java.util.ArrayList;
import java.util.List;

/**
 * A native push: blocks that an agent has encoded, with what tells a repeat from a new one. Its bytes are shown in docs/formats/push.md.
 * Immutable, as long as nobody changes the blocks' arrays.
 *
 * @param agent who sends, stable across its restarts: 1 to {@link #MAX_AGENT_LENGTH} characters
 * @param epoch which start of the agent made the push; greater with each
 * @param sequence the number of the push in its epoch, from 1
 * @param checksum of the bytes; of a repeat it is the same
 * @param ranges which lines of which files the push accounts for; empty if the agent does not number lines
 */
public record BlockPush(
        String agent, long epoch, long sequence, int checksum, List<Block> blocks, List<LineRange> ranges) {
    /** Where native pushes are sent to. */
    public static final String PATH = "/skald/api/v1/push";

    /** Their media type. */
    public static final String CONTENT_TYPE = "application/vnd.skald.blocks";

    public static final int MAX_AGENT_LENGTH = 200;
    public static final int MAX_BLOCKS = 10_000;
    public static final int MAX_LABELS = 1000;

    /** "SKPU" as a little-endian integer. */
    static final int MAGIC = 0x55504b53;

    static final int VERSION = 2;

    /** Most ranges of a push, and most bytes of an origin's name. */
    public static final int MAX_RANGES = 100_000;

    private static final int MAX_ORIGIN_BYTES = 256;
    private static final String NAME = "push";

    /**
     * A block of one stream.
     *
     * @param bytes where the block is; only {@code length} bytes at {@code offset} are its
     */
    public record Block(Labels labels, byte[] bytes, int offset, int length) {}

    /**
     * Lines that an agent has read from one generation of a file, and that are in this push or were left out of it on purpose.
     *
     * @param origin which generation of which file; unique for the agent
     * @param first number of the first line, from 0
     * @param count how many lines
     * @param missing how many of them the agent had to give up
     */
    public record LineRange(String origin, long first, long count, long missing) {}

    public BlockPush {
        blocks = List.copyOf(blocks);
        ranges = List.copyOf(ranges);
        if (agent.isEmpty() || agent.length() > MAX_AGENT_LENGTH || epoch < 0 || sequence < 1) {
            throw new IllegalArgumentException(
                    "push of agent '" + agent + "', epoch " + epoch + ", sequence " + sequence + " is impossible");
        }
    }

    /** A push without line numbers. */
    public BlockPush(String agent, long epoch, long sequence, int checksum, List<Block> blocks) {
        this(agent, epoch, sequence, checksum, blocks, List.of());
    }

    /** Encodes a push without line numbers. */
    public static byte[] encode(String agent, long epoch, long sequence, List<Block> blocks) {
        return encode(agent, epoch, sequence, blocks, List.of());
    }

    /** Encodes a push; its checksum comes from its bytes. */
    public static byte[] encode(String agent, long epoch, long sequence, List<Block> blocks, List<LineRange> ranges) {
        int bytes = 1 << 10;
        for (Block b : blocks) {
            bytes += b.length + 32 * b.labels.size() + 64;
        }
        ByteSink out = new ByteSink(bytes);
        encode(agent, epoch, sequence, blocks, ranges, out);
        return out.toByteArray();
    }

    /** The same, into a sink that is emptied before. */
    public static void encode(
            String agent, long epoch, long sequence, List<Block> blocks, List<LineRange> ranges, ByteSink out) {
        out.reset();
        out.u32(MAGIC);
        out.u8(VERSION);
        out.string(agent);
        out.varint(epoch);
        out.varint(sequence);
        out.varint(blocks.size());
        for (Block b : blocks) {
            out.varint(b.labels.size());
            for (int i = 0; i < b.labels.size(); i++) {
                out.string(b.labels.name(i));
                out.string(b.labels.value(i));
            }
            out.varint(b.length);
            out.bytes(b.bytes, b.offset, b.length);
        }
        out.varint(ranges.size());
        for (LineRange r : ranges) {
            out.string(r.origin);
            out.varint(r.first);
            out.varint(r.count);
            out.varint(r.missing);
        }
        out.u32(Checksum.of(out.array(), 0, out.size()));
    }

    /**
     * Decodes a push; the blocks stay where they are in the body, and are not looked into.
     *
     * @throws CorruptData if the bytes are not a push, or were changed on the way
     */
    public static BlockPush decode(byte[] body, int length) throws CorruptData {
        ByteSource in = new ByteSource(NAME, body, 0, length, 0);
        if (in.u32() != MAGIC) {
            throw in.corrupt("no native push: wrong magic");
        }
        int version = in.u8();
        if (version != 1 && version != VERSION) {
            throw in.corrupt("version " + version + " of a push, known are 1 and " + VERSION);
        }
        if (length < 9) {
            throw in.corrupt("push of " + length + " bytes");
        }
        int checksum = new ByteSource(NAME, body, length - 4, 4, length - 4L).u32();
        if (checksum != Checksum.of(body, 0, length - 4)) {
            throw in.corrupt("wrong checksum of a push");
        }
        String agent = in.string("agent", 4 * MAX_AGENT_LENGTH);
        long epoch = in.varint();
        long sequence = in.varint();
        if (agent.isEmpty() || agent.length() > MAX_AGENT_LENGTH || epoch < 0 || sequence < 1) {
            throw in.corrupt("agent of " + agent.length() + " characters, epoch " + epoch + ", sequence " + sequence);
        }
        int n = in.count("blocks", MAX_BLOCKS);
        List<Block> blocks = new ArrayList<>(Math.min(n, 256));
        for (int i = 0; i < n; i++) {
            Labels labels = labels(in);
            int size = in.count("block length", in.remaining());
            int at = in.position();
            in.skip(size);
            blocks.add(new Block(labels, body, at, size));
        }
        List<LineRange> ranges = version == 1 ? List.of() : ranges(in);
        in.skip(4);
        in.expectEnd();
        return new BlockPush(agent, epoch, sequence, checksum, blocks, ranges);
    }

    private static List<LineRange> ranges(ByteSource in) throws CorruptData {
        int n = in.count("line ranges", MAX_RANGES);
        List<LineRange> ranges = new ArrayList<>(Math.min(n, 256));
        for (int i = 0; i < n; i++) {
            LineRange r = new LineRange(in.string("origin", MAX_ORIGIN_BYTES), in.varint(), in.varint(), in.varint());
            if (r.first < 0 || r.count < 0 || r.missing < 0 || r.missing > r.count || r.first + r.count < 0) {
                throw in.corrupt("impossible range of lines " + r);
            }
            ranges.add(r);
        }
        return ranges;
    }

    private static Labels labels(ByteSource in) throws CorruptData {
        int n = in.count("labels", MAX_LABELS);
        Labels.Builder b = new Labels.Builder();
        for (int i = 0; i < n; i++) {
            String name = in.string("label name", in.remaining());
            b.set(name, in.string("label value", in.remaining()));
        }
        return b.build();
    }
}
