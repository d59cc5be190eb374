/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.bench.load;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Writes a body of Loki's push API: protobuf in snappy's framing of literals, which costs the client next to nothing. Confined to one thread. */
final class PushBody {
    private static final int MAX_LITERAL = 1 << 16;

    private final ByteArrayOutputStream request = new ByteArrayOutputStream();
    private final ByteArrayOutputStream stream = new ByteArrayOutputStream();
    private final ByteArrayOutputStream entry = new ByteArrayOutputStream();
    private final ByteArrayOutputStream time = new ByteArrayOutputStream();

    /** Begins a stream. */
    void begin(String labels) {
        stream.reset();
        bytes(stream, 1, labels.getBytes(StandardCharsets.UTF_8));
    }

    void entry(long nanos, byte[] line) {
        time.reset();
        varint(time, 1 << 3);
        varint(time, Math.floorDiv(nanos, 1_000_000_000L));
        varint(time, 2 << 3);
        varint(time, Math.floorMod(nanos, 1_000_000_000L));
        entry.reset();
        bytes(entry, 1, time.toByteArray());
        bytes(entry, 2, line);
        bytes(stream, 2, entry.toByteArray());
    }

    /** Ends a stream. */
    void end() {
        bytes(request, 1, stream.toByteArray());
    }

    /** The body; the writer is empty afterwards. */
    byte[] finish() {
        byte[] raw = request.toByteArray();
        request.reset();
        ByteArrayOutputStream out = new ByteArrayOutputStream(raw.length + raw.length / 1000 + 64);
        varint(out, raw.length);
        for (int at = 0; at < raw.length; at += MAX_LITERAL) {
            int n = Math.min(MAX_LITERAL, raw.length - at);
            out.write(61 << 2);
            out.write(n - 1);
            out.write((n - 1) >>> 8);
            out.write(raw, at, n);
        }
        return out.toByteArray();
    }

    private static void bytes(ByteArrayOutputStream out, int field, byte[] value) {
        varint(out, (long) field << 3 | 2);
        varint(out, value.length);
        out.write(value, 0, value.length);
    }

    private static void varint(ByteArrayOutputStream out, long v) {
        long rest = v;
        while ((rest & ~0x7fL) != 0) {
            out.write((int) (rest & 0x7f | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
    }
}
