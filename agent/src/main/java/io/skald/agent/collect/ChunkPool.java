/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.collect;

import java.util.concurrent.ArrayBlockingQueue;

/** Buffers that files are read into; the lines of a batch are slices of them. Thread-safe. */
public final class ChunkPool {
    /** Bytes of a buffer. */
    public static final int CHUNK_BYTES = 256 * 1024;

    private static final int POOLED = 40;

    private final ArrayBlockingQueue<byte[]> free = new ArrayBlockingQueue<>(POOLED);

    /** A buffer with at least so many bytes. */
    public byte[] take(int bytes) {
        // a small one is not worth to be kept, and would keep a large one from others
        if (bytes > CHUNK_BYTES || bytes <= CHUNK_BYTES / 8) {
            return new byte[bytes];
        }
        byte[] b = free.poll();
        return b == null ? new byte[CHUNK_BYTES] : b;
    }

    /** Takes a buffer back that nobody looks at any more. */
    public void give(byte[] b) {
        if (b.length == CHUNK_BYTES && !free.offer(b)) {
            return; // one too many: the collector of garbage takes it
        }
    }
}
