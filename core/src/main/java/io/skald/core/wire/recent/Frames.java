/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.wire.recent;

import io.skald.core.block.ByteSink;
import io.skald.core.block.ByteSource;
import io.skald.core.block.Checksum;
import io.skald.core.block.Zstandard;
import io.skald.core.model.StoreException.CorruptData;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/** Writes and reads frames; see {@link RecentFormat}. */
public final class Frames {
    private Frames() {}

    /** A frame as bytes, header included. */
    public static byte[] encode(ByteSink raw) {
        ByteSink out = new ByteSink(raw.size() / 3 + 64);
        out.u32(0);
        out.u32(raw.size());
        out.u32(0);
        out.u8(RecentFormat.VERSION);
        Zstandard.compress(raw.array(), 0, raw.size(), RecentFormat.ZSTD_LEVEL, out);
        int stored = out.size() - RecentFormat.HEADER_LENGTH;
        out.setU32(0, stored);
        out.setU32(8, Checksum.of(out.array(), RecentFormat.HEADER_LENGTH, stored));
        return out.toByteArray();
    }

    /** Writes a frame. */
    public static void write(OutputStream out, ByteSink raw) throws IOException {
        out.write(encode(raw));
    }

    /**
     * Reads a frame.
     *
     * @param from what is read, for messages
     * @return null at the end
     * @throws EOFException if the bytes end within a frame
     * @throws CorruptData if it is none
     */
    public static @Nullable ByteSource read(InputStream in, String from) throws IOException, CorruptData {
        byte[] header = in.readNBytes(RecentFormat.HEADER_LENGTH);
        if (header.length == 0) {
            return null;
        }
        if (header.length < RecentFormat.HEADER_LENGTH) {
            throw new EOFException(from + " ends within a frame");
        }
        ByteSource h = new ByteSource(from, header, 0, header.length, 0);
        int stored = h.u32();
        int raw = h.u32();
        int crc = h.u32();
        if (stored < 2 || stored > RecentFormat.MAX_RAW || raw < 0 || raw > RecentFormat.MAX_RAW) {
            throw h.corrupt("frame of " + stored + " bytes, " + raw + " raw");
        }
        byte[] body = in.readNBytes(stored);
        if (body.length < stored) {
            throw new EOFException(from + " ends within a frame");
        }
        return decode(body, raw, crc, from);
    }

    private static ByteSource decode(byte[] body, int raw, int expected, String from) throws CorruptData {
        if (Checksum.of(body) != expected) {
            throw new CorruptData(from + ": wrong checksum of a frame at offset 0");
        }
        if (body[0] != RecentFormat.VERSION) {
            throw new CorruptData(from + ": version " + body[0] + " at offset 0, known is " + RecentFormat.VERSION);
        }
        byte[] bytes = Zstandard.decompress(body, 1, body.length - 1, raw, from, 0);
        return new ByteSource(from, bytes, 0, raw, 0);
    }
}
