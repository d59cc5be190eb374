/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.backup;

/** Is told how far something is. May be called by several threads, one at a time. */
public interface Progress {
    /** @param what was done with the objects, a word like "copied" */
    void at(String what, long objects, long allObjects, long bytes, long allBytes);

    /** Counts what is done. Thread-safe. */
    final class Count {
        private final Progress progress;
        private final String what;
        private final long allObjects;
        private final long allBytes;
        private long objects;
        private long bytes;

        Count(Progress progress, String what, long allObjects, long allBytes) {
            this.progress = progress;
            this.what = what;
            this.allObjects = allObjects;
            this.allBytes = allBytes;
        }

        synchronized void done(long size) {
            objects++;
            bytes += size;
            progress.at(what, objects, allObjects, bytes, allBytes);
        }
    }
}
