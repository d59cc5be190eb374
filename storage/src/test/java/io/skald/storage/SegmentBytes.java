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

/** A segment taken apart as docs/formats/segment.md shows it, to be put together with other contents and right checksums. */
final class SegmentBytes {
    private static final int TRAILER = 28;
    private static final int FILTERS = 3;
    private static final int COUNTERS = 4;
    private static final int NAMES = 5;
    private static final int PATTERNS = 6;

    private static final class Section {
        final int type;
        byte[] raw;
        /** What the table says. */
        int rawLength;

        Section(int type, byte[] raw) {
            this.type = type;
            this.raw = raw;
            this.rawLength = raw.length;
        }
    }

    /** Blocks, filters and patterns. */
    private byte[] body;

    private final List<Section> sections = new ArrayList<>();

    SegmentBytes(byte[] segment) throws CorruptData {
        ByteSource trailer = new ByteSource("trailer", segment, segment.length - TRAILER, TRAILER, 0);
        int tableAt = (int) trailer.i64();
        ByteSource table = new ByteSource("table", segment, tableAt, trailer.u32(), 0);
        int end = tableAt;
        while (table.remaining() > 0) {
            int type = table.u16();
            table.u16();
            int at = (int) table.i64();
            int length = table.u32();
            sections.add(new Section(type, unpacked(segment, at, length, table.u32())));
            table.u32();
            end = Math.min(end, at);
        }
        body = Arrays.copyOf(segment, end);
    }

    private static byte[] unpacked(byte[] b, int at, int length, int rawLength) throws CorruptData {
        byte[] raw = new byte[rawLength];
        Zstandard.decompress(b, at, length, raw, 0, rawLength, "segment", at);
        return raw;
    }

    private static byte[] packed(byte[] raw) {
        ByteSink out = new ByteSink(raw.length);
        Zstandard.compress(raw, 0, raw.length, 1, out);
        return out.toByteArray();
    }

    private Section section(int type) {
        return sections.stream().filter(s -> s.type == type).findFirst().orElseThrow();
    }

    /** Changes a section, what the table says of its length, a partition of the filters, or the patterns. */
    SegmentBytes change(Random random) throws CorruptData {
        int sort = random.nextInt(12);
        if (sort == 0) {
            sections.get(random.nextInt(sections.size())).rawLength = random.nextInt() >>> random.nextInt(31);
        } else if (sort == 1) {
            filters(random);
        } else if (sort < 5) {
            patterns(random);
        } else {
            Section s = sections.get(random.nextInt(sections.size()));
            s.raw = FormatFuzz.mutate(s.raw, random);
            s.rawLength = s.raw.length;
        }
        return this;
    }

    /** Appends bytes to the body; returns where they are. */
    private int append(byte[] more) {
        int at = body.length;
        body = Arrays.copyOf(body, at + more.length);
        System.arraycopy(more, 0, body, at, more.length);
        return at;
    }

    /** The first group of filters, with its partitions elsewhere and one of them changed. */
    private void filters(Random random) throws CorruptData {
        Section index = section(FILTERS);
        ByteSource in = new ByteSource("filters", index.raw, 0, index.raw.length, 0);
        ByteSink out = new ByteSink(index.raw.length);
        ByteSink parts = new ByteSink(1024);
        in.varint();
        int at = (int) in.varint();
        int bits = in.u8();
        int n = (int) in.varint();
        out.varint(1);
        out.varint(body.length);
        out.u8(bits);
        out.varint(n);
        for (int i = 0; i < n; i++) {
            out.zigzag(in.zigzag());
            out.varint(in.varint());
            out.u8(in.u8());
        }
        int changed = random.nextInt(1 << bits);
        for (int p = 0; p < 1 << bits; p++) {
            int length = (int) in.varint();
            in.u32();
            byte[] part = Arrays.copyOfRange(body, at, at + length);
            at += length;
            part = p == changed ? FormatFuzz.mutate(part, random) : part;
            parts.bytes(part, 0, part.length);
            out.varint(part.length);
            out.u32(FormatFuzz.crc(part, 0, part.length));
        }
        append(parts.toByteArray());
        index.raw = out.toByteArray();
        index.rawLength = index.raw.length;
    }

    /** The only group of patterns, changed. */
    private void patterns(Random random) throws CorruptData {
        Section index = section(PATTERNS);
        ByteSource in = new ByteSource("patterns", index.raw, 0, index.raw.length, 0);
        in.varint();
        long chunks = in.varint();
        int at = (int) in.varint();
        int length = (int) in.varint();
        byte[] changed = FormatFuzz.mutate(unpacked(body, at, length, (int) in.varint()), random);
        byte[] stored = packed(changed);
        ByteSink out = new ByteSink(32);
        out.varint(1);
        out.varint(chunks);
        out.varint(append(stored));
        out.varint(stored.length);
        out.varint(random.nextInt(8) == 0 ? random.nextInt(1 << 29) : changed.length);
        out.u32(FormatFuzz.crc(stored, 0, stored.length));
        index.raw = out.toByteArray();
        index.rawLength = index.raw.length;
    }

    byte[] encode() {
        ByteSink out = new ByteSink(body.length * 2);
        ByteSink table = new ByteSink(256);
        out.bytes(body, 0, body.length);
        for (Section s : sections) {
            byte[] stored = packed(s.raw);
            table.u16(s.type);
            table.u16(1);
            table.i64(out.size());
            table.u32(stored.length);
            table.u32(s.rawLength);
            table.u32(FormatFuzz.crc(stored, 0, stored.length));
            out.bytes(stored, 0, stored.length);
        }
        int tableAt = out.size();
        int tableLength = table.size();
        table.i64(tableAt);
        table.u32(tableLength);
        table.u32(FormatFuzz.crc(table.array(), 0, table.size()));
        table.u32(1);
        table.i64(0x474553444c414b53L);
        out.bytes(table.array(), 0, table.size());
        return out.toByteArray();
    }

    /** Where the part begins that a reader takes at once: at the first section that is neither counters nor names. */
    long tailOffset() {
        long at = body.length;
        for (Section s : sections) {
            if (s.type != COUNTERS && s.type != NAMES) {
                break;
            }
            at += packed(s.raw).length;
        }
        return at;
    }
}
