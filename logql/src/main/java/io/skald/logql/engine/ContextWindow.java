/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import io.skald.core.model.Labels;
import io.skald.core.scan.EntryCursor;

/**
 * The last entries of a stream that nobody wanted so far, oldest first in the direction of reading, for the case that one behind them is
 * wanted. Holds a bounded number, reuses their buffers. Confined to one thread at a time.
 */
final class ContextWindow {
    private static final int FIRST_BYTES = 256;

    /** An entry, copied. */
    static final class Kept {
        long timestampNanos;
        byte[] line = new byte[FIRST_BYTES];
        int length;
        Labels metadata = Labels.EMPTY;
        long sequence;
    }

    private final Kept[] ring;
    private int first;
    private int size;

    /** @param capacity entries held, ≥ 0; beyond it the oldest goes */
    ContextWindow(int capacity) {
        ring = new Kept[capacity];
    }

    boolean isEmpty() {
        return size == 0;
    }

    int size() {
        return size;
    }

    /** The i-th oldest. */
    Kept get(int i) {
        return ring[(first + i) % ring.length];
    }

    void clear() {
        size = 0;
    }

    void add(EntryCursor c, long sequence) {
        if (ring.length == 0) {
            return;
        }
        if (size == ring.length) {
            first = (first + 1) % ring.length;
            size--;
        }
        int at = (first + size) % ring.length;
        if (ring[at] == null) {
            ring[at] = new Kept();
        }
        Kept k = ring[at];
        if (k.line.length < c.length()) {
            k.line = new byte[Math.max(c.length(), 2 * k.line.length)];
        }
        System.arraycopy(c.buffer(), c.offset(), k.line, 0, c.length());
        k.timestampNanos = c.timestampNanos();
        k.length = c.length();
        k.metadata = c.metadata();
        k.sequence = sequence;
        size++;
    }
}
