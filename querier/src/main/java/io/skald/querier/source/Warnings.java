/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.source;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What an answer lacks, each thing once. Bounded: a broken disk would give one for every block. Thread-safe: guarded by itself. */
final class Warnings {
    /** Enough to see what is wrong. */
    private static final int MAX = 20;

    private final Set<String> messages = new LinkedHashSet<>();

    synchronized void add(String message) {
        if (messages.size() < MAX) {
            messages.add(message);
        }
    }

    synchronized List<String> list() {
        return List.copyOf(messages);
    }
}
