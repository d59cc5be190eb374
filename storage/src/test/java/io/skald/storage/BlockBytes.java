/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage;

import io.skald.core.block.ByteSink;
import io.skald.core.block.ByteSource;
import io.skald.core.block.Zstandard;
import io.skald.core.model.StoreException.CorruptData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** A block taken apart as docs/formats/block.md shows it, to be put together with other columns and right checksums. */
final class BlockBytes {
    private static final int FIXED = 40;

    /** A column, decompressed. */
    private static final class Column {
        final int type;
        final String name;
        int codec;
        byte[] raw;
        /** What the header says. */
        int rawLength;

        Column(int type, int codec, String name, byte[] raw) {
            this.type = type;
            this.codec = codec;
            this.name = name;
            this.raw = raw;
            this.rawLength = raw.length;
        }
    }

    private final byte[] fixed;
    private final List<Column> columns = new ArrayList<>();

    BlockBytes(byte[] block) throws CorruptData {
        ByteSource in = new ByteSource("block", block, 0, block.length, 0);
        in.skip(6);
        int n = in.u16();
        int header = in.u32();
        fixed = Arrays.copyOf(block, FIXED);
        in.skip(FIXED - in.position());
        int at = header;
        for (int i = 0; i < n; i++) {
            int type = in.u8();
            int codec = in.u8();
            int length = in.u32();
            byte[] raw = new byte[in.u32()];
            in.u32();
            if (codec == 0) {
                System.arraycopy(block, at, raw, 0, length);
            } else {
                Zstandard.decompress(block, at, length, raw, 0, raw.length, "block", at);
            }
            columns.add(new Column(type, codec, in.string("name", in.remaining()), raw));
            at += length;
        }
    }

    /** Changes a column, what the header says of its length, or what it says of rows and lines. */
    BlockBytes change(Random random) {
        Column c = columns.get(random.nextInt(columns.size()));
        int sort = random.nextInt(10);
        if (sort == 0) {
            c.rawLength = random.nextBoolean() ? random.nextInt() >>> random.nextInt(31) : c.rawLength + 1;
        } else if (sort == 1) {
            fixed[12 + random.nextInt(FIXED - 12)] = (byte) random.nextInt();
        } else {
            c.raw = FormatFuzz.mutate(c.raw, random);
            c.rawLength = c.raw.length;
            c.codec = random.nextInt(2);
        }
        return this;
    }

    byte[] encode() {
        ByteSink body = new ByteSink(1024);
        ByteSink out = new ByteSink(1024);
        out.bytes(fixed, 0, FIXED);
        for (Column c : columns) {
            int from = body.size();
            if (c.codec == 0) {
                body.bytes(c.raw, 0, c.raw.length);
            } else {
                Zstandard.compress(c.raw, 0, c.raw.length, 1, body);
            }
            out.u8(c.type);
            out.u8(c.codec);
            out.u32(body.size() - from);
            out.u32(c.rawLength);
            out.u32(FormatFuzz.crc(body.array(), from, body.size()));
            out.string(c.name);
        }
        out.setU16(6, columns.size());
        out.setU32(8, out.size() + 4);
        out.u32(FormatFuzz.crc(out.array(), 0, out.size()));
        out.bytes(body.array(), 0, body.size());
        return out.toByteArray();
    }
}
