/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Reads protobuf's wire format from bytes that may be anything: a message is a range of the bytes, and nothing is copied or allocated but
 * what is asked for. Every read is held against the end of the message. Confined to one thread.
 */
final class ProtoReader {
    static final int VARINT = 0;
    static final int FIXED64 = 1;
    static final int BYTES = 2;
    static final int FIXED32 = 5;
    private static final int START_GROUP = 3;
    private static final int END_GROUP = 4;
    private static final int MAX_GROUPS = 64;

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long HIGHS = 0x8080808080808080L;

    private final byte[] bytes;
    private int at;
    private int end;

    ProtoReader(byte[] bytes, int length) {
        this.bytes = bytes;
        this.end = length;
    }

    private static RequestException cut() {
        return new RequestException(ErrorCode.BAD_REQUEST, "unexpected EOF");
    }

    static RequestException bad(String what) {
        return new RequestException(ErrorCode.BAD_REQUEST, "proto: " + what);
    }

    int position() {
        return at;
    }

    /** Bytes to the end of the message. */
    int remaining() {
        return end - at;
    }

    /** The field number and wire type of the next field, as {@code number << 3 | type}; 0 at the end of the message. */
    int tag() {
        if (at == end) {
            return 0;
        }
        // fields 1 to 15 take one byte, and no others are common
        int b = bytes[at];
        if (b >= 1 << 3) {
            at++;
            return b;
        }
        return longTag();
    }

    private int longTag() {
        long tag = varint();
        if (tag >>> 3 == 0 || tag >>> 32 != 0) {
            throw bad("illegal tag " + tag);
        }
        return (int) tag;
    }

    long varint() {
        if (at < end && bytes[at] >= 0) {
            return bytes[at++];
        }
        return longVarint();
    }

    /** Up to eight bytes at once, where there are that many. */
    private long longVarint() {
        if (end - at < Long.BYTES) {
            return anyVarint();
        }
        long v = (long) LONG.get(bytes, at);
        long last = ~v & HIGHS;
        if (last == 0) {
            return anyVarint();
        }
        at += (Long.numberOfTrailingZeros(last) >>> 3) + 1;
        // what is up to the last byte, without the highest bits; then pairs of seven bits are joined, of 14, of 28
        v &= (last ^ last - 1) & ~HIGHS;
        v = v & 0x007f007f007f007fL | v >>> 1 & 0x3f803f803f803f80L;
        v = v & 0x00003fff00003fffL | v >>> 2 & 0x0fffc0000fffc000L;
        return v & 0x0fffffffL | v >>> 4 & 0x00fffffff0000000L;
    }

    private long anyVarint() {
        long v = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (at >= end) {
                throw cut();
            }
            byte b = bytes[at++];
            v |= (b & 0x7fL) << shift;
            if (b >= 0) {
                return v;
            }
        }
        throw bad("varint of more than 10 bytes");
    }

    long fixed64() {
        need(8);
        long v = 0;
        for (int i = 7; i >= 0; i--) {
            v = v << 8 | bytes[at + i] & 0xff;
        }
        at += 8;
        return v;
    }

    int fixed32() {
        need(4);
        int v = bytes[at] & 0xff | (bytes[at + 1] & 0xff) << 8 | (bytes[at + 2] & 0xff) << 16 | bytes[at + 3] << 24;
        at += 4;
        return v;
    }

    private void need(int n) {
        if (end - at < n) {
            throw cut();
        }
    }

    /** The length of a string, of bytes or of a message, which are all there. */
    int length() {
        int i = at;
        // of two bytes, as most lines have one
        if (end - i >= 2 && bytes[i] < 0 && bytes[i + 1] >= 0) {
            int n = bytes[i] & 0x7f | bytes[i + 1] << 7;
            if (n > end - i - 2) {
                throw cut();
            }
            at = i + 2;
            return n;
        }
        long n = varint();
        if (n < 0 || n > end - at) {
            throw cut();
        }
        return (int) n;
    }

    /** Enters the message that comes next; returns what {@link #leave} needs. */
    int enter() {
        int n = length();
        int outer = end;
        end = at + n;
        return outer;
    }

    /** Ends a message, all of which was read. */
    void leave(int outer) {
        if (at != end) {
            throw new IllegalStateException("left a message with " + (end - at) + " bytes unread");
        }
        end = outer;
    }

    void advance(int n) {
        at += n;
    }

    String string() {
        int n = length();
        String s = new String(bytes, at, n, StandardCharsets.UTF_8);
        at += n;
        return s;
    }

    byte[] byteArray() {
        int n = length();
        byte[] b = java.util.Arrays.copyOfRange(bytes, at, at + n);
        at += n;
        return b;
    }

    /** Passes over the value of a field that nobody wants. */
    void skip(int tag) {
        skip(tag, 0);
    }

    private void skip(int tag, int depth) {
        switch (tag & 7) {
            case VARINT -> varint();
            case FIXED64 -> {
                need(8);
                at += 8;
            }
            case BYTES -> {
                // not in one statement: reading the length moves on, too
                int n = length();
                at += n;
            }
            case FIXED32 -> {
                need(4);
                at += 4;
            }
            case START_GROUP -> {
                if (depth == MAX_GROUPS) {
                    throw bad("groups nested deeper than " + MAX_GROUPS);
                }
                for (int inner = tag(); inner != (tag >>> 3 << 3 | END_GROUP); inner = tag()) {
                    if (inner == 0) {
                        throw cut();
                    }
                    skip(inner, depth + 1);
                }
            }
            default -> throw bad("illegal wireType " + (tag & 7));
        }
    }
}
