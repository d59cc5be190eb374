/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import java.io.IOException;

/** A source of entries that is no file. */
public interface Source extends AutoCloseable {
    /** Begins to take entries; returns at once. */
    void start() throws IOException;

    /** What keeps it from working, or an empty text. */
    default String problem() {
        return "";
    }

    /** How it does. */
    SourceStatus status();

    /** Whether nothing more can come of it, and all that came is on disk. */
    default boolean ended() {
        return false;
    }

    /** Takes no more entries. Idempotent. */
    @Override
    void close();
}
