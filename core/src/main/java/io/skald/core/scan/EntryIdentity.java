/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.scan;

import io.skald.core.model.Labels;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What makes two entries of one stream and one time the same: the line and the metadata that was pushed. What an ingester finds out and adds
 * ({@link #DETECTED_LEVEL}) is left out. Immutable as long as the line's buffer is; a key for hash sets.
 */
public final class EntryIdentity {
    /** The metadata label that ingesters add. */
    public static final String DETECTED_LEVEL = "detected_level";

    private final byte[] buffer;
    private final int offset;
    private final int length;
    private final Labels metadata;
    private final int hash;

    /** Keeps the buffer, does not copy it. */
    public EntryIdentity(byte[] buffer, int offset, int length, Labels metadata) {
        this.buffer = buffer;
        this.offset = offset;
        this.length = length;
        this.metadata = pushed(metadata);
        int h = 1;
        for (int i = offset; i < offset + length; i++) {
            h = 31 * h + buffer[i];
        }
        this.hash = h * 31 + this.metadata.hashCode();
    }

    /** The metadata without what ingesters add. */
    public static Labels pushed(Labels metadata) {
        return metadata.has(DETECTED_LEVEL)
                ? metadata.toBuilder().remove(DETECTED_LEVEL).build()
                : metadata;
    }

    @Override
    public boolean equals(@Nullable Object o) {
        return o instanceof EntryIdentity e
                && hash == e.hash
                && Arrays.equals(buffer, offset, offset + length, e.buffer, e.offset, e.offset + e.length)
                && metadata.equals(e.metadata);
    }

    @Override
    public int hashCode() {
        return hash;
    }
}
