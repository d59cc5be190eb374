/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.store;

import io.skald.core.model.StoreException;
import io.skald.storage.IndexStore;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * Leases among processes over one store. Every evaluator has a record with a counter that it raises at every beat; another holds it for dead
 * when it has not seen the counter change for the time to live <em>by its own monotonic clock</em>, so no two clocks are compared. Each group
 * has a record that names its evaluator, which others replace by a conditional write once that one is dead. Among those alive a group is
 * preferred by the one with the highest hash of both names; who holds a group that another prefers gives it up. Thread-safe.
 *
 * <p>An evaluator that could not beat in time has lost everything: it goes on under a new name, as another evaluator would.
 */
public final class StoreLeases implements Leases {
    private static final int BEATS_PER_TTL = 4;

    private record Peer(String counter, long changedNanos) {}

    private final NamedRecords evaluators;
    private final NamedRecords owners;
    private final String name;
    private final long ttlNanos;
    private final LongSupplier monotonicNanos;
    private final Set<GroupKey> held = ConcurrentHashMap.newKeySet();
    // guarded by this
    private final Map<String, Peer> peers = new HashMap<>();
    private Set<String> aliveBefore = Set.of();
    private long incarnation;
    private long counter;
    private volatile long validUntil;
    private boolean began;

    /**
     * @param name of this evaluator, unlike that of all others over the store
     * @param timeToLive after how long without a sign of life another takes over; two beats and an evaluation must fit in an interval with it
     * @param monotonicNanos for instance {@link System#nanoTime}
     */
    public StoreLeases(IndexStore store, String name, Duration timeToLive, LongSupplier monotonicNanos) {
        this.evaluators = new NamedRecords(store, "rule-evaluators");
        this.owners = new NamedRecords(store, "rule-leases");
        this.name = name;
        this.ttlNanos = timeToLive.toNanos();
        this.monotonicNanos = monotonicNanos;
    }

    private String id() {
        return name + "#" + incarnation;
    }

    @Override
    public long beatNanos() {
        return ttlNanos / BEATS_PER_TTL;
    }

    @Override
    public boolean holds(GroupKey group) {
        return monotonicNanos.getAsLong() - validUntil < 0 && held.contains(group);
    }

    @Override
    public synchronized void beat(Collection<GroupKey> groups) throws StoreException {
        long now = monotonicNanos.getAsLong();
        if (began && now - validUntil >= 0) {
            held.clear();
            evaluators.put(id(), null);
            peers.remove(id());
            incarnation++;
        }
        if (!began) {
            // another process of this name may have lived before
            incarnation = System.currentTimeMillis();
        }
        evaluators.put(id(), Long.toString(++counter).getBytes(StandardCharsets.US_ASCII));
        // a little less than others grant, as clocks do not run alike
        validUntil = now + ttlNanos - ttlNanos / 10;
        began = true;
        Set<String> alive = alive();
        take(groups, alive);
        aliveBefore = alive;
    }

    private Set<String> alive() throws StoreException {
        long now = monotonicNanos.getAsLong();
        Set<String> alive = new HashSet<>();
        Map<String, byte[]> all = evaluators.all();
        for (Map.Entry<String, byte[]> e : all.entrySet()) {
            String count = new String(e.getValue(), StandardCharsets.US_ASCII);
            Peer before = peers.get(e.getKey());
            Peer peer = before != null && before.counter.equals(count) ? before : new Peer(count, now);
            peers.put(e.getKey(), peer);
            if (now - peer.changedNanos < ttlNanos || e.getKey().equals(id())) {
                alive.add(e.getKey());
            } else if (now - peer.changedNanos > 10 * ttlNanos) {
                evaluators.compareAndPut(e.getKey(), e.getValue(), null);
            }
        }
        peers.keySet().retainAll(all.keySet());
        return alive;
    }

    private void take(Collection<GroupKey> groups, Set<String> alive) throws StoreException {
        // while nothing changes among those alive, nobody but this one touches what it holds
        boolean calm = alive.equals(aliveBefore) && held.containsAll(groups);
        if (calm) {
            held.retainAll(new HashSet<>(groups));
            return;
        }
        Map<String, byte[]> present = owners.all();
        Map<String, GroupKey> wanted = new TreeMap<>();
        groups.forEach(g -> wanted.put(g.toString(), g));
        for (Map.Entry<String, GroupKey> e : wanted.entrySet()) {
            byte[] record = present.get(e.getKey());
            String owner = record == null ? "" : new String(record, StandardCharsets.UTF_8);
            boolean preferred = preferred(e.getKey(), alive).equals(id());
            if (owner.equals(id())) {
                if (preferred) {
                    held.add(e.getValue());
                } else {
                    held.remove(e.getValue());
                    owners.compareAndPut(e.getKey(), record, null);
                }
            } else if (preferred && !alive.contains(owner)) {
                if (owners.compareAndPut(e.getKey(), record, id().getBytes(StandardCharsets.UTF_8))) {
                    held.add(e.getValue());
                }
            } else {
                held.remove(e.getValue());
            }
        }
        held.retainAll(wanted.values());
    }

    private static String preferred(String group, Set<String> alive) {
        String best = "";
        long most = Long.MIN_VALUE;
        for (String id : alive) {
            long h = NamedRecords.hash(group + "\n" + id);
            if (best.isEmpty() || h > most) {
                best = id;
                most = h;
            }
        }
        return best;
    }

    @Override
    public synchronized void release() throws StoreException {
        List<GroupKey> mine = new ArrayList<>(held);
        held.clear();
        byte[] me = id().getBytes(StandardCharsets.UTF_8);
        for (GroupKey g : mine) {
            owners.compareAndPut(g.toString(), me, null);
        }
        evaluators.put(id(), null);
        began = false;
    }
}
