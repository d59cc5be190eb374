/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.http;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/** A request body as it arrives, counted against what all bodies may take. Owned by the event loop, then by the request's thread. */
final class BodyBuffer {
    private static final int FIRST = 16 * 1024;

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
        if (!server.reserveBody(n)) {
            return false;
        }
        reserved += n;
        if (length + n > bytes.length) {
            // a declared length is believed only as far as bytes have arrived: memory grows with what was sent
            int size = Math.max(length + n, Math.max(FIRST, bytes.length * 2));
            if (expected >= length + n && expected < size) {
                size = (int) expected;
            }
            bytes = Arrays.copyOf(bytes, size);
        }
        more.readBytes(bytes, length, n);
        length += n;
        return true;
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
