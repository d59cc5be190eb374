/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import io.skald.core.model.RequestException;
import io.skald.core.model.TenantId;
import java.nio.charset.StandardCharsets;

/** Reads the integers of the WAL's payloads. Every read is checked against the end. Confined to one thread. */
final class PayloadReader {
    private final byte[] bytes;
    private final int limit;
    private int at;

    PayloadReader(byte[] bytes, int at, int limit) {
        this.bytes = bytes;
        this.at = at;
        this.limit = limit;
    }

    int position() {
        return at;
    }

    void position(int p) {
        if (p < at || p > limit) {
            throw bad();
        }
        at = p;
    }

    private static IllegalArgumentException bad() {
        return new IllegalArgumentException("payload ends early or has an impossible number");
    }

    int i32() {
        if (limit - at < 4) {
            throw bad();
        }
        int v = (bytes[at] & 0xff) << 24
                | (bytes[at + 1] & 0xff) << 16
                | (bytes[at + 2] & 0xff) << 8
                | bytes[at + 3] & 0xff;
        at += 4;
        return v;
    }

    long i64() {
        return (long) i32() << 32 | i32() & 0xffffffffL;
    }

    long varint() {
        if (at < limit && bytes[at] >= 0) {
            return bytes[at++];
        }
        return longVarint();
    }

    private long longVarint() {
        long v = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (at >= limit) {
                throw bad();
            }
            byte b = bytes[at++];
            v |= (long) (b & 0x7f) << shift;
            if (b >= 0) {
                return v;
            }
        }
        throw bad();
    }

    long zigzag() {
        long v = varint();
        return v >>> 1 ^ -(v & 1);
    }

    /** Times as differences to the one before; returns whether none is less than the one before. */
    boolean times(long[] out) {
        boolean sorted = true;
        long last = out.length == 0 ? 0 : zigzag();
        if (out.length > 0) {
            out[0] = last;
        }
        for (int i = 1; i < out.length; i++) {
            long t = last + zigzag();
            sorted &= t >= last;
            out[i] = t;
            last = t;
        }
        return sorted;
    }

    /** So many lengths: where what they are the lengths of begins, from 0 on, and after the last where it ends. */
    int[] starts(int n) {
        int[] starts = new int[n + 1];
        int at = 0;
        for (int i = 0; i < n; ) {
            at += count(Integer.MAX_VALUE - at);
            starts[++i] = at;
        }
        return starts;
    }

    /** So many numbers of at most {@code max}. */
    int[] counts(int n, int max) {
        int[] counts = new int[n];
        for (int i = 0; i < n; i++) {
            counts[i] = count(max);
        }
        return counts;
    }

    /** A count or length of at most {@code max}. */
    int count(int max) {
        long v = varint();
        if (v < 0 || v > max) {
            throw bad();
        }
        return (int) v;
    }

    /** A length that the bytes left can hold. */
    int length() {
        int n = count(Integer.MAX_VALUE);
        if (n > limit - at) {
            throw bad();
        }
        return n;
    }

    TenantId tenant() {
        try {
            return new TenantId(string());
        } catch (RequestException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    String string() {
        int n = length();
        String s = new String(bytes, at, n, StandardCharsets.UTF_8);
        at += n;
        return s;
    }

    void skipString() {
        int n = length();
        at += n;
    }
}
