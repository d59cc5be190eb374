/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.wire;

import java.util.concurrent.ArrayBlockingQueue;

/**
 * Arrays of the size of usual pushes, used again: each would be a large object that the collector has to clear, place and free some
 * thousand times a minute. Thread-safe; keeps at most 32 MiB.
 */
public final class ByteArrays {
    private static final int SIZE = 2 << 20;
    private static final int LEAST = 64 << 10;
    private static final ArrayBlockingQueue<byte[]> FREE = new ArrayBlockingQueue<>(16);

    private ByteArrays() {}

    /** An array of at least this length, with anything in it. */
    public static byte[] take(int length) {
        if (length > SIZE || length < LEAST) {
            return new byte[length];
        }
        byte[] b = FREE.poll();
        return b != null ? b : new byte[SIZE];
    }

    /** Gives an array back that nobody uses any more. */
    public static void release(byte[] b) {
        if (b.length == SIZE) {
            // when there are enough, the collector takes it
            FREE.offer(b);
        }
    }
}
