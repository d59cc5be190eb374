/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.tail;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** What the system tells of files in directories. Thread-safe; one thread waits. */
interface FileEvents extends AutoCloseable {
    /** Is told. */
    interface Listener {
        /** A file was written to, or has a name that is new. */
        void event(Path directory, String name, boolean created);

        /** Some events are lost. */
        void lost();
    }

    /**
     * Begins to tell of files in a directory.
     *
     * @return what stands for it
     * @throws NoSuchFileException if it is gone
     */
    Object watch(Path directory) throws IOException;

    /** Whether files in a directory are told of: it may be gone. */
    boolean isWatched(Object key);

    /** Ends telling of files in a directory. */
    void unwatch(Object key);

    /** Waits for events, or for nothing in particular; returns false when closed. */
    boolean await() throws InterruptedException;

    /** Tells of all events there are. Never waits. */
    void take(Listener to);

    /** Idempotent. Ends {@link #await}. */
    @Override
    void close();
}
