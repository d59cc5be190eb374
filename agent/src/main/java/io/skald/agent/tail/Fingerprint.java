/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.tail;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** What a file begins with, so that another content under the same inode is noticed. Confined to the tail thread. */
final class Fingerprint {
    static final int MAX_BYTES = 1024;

    /** For a moment only: there are as many fingerprints as files. */
    private static final ThreadLocal<byte[]> BUFFER = ThreadLocal.withInitial(() -> new byte[MAX_BYTES]);

    private long hash;
    private int length;

    Fingerprint(long hash, int length) {
        this.hash = hash;
        this.length = length;
    }

    /** Hash of the first {@link #length} bytes. */
    long hash() {
        return hash;
    }

    /** How many bytes it covers. */
    int length() {
        return length;
    }

    void forget() {
        hash = 0;
        length = 0;
    }

    /** Whether the file still begins as it did. */
    boolean matches(Input input) throws IOException {
        byte[] buffer = BUFFER.get();
        return length == 0 || input.readFully(buffer, 0, length) == length && of(buffer, length) == hash;
    }

    /** Covers more of the file, as far as it was read. */
    void extend(Input input, long readTo) throws IOException {
        int n = (int) Math.min(readTo, MAX_BYTES);
        byte[] buffer = BUFFER.get();
        if (n > length && input.readFully(buffer, 0, n) == n) {
            hash = of(buffer, n);
            length = n;
        }
    }

    /**
     * Covers what was read now. The bytes that were read count, not those that are in the file at this time: it may have been truncated since.
     *
     * @param at where in the file the bytes were read
     */
    void extend(Input input, long at, byte[] bytes, int count) throws IOException {
        int n = (int) Math.min(at + count, MAX_BYTES);
        if (n <= length) {
            return;
        }
        if (at > length) {
            extend(input, at + count);
        } else if (length == 0 || matches(input)) { // else it is another file now, as the next look will tell
            byte[] buffer = BUFFER.get(); // begins with what it covers already
            System.arraycopy(bytes, length - (int) at, buffer, length, n - length);
            hash = of(buffer, n);
            length = n;
        }
    }

    static long of(byte[] bytes, int length) {
        try {
            MessageDigest d = MessageDigest.getInstance("SHA-256");
            d.update(bytes, 0, length);
            return ByteBuffer.wrap(d.digest()).getLong();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
