/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.collect;

import java.util.concurrent.ArrayBlockingQueue;

/** Buffers that files are read into; the lines of a batch are slices of them. Thread-safe. */
public final class ChunkPool {
    /** Bytes of a large buffer. */
    public static final int CHUNK_BYTES = 256 * 1024;

    /** What is read of a file that somebody writes to right now is much less, and there are many of these. */
    private static final int SMALL_CHUNK_BYTES = 64 * 1024;

    private static final int MIN_BYTES = 32 * 1024;
    /** Two batches and what is being read. */
    private static final int LARGE = 40;

    private static final int SMALL = 64;

    private final ArrayBlockingQueue<byte[]> large = new ArrayBlockingQueue<>(LARGE);
    private final ArrayBlockingQueue<byte[]> small = new ArrayBlockingQueue<>(SMALL);

    /** A buffer with at least so many bytes. */
    public byte[] take(int bytes) {
        // a small one is not worth to be kept, and would keep a large one from others
        if (!isKept(bytes)) {
            return new byte[bytes];
        }
        boolean isSmall = bytes <= SMALL_CHUNK_BYTES;
        byte[] b = (isSmall ? small : large).poll();
        return b == null ? new byte[isSmall ? SMALL_CHUNK_BYTES : CHUNK_BYTES] : b;
    }

    /** Whether a buffer of so many bytes may be used again. */
    static boolean isKept(int bytes) {
        return bytes > MIN_BYTES && bytes <= CHUNK_BYTES;
    }

    /** Takes a buffer back that nobody looks at any more. */
    public void give(byte[] b) {
        if (b.length == CHUNK_BYTES && !large.offer(b) || b.length == SMALL_CHUNK_BYTES && !small.offer(b)) {
            return; // one too many: the collector of garbage takes it
        }
    }
}
