/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.scan;

import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;

/**
 * Entries of one stream in order of time, one after the other. Entries at one time come in the order of their arrival when reading forward,
 * and in the reverse of that when reading backward. Equal entries (time, line, metadata) come once. Confined to one thread; the caller
 * closes it. What the accessors return is valid until the next call of {@link #next()} or {@link #close()}.
 */
public interface EntryCursor extends AutoCloseable {
    /**
     * Moves to the next entry.
     *
     * @return false when there is none
     */
    boolean next() throws StoreException;

    long timestampNanos();

    /** The array that holds the line; see {@link #offset()} and {@link #length()}. */
    byte[] buffer();

    /** Where the line begins in {@link #buffer()}. */
    int offset();

    /** Length of the line, bytes of UTF-8. */
    int length();

    /** The entry's structured metadata, what the ingester found out (such as {@code detected_level}) included. */
    Labels metadata();

    @Override
    void close();
}
