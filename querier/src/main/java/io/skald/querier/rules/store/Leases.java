/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.store;

import io.skald.core.model.StoreException;
import java.util.Collection;

/** Who evaluates which group. Thread-safe. */
public interface Leases {
    /** The leases of a process that owns its store: it evaluates everything. */
    Leases ALONE = new Leases() {
        @Override
        public void beat(Collection<GroupKey> groups) {}

        @Override
        public boolean holds(GroupKey group) {
            return true;
        }

        @Override
        public long beatNanos() {
            return Long.MAX_VALUE;
        }

        @Override
        public void release() {}
    };

    /** Says that this evaluator is alive, and takes what nobody else does. To be called every {@link #beatNanos()}. */
    void beat(Collection<GroupKey> groups) throws StoreException;

    /** Whether this process, and no other, may evaluate the group now. */
    boolean holds(GroupKey group);

    /** How often to beat, nanoseconds. */
    long beatNanos();

    /** Leaves everything to others at once. */
    void release() throws StoreException;
}
