/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.compact;

/** Slows a compaction down where something else matters more. */
public interface Pace {
    /** As fast as it goes. */
    Pace UNLIMITED = (workedNanos, lineBytes) -> {};

    /**
     * Called after each piece of work; may wait.
     *
     * @param workedNanos how long the piece took
     * @param lineBytes bytes of lines that it rewrote
     * @throws InterruptedException if the compaction is to stop
     */
    void worked(long workedNanos, long lineBytes) throws InterruptedException;
}
