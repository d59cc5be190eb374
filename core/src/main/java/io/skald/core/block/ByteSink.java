/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.block;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A growing byte array that formats are written to; integers are little-endian. Reusable after {@link #reset}. Confined to one thread. */
public final class ByteSink {
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private byte[] bytes;
    private int size;

    public ByteSink(int capacity) {
        bytes = new byte[Math.max(16, capacity)];
    }

    /** The array behind this sink, valid until the next write; bytes [0, {@link #size}) are what was written. */
    public byte[] array() {
        return bytes;
    }

    public int size() {
        return size;
    }

    public void reset() {
        size = 0;
    }

    public byte[] toByteArray() {
        return Arrays.copyOf(bytes, size);
    }

    /** Makes room for {@code n} more bytes, to be filled in {@link #array()} and claimed by {@link #skip}. */
    public void ensure(int n) {
        int need = Math.addExact(size, n);
        if (need > bytes.length) {
            bytes = Arrays.copyOf(bytes, (int) Math.min(Integer.MAX_VALUE - 16, Math.max(need, bytes.length * 2L)));
        }
    }

    /** Claims bytes that were put into {@link #array()} after {@link #ensure}. */
    public void skip(int n) {
        size += n;
    }

    public void u8(int v) {
        ensure(1);
        bytes[size++] = (byte) v;
    }

    public void u16(int v) {
        ensure(2);
        SHORT.set(bytes, size, (short) v);
        size += 2;
    }

    public void u32(int v) {
        ensure(4);
        INT.set(bytes, size, v);
        size += 4;
    }

    public void i64(long v) {
        ensure(8);
        LONG.set(bytes, size, v);
        size += 8;
    }

    /** Overwrites two bytes written before. */
    public void setU16(int at, int v) {
        if (at < 0 || at + 2 > size) {
            throw new IndexOutOfBoundsException("at " + at + ", size " + size);
        }
        SHORT.set(bytes, at, (short) v);
    }

    /** Overwrites four bytes written before. */
    public void setU32(int at, int v) {
        if (at < 0 || at + 4 > size) {
            throw new IndexOutOfBoundsException("at " + at + ", size " + size);
        }
        INT.set(bytes, at, v);
    }

    /** Seven bits per byte, lowest first, high bit set on all but the last; the value is unsigned. 1 to 10 bytes. */
    public void varint(long v) {
        ensure(10);
        byte[] b = bytes;
        int i = size;
        long x = v;
        while ((x & ~0x7fL) != 0) {
            b[i++] = (byte) (x | 0x80);
            x >>>= 7;
        }
        b[i++] = (byte) x;
        size = i;
    }

    /** The first values of an array, each as a {@link #varint(long)}. */
    public void varints(int[] values, int n) {
        ensure(Math.multiplyExact(n, 10));
        byte[] b = bytes;
        int at = size;
        for (int i = 0; i < n; i++) {
            long x = values[i];
            while ((x & ~0x7fL) != 0) {
                b[at++] = (byte) (x | 0x80);
                x >>>= 7;
            }
            b[at++] = (byte) x;
        }
        size = at;
    }

    /** A signed value, small in either direction, as a varint. */
    public void zigzag(long v) {
        varint((v << 1) ^ (v >> 63));
    }

    public void bytes(byte[] src, int offset, int length) {
        ensure(length);
        System.arraycopy(src, offset, bytes, size, length);
        size += length;
    }

    /** Length as a varint, then UTF-8. */
    public void string(String s) {
        byte[] b = s.getBytes(StandardCharsets.UTF_8);
        varint(b.length);
        bytes(b, 0, b.length);
    }

    /** How many bytes {@link #varint} takes. */
    public static int varintLength(long v) {
        return Math.max(1, (70 - Long.numberOfLeadingZeros(v)) / 7);
    }
}
