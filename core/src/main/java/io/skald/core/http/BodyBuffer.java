/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.http;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/** A request body as it arrives, counted against what all bodies may take. Owned by the event loop, then by the request's thread. */
final class BodyBuffer {
    private static final int FIRST = 16 * 1024;
    /** How many times what has arrived a declared length may be, to be believed: most bodies then are copied once. */
    private static final int BELIEVED = 8;

    private final HttpServer server;
    private byte[] bytes = new byte[0];
    private int length;
    private long reserved;
    private long expected = -1;

    BodyBuffer(HttpServer server) {
        this.server = server;
    }

    /** Tells the length that was declared, -1 if none was. */
    void expect(long declaredLength) {
        expected = declaredLength;
    }

    int length() {
        return length;
    }

    /** Adds bytes; returns false, and adds none, if all bodies together would be too large. */
    boolean append(ByteBuf more) {
        int n = more.readableBytes();
        if (n == 0) {
            return true;
        }
        // what a declared length was believed for is reserved already
        long needed = (long) length + n;
        if (needed > reserved) {
            if (!server.reserveBody(needed - reserved)) {
                return false;
            }
            reserved = needed;
        }
        if (length + n > bytes.length) {
            bytes = Arrays.copyOf(bytes, sizeFor(length + n));
        }
        more.readBytes(bytes, length, n);
        length += n;
        return true;
    }

    private int sizeFor(int needed) {
        // a declared length is believed only as far as bytes have arrived: memory grows with what was sent
        if (expected >= needed
                && expected <= (long) BELIEVED * needed
                && (expected <= reserved || server.reserveBody(expected - reserved))) {
            reserved = Math.max(reserved, expected);
            return (int) expected;
        }
        return Math.max(needed, Math.max(FIRST, bytes.length * 2));
    }

    byte[] toArray() {
        return length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
    }

    /** Gives back what was reserved; further calls do nothing. */
    void release() {
        server.releaseBody(reserved);
        reserved = 0;
        bytes = new byte[0];
        length = 0;
    }
}
