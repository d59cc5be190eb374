/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.block;

import io.skald.core.model.StoreException.CorruptData;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads what {@link ByteSink} wrote from bytes that may be anything: every read is checked against the end, and a failure names the object
 * and the offset in it. Confined to one thread.
 */
public final class ByteSource {
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /** The bit of each byte that says that another one follows. */
    private static final long CONTINUED = 0x8080808080808080L;

    private final String object;
    private final byte[] bytes;
    private final int start;
    private final int end;
    private final long base;
    private int at;

    /**
     * @param object what the bytes are, for messages
     * @param base offset of the first byte within the object, for messages
     */
    public ByteSource(String object, byte[] bytes, int offset, int length, long base) {
        if (offset < 0 || length < 0 || length > bytes.length - offset) {
            throw new IndexOutOfBoundsException(offset + "+" + length + " of " + bytes.length);
        }
        this.object = object;
        this.bytes = bytes;
        this.start = offset;
        this.end = offset + length;
        this.base = base;
        this.at = offset;
    }

    /** The array behind it, not to be changed; {@link #position} counts from where the source begins in it. */
    public byte[] array() {
        return bytes;
    }

    /** Bytes read so far. */
    public int position() {
        return at - start;
    }

    public int remaining() {
        return end - at;
    }

    /** The failure to throw for what was just read. */
    public CorruptData corrupt(String what) {
        return new CorruptData(object + ": " + what + " at offset " + (base + position()));
    }

    private void need(int n) throws CorruptData {
        if (n > end - at) {
            throw corrupt("ends " + (n - (end - at)) + " bytes early");
        }
    }

    public int u8() throws CorruptData {
        need(1);
        return bytes[at++] & 0xff;
    }

    public int u16() throws CorruptData {
        need(2);
        int v = (short) SHORT.get(bytes, at) & 0xffff;
        at += 2;
        return v;
    }

    /** Four bytes as they are; a value ≥ 2³¹ comes out negative. */
    public int u32() throws CorruptData {
        need(4);
        int v = (int) INT.get(bytes, at);
        at += 4;
        return v;
    }

    public long i64() throws CorruptData {
        need(8);
        long v = (long) LONG.get(bytes, at);
        at += 8;
        return v;
    }

    public long varint() throws CorruptData {
        int i = at;
        if (end - i >= 8) {
            byte first = bytes[i];
            if (first >= 0) {
                at = i + 1;
                return first;
            }
            // of two to eight bytes without a branch for each length, which none could foresee
            long v = (long) LONG.get(bytes, i);
            long last = ~v & CONTINUED;
            if (last != 0) {
                int bits = Long.numberOfTrailingZeros(last);
                at = i + 1 + (bits >>> 3);
                return sevenths(v & (1L << bits) - 1);
            }
        }
        return longVarint();
    }

    /** Reads {@code n} varints into an array, from an index on. Faster than one by one, as most columns are nothing else. */
    public void varints(long[] out, int from, int n) throws CorruptData {
        int to = from + n;
        int i = from;
        int p = at;
        int wide = end - 8;
        while (i < to && p <= wide) {
            long v = (long) LONG.get(bytes, p);
            long last = ~v & CONTINUED;
            if (last == CONTINUED && i + 8 <= to) {
                // eight of one byte each
                for (int k = 0; k < 8; k++) {
                    out[i + k] = v & 0x7f;
                    v >>>= 8;
                }
                i += 8;
                p += 8;
                continue;
            }
            if (last == 0) {
                break;
            }
            int bits = Long.numberOfTrailingZeros(last);
            out[i++] = sevenths(v & (1L << bits) - 1);
            p += 1 + (bits >>> 3);
        }
        at = p;
        while (i < to) {
            out[i++] = varint();
        }
    }

    /**
     * Reads varints until the array is full or the source at its end.
     *
     * @return how many; 0 only at the end
     */
    public int someVarints(long[] out) throws CorruptData {
        int n = 0;
        while (n < out.length && at < end) {
            // so many there are at least, were they of the greatest length
            int sure = Math.min(out.length - n, (end - at + 9) / 10);
            varints(out, n, sure);
            n += sure;
        }
        return n;
    }

    /** The number that the lower seven bits of each byte make. */
    private static long sevenths(long v) {
        long pairs = v & 0x007f007f007f007fL | (v & 0x7f007f007f007f00L) >>> 1;
        long fours = pairs & 0x00003fff00003fffL | (pairs & 0x3fff00003fff0000L) >>> 2;
        return fours & 0x0fffffffL | (fours & 0x0fffffff00000000L) >>> 4;
    }

    /** The number that zigzag coding made another of. */
    public static long unzigzag(long v) {
        return (v >>> 1) ^ -(v & 1);
    }

    private long longVarint() throws CorruptData {
        long v = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (at == end) {
                throw corrupt("ends within a varint");
            }
            byte b = bytes[at++];
            v |= (b & 0x7fL) << shift;
            if (b >= 0) {
                if (shift == 63 && b > 1) {
                    throw corrupt("varint of more than 64 bits");
                }
                return v;
            }
        }
        throw corrupt("varint of more than 10 bytes");
    }

    public long zigzag() throws CorruptData {
        return unzigzag(varint());
    }

    /** A varint that must be in [0, max]. */
    public int count(String what, int max) throws CorruptData {
        long v = varint();
        if (v < 0 || v > max) {
            throw corrupt(what + " " + Long.toUnsignedString(v) + " exceeds " + max);
        }
        return (int) v;
    }

    /** A length-prefixed string of at most {@code maxBytes}. */
    public String string(String what, int maxBytes) throws CorruptData {
        int n = count(what + " length", Math.min(maxBytes, end - at));
        need(n);
        String s = new String(bytes, at, n, StandardCharsets.UTF_8);
        at += n;
        return s;
    }

    /** Reads {@code n} bytes. */
    public byte[] raw(int n) throws CorruptData {
        need(n);
        byte[] b = Arrays.copyOfRange(bytes, at, at + n);
        at += n;
        return b;
    }

    /** Length-prefixed bytes, at most {@code max}. */
    public byte[] bytes(String what, int max) throws CorruptData {
        int n = count(what + " length", Math.min(max, end - at));
        return raw(n);
    }

    public void skip(int n) throws CorruptData {
        if (n < 0) {
            throw corrupt("negative length " + n);
        }
        need(n);
        at += n;
    }

    /** Fails unless everything was read. */
    public void expectEnd() throws CorruptData {
        if (at != end) {
            throw corrupt((end - at) + " bytes too many");
        }
    }
}
