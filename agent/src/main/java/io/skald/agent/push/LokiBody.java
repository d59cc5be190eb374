/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.push;

import io.skald.core.block.BlockMetadata;
import io.skald.core.block.BlockReader;
import io.skald.core.block.ByteSink;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.core.wire.BlockPush;
import io.skald.core.wire.LevelDetector;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.xerial.snappy.Snappy;

/** Writes blocks as the body of a push to Loki: protobuf compressed with snappy. What the agent adds to entries for Skald is left out. */
final class LokiBody {
    private static final int VARINT = 0;
    private static final int BYTES = 2;

    private LokiBody() {}

    static byte[] of(BlockPush push, Labels added) throws CorruptData {
        ByteSink out = new ByteSink(1 << 20);
        ByteSink stream = new ByteSink(1 << 18);
        for (BlockPush.Block b : push.blocks()) {
            stream.reset();
            stream(b, added, stream);
            bytes(out, 1, stream.array(), 0, stream.size());
        }
        try {
            byte[] compressed = new byte[Snappy.maxCompressedLength(out.size())];
            int n = Snappy.compress(out.array(), 0, out.size(), compressed, 0);
            return Arrays.copyOf(compressed, n);
        } catch (IOException e) {
            throw new IllegalStateException("cannot compress", e);
        }
    }

    private static void stream(BlockPush.Block b, Labels added, ByteSink out) throws CorruptData {
        BlockReader r = BlockReader.open("block", b.bytes(), b.offset(), b.length(), 0);
        long[] times = r.times(null);
        int[] offsets = r.lineOffsets(null);
        byte[] lines = r.lines(null, times, offsets);
        BlockMetadata metadata = r.metadata();
        byte[] labels = HttpTransport.with(b.labels(), added).toString().getBytes(StandardCharsets.UTF_8);
        bytes(out, 1, labels, 0, labels.length);
        ByteSink pairs = new ByteSink(256);
        ByteSink time = new ByteSink(24);
        for (int i = 0; i < r.rows(); i++) {
            time.reset();
            time.varint(1 << 3 | VARINT);
            time.varint(Math.floorDiv(times[i], 1_000_000_000L));
            time.varint(2 << 3 | VARINT);
            time.varint(Math.floorMod(times[i], 1_000_000_000L));
            pairs.reset();
            metadata(metadata.row(i), pairs);
            int length = offsets[i + 1] - offsets[i];
            int size = 1
                    + ByteSink.varintLength(time.size())
                    + time.size()
                    + 1
                    + ByteSink.varintLength(length)
                    + length
                    + pairs.size();
            out.varint(2 << 3 | BYTES);
            out.varint(size);
            bytes(out, 1, time.array(), 0, time.size());
            bytes(out, 2, lines, offsets[i], length);
            out.bytes(pairs.array(), 0, pairs.size());
        }
    }

    private static void metadata(Labels m, ByteSink out) {
        for (int i = 0; i < m.size(); i++) {
            if (m.name(i).equals(LevelDetector.LABEL) || m.name(i).equals(ORIGIN)) {
                continue;
            }
            byte[] name = m.name(i).getBytes(StandardCharsets.UTF_8);
            byte[] value = m.value(i).getBytes(StandardCharsets.UTF_8);
            out.varint(3 << 3 | BYTES);
            out.varint(2L
                    + ByteSink.varintLength(name.length)
                    + name.length
                    + ByteSink.varintLength(value.length)
                    + value.length);
            bytes(out, 1, name, 0, name.length);
            bytes(out, 2, value, 0, value.length);
        }
    }

    /** The metadata that says which generation of which file an entry is from. */
    static final String ORIGIN = "origin";

    private static void bytes(ByteSink out, int field, byte[] b, int offset, int length) {
        out.varint(field << 3 | BYTES);
        out.varint(length);
        out.bytes(b, offset, length);
    }
}
