/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.store;

import io.skald.core.model.StoreException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/** Who evaluates which group. Thread-safe. */
public interface Leases {
    /** The leases of a process that owns its store: it evaluates everything. */
    Leases ALONE = new Leases() {
        @Override
        public void beat(Set<GroupKey> groups, Duration shortestInterval, Predicate<GroupKey> busy) {}

        @Override
        public boolean holds(GroupKey group) {
            return true;
        }

        @Override
        public boolean mayBegin(GroupKey group) {
            return true;
        }

        @Override
        public long beatNanos() {
            return Long.MAX_VALUE;
        }

        @Override
        public List<String> others() {
            return List.of();
        }

        @Override
        public void release() {}
    };

    /**
     * Says that this evaluator is alive, and takes what nobody else does. To be called every {@link #beatNanos()}, and when the groups
     * changed.
     *
     * @param groups all that are in force
     * @param shortestInterval of those groups: the lease is so short that another takes over within it
     * @param busy whether a group is being evaluated here now; such a group is not given up
     */
    void beat(Set<GroupKey> groups, Duration shortestInterval, Predicate<GroupKey> busy) throws StoreException;

    /** Whether the group is this process's and no other's now: what it began to evaluate it may tell. */
    boolean holds(GroupKey group);

    /** Whether this process may begin to evaluate the group: it holds it and is not about to give it up. */
    boolean mayBegin(GroupKey group);

    /** How often to beat, nanoseconds. */
    long beatNanos();

    /** Where the other evaluators are that were alive at the last beat: base URLs. */
    List<String> others();

    /** Leaves everything to others at once. */
    void release() throws StoreException;
}
