/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import java.util.Iterator;
import java.util.LinkedHashMap;

/** Bounds what all queries together have read ahead; the least recently used goes first. Thread-safe. */
final class ReadWindows {
    private final long maxBytes;
    private final LinkedHashMap<ReadAhead.Window, Boolean> held = new LinkedHashMap<>(64, 0.75f, true);
    private long bytes;

    ReadWindows(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    long maxBytes() {
        return maxBytes;
    }

    /** Keeps a window, for the longest time from now on. */
    synchronized void used(ReadAhead.Window w) {
        if (w.bytes == null) {
            return;
        }
        if (held.put(w, true) == null) {
            bytes += w.length;
        }
        Iterator<ReadAhead.Window> eldest = held.keySet().iterator();
        while (bytes > maxBytes && eldest.hasNext()) {
            ReadAhead.Window e = eldest.next();
            if (e != w) {
                drop(e);
                eldest.remove();
            }
        }
    }

    private void drop(ReadAhead.Window w) {
        w.bytes = null;
        bytes -= w.length;
    }
}
