/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.wal;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Is told what happens to a WAL. Calls come from the WAL's own thread, one at a time, and must not block. */
public interface WalListener {
    /**
     * Records are durable and will be acknowledged when this returns.
     *
     * @param records in order of position
     * @param endPosition no record after these will have a smaller position
     */
    void durable(List<? extends PendingRecord> records, long endPosition);

    /** A group of records was written and synced. */
    void synced(long nanos, long bytes);

    /** A file failed to be written or synced, and is not used for new records any more. */
    void poisoned(WalFile file, Exception cause);

    /**
     * A file gets no more records: what a restart needs to know of it instead of reading it. Called from another thread than the other methods,
     * which go on meanwhile.
     *
     * @return what {@link Wal.Replay#directory} will get, null to have the file read
     */
    byte @Nullable [] directory(long number);

    /** A damaged file was renamed, and is not used any more. */
    void setAside(String path);
}
