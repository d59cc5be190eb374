/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.flush;

import java.time.Duration;

/** Is told what a flush does, for metrics and tests. Calls must not block. */
public interface FlushEvents {
    /** A step was reached. An exception thrown here ends the flush as a crash would. */
    void reached(FlushStep step);

    /**
     * All that was acknowledged before the cut is stored.
     *
     * @param walBytes bytes of WAL records below the cut
     */
    void flushed(Flushed what, long walBytes);

    /** An attempt failed; it is repeated after a while. */
    void failed(Exception cause, Duration nextAttemptIn);

    /** Entries that the WAL does not give back intact, and that are therefore not stored. */
    void corrupt();
}
