/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import org.jspecify.annotations.Nullable;

/** What one block after the other is decoded into. In use by one block at a time. */
final class BlockBuffers {
    private static final int MOST_STORED = 4 << 20;

    long @Nullable [] times;
    int @Nullable [] offsets;
    byte @Nullable [] lines;
    private byte @Nullable [] stored;

    /** Room for a block as it is stored; null if so much should not be kept, nor be made before it is known to be there. */
    byte @Nullable [] stored(int length) {
        if (length > MOST_STORED) {
            return null;
        }
        byte[] b = stored;
        if (b == null || b.length < length) {
            // neighbours are about as long
            b = new byte[length + length / 4];
            stored = b;
        }
        return b;
    }
}
