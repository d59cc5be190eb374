/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import io.skald.core.model.EntryBatch;
import io.skald.core.wire.ByteArrays;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A growing array of bytes with the integers of the WAL's payloads. Confined to one thread. */
final class PayloadWriter {
    private byte[] bytes;
    private int size;

    PayloadWriter(int capacity) {
        bytes = ByteArrays.take(Math.max(64, capacity));
    }

    int size() {
        return size;
    }

    /** The array behind; only the first {@link #size} bytes count. */
    byte[] array() {
        return bytes;
    }

    private void room(int n) {
        if (bytes.length - size < n) {
            grow(n);
        }
    }

    private void grow(int n) {
        bytes = Arrays.copyOf(bytes, Math.max(size + n, Math.min(bytes.length * 2, Integer.MAX_VALUE - 16)));
    }

    void i32(int v) {
        room(4);
        size += 4;
        putI32(size - 4, v);
    }

    void putI32(int at, int v) {
        bytes[at] = (byte) (v >>> 24);
        bytes[at + 1] = (byte) (v >>> 16);
        bytes[at + 2] = (byte) (v >>> 8);
        bytes[at + 3] = (byte) v;
    }

    void i64(long v) {
        i32((int) (v >>> 32));
        i32((int) v);
    }

    void varint(long v) {
        room(10);
        long rest = v;
        while ((rest & ~0x7fL) != 0) {
            bytes[size++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        bytes[size++] = (byte) rest;
    }

    void zigzag(long v) {
        varint(v << 1 ^ v >> 63);
    }

    /**
     * What the times of entries are.
     *
     * @param increasing whether each time is greater than the one before
     */
    record Times(long min, long max, boolean increasing) {}

    /** The times of entries, each as its difference to the one before. A loop of its own, as it is where pushes spend their time. */
    Times times(EntryBatch b, int from, int to) {
        room(Math.multiplyExact(10, to - from));
        byte[] into = bytes;
        int at = size;
        long last = 0;
        long min = Long.MAX_VALUE;
        long max = Long.MIN_VALUE;
        boolean increasing = true;
        for (int i = from; i < to; i++) {
            long t = b.timestampNanos(i);
            at = varint(into, at, (t - last) << 1 ^ (t - last) >> 63);
            increasing &= t > last || i == from;
            last = t;
            min = Math.min(min, t);
            max = Math.max(max, t);
        }
        size = at;
        return new Times(min, max, increasing);
    }

    /** The lengths of entries. */
    void lengths(EntryBatch b, int from, int to) {
        room(Math.multiplyExact(10, to - from));
        byte[] into = bytes;
        int at = size;
        for (int i = from; i < to; i++) {
            at = varint(into, at, b.length(i));
        }
        size = at;
    }

    /** Values one after the other. */
    void varints(int[] values) {
        room(Math.multiplyExact(10, values.length));
        byte[] into = bytes;
        int at = size;
        for (int v : values) {
            at = varint(into, at, v);
        }
        size = at;
    }

    private static int varint(byte[] into, int begin, long v) {
        int at = begin;
        long rest = v;
        while ((rest & ~0x7fL) != 0) {
            into[at++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        into[at++] = (byte) rest;
        return at;
    }

    /** The lines of entries. */
    void lines(EntryBatch b, int from, int to) {
        for (int i = from; i < to; i++) {
            bytes(b.buffer(i), b.offset(i), b.length(i));
        }
    }

    void string(String s) {
        int n = s.length();
        room(10 + n);
        int start = size;
        varint(n);
        int at = size;
        for (int i = 0; i < n; i++) {
            char c = s.charAt(i);
            if (c >= 0x80) {
                size = start;
                anyString(s);
                return;
            }
            bytes[at + i] = (byte) c;
        }
        size = at + n;
    }

    private void anyString(String s) {
        byte[] b = s.getBytes(StandardCharsets.UTF_8);
        varint(b.length);
        bytes(b, 0, b.length);
    }

    void bytes(byte[] from, int offset, int length) {
        room(length);
        System.arraycopy(from, offset, bytes, size, length);
        size += length;
    }
}
