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

    /** Takes no more entries. Idempotent. */
    @Override
    void close();
}
