/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.scan;

import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;

/**
 * The entries of a cursor that are kept.
 *
 * @param keep is asked once for each entry, in order
 */
public record FilteredCursor(EntryCursor inner, EntryFilter.Entries keep) implements EntryCursor {
    @Override
    public boolean next() throws StoreException {
        while (inner.next()) {
            if (keep.match(inner)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public long timestampNanos() {
        return inner.timestampNanos();
    }

    @Override
    public byte[] buffer() {
        return inner.buffer();
    }

    @Override
    public int offset() {
        return inner.offset();
    }

    @Override
    public int length() {
        return inner.length();
    }

    @Override
    public Labels metadata() {
        return inner.metadata();
    }

    @Override
    public void close() {
        inner.close();
    }
}
