/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.store;

import io.skald.core.model.StoreException;
import io.skald.storage.IndexStore;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Leases among processes over one store: one for each evaluator, not for each group. An evaluator has a record, under the first number that
 * is free, with its name, its time to live and a counter that it raises at every second beat. Another that has not seen the record change for that
 * time <em>by its own monotonic clock</em>, so no two clocks are compared, removes it by a conditional write; only then is the evaluator
 * dead, and if it does live its next beat fails and tells it so. Each group has a record that names its evaluator, which others replace
 * once that one is dead; it is written when a group changes hands, never to keep it. Among those alive a group is preferred by the one with
 * the highest hash of both names; who holds a group that another prefers gives it up. Thread-safe.
 *
 * <p>The time to live is half of the shortest interval in force, between half a second and 30 seconds. Whoever is dead is found out after it
 * and two beats at most, three quarters of an interval, so the moment that a killed evaluator left out is evaluated before the next.
 *
 * <p>An evaluator without groups has no lease. One that could not beat in time has lost everything: it goes on under a new name, as
 * another evaluator would.
 */
public final class StoreLeases implements Leases {
    private static final int BEATS_PER_TTL = 4;
    /** Beats of which one writes. */
    private static final int WRITE_EVERY = 2;

    private static final long SHORTEST = Duration.ofMillis(500).toNanos();
    private static final long LONGEST = Duration.ofSeconds(30).toNanos();

    /** What an evaluator's record says: name, time to live in milliseconds, counter, address; a line each. */
    private record Life(String id, long ttlMillis, long counter, String address) {
        static @Nullable Life of(byte[] value) {
            String[] lines = new String(value, StandardCharsets.UTF_8).split("\n", -1);
            try {
                return lines.length < 4
                        ? null
                        : new Life(lines[0], Long.parseLong(lines[1]), Long.parseLong(lines[2]), lines[3]);
            } catch (NumberFormatException e) {
                return null;
            }
        }

        byte[] bytes() {
            return (id + "\n" + ttlMillis + "\n" + counter + "\n" + address).getBytes(StandardCharsets.UTF_8);
        }
    }

    /** A record of another, and since when it is known, by the clock of this process. */
    private record Seen(Life life, long sinceNanos) {}

    /** The own record: where it lies and what it says. */
    private record Own(String number, Life life) {}

    private final NamedRecords evaluators;
    private final NamedRecords owners;
    private final String name;
    private final Supplier<String> address;
    private final LongSupplier monotonicNanos;
    private final Set<GroupKey> held = ConcurrentHashMap.newKeySet();
    private final Set<GroupKey> leaving = ConcurrentHashMap.newKeySet();
    // guarded by this
    private final Map<String, Seen> seen = new HashMap<>();
    private @Nullable Own own;
    private long incarnation;
    private long written;
    private Set<String> settledAmong = Set.of();
    private Set<GroupKey> settledFor = Set.of();
    private volatile long ttlNanos = LONGEST;
    private volatile long validUntil;
    private volatile List<String> others = List.of();

    /**
     * @param name of this evaluator, unlike that of all others over the store, now and before; without a line feed
     * @param address where the others reach this process, a base URL; empty while that is not known
     * @param monotonicNanos for instance {@link System#nanoTime}
     */
    public StoreLeases(IndexStore store, String name, Supplier<String> address, LongSupplier monotonicNanos) {
        this.evaluators = new NamedRecords(store, "rule-evaluators");
        this.owners = new NamedRecords(store, "rule-leases");
        this.name = name;
        this.address = address;
        this.monotonicNanos = monotonicNanos;
        this.validUntil = monotonicNanos.getAsLong();
    }

    private String id() {
        return name + "#" + incarnation;
    }

    @Override
    public long beatNanos() {
        return ttlNanos / BEATS_PER_TTL;
    }

    private boolean valid() {
        return monotonicNanos.getAsLong() - validUntil < 0;
    }

    @Override
    public boolean holds(GroupKey group) {
        return valid() && held.contains(group);
    }

    @Override
    public boolean mayBegin(GroupKey group) {
        return holds(group) && !leaving.contains(group);
    }

    @Override
    public List<String> others() {
        return others;
    }

    @Override
    public synchronized void beat(Set<GroupKey> groups, Duration shortestInterval, Predicate<GroupKey> busy)
            throws StoreException {
        if (groups.isEmpty()) {
            // there is nothing to evaluate, and a lease costs writes
            release();
            others = List.of();
            ttlNanos = LONGEST;
            return;
        }
        long ttl = Math.clamp(shortestInterval.toNanos() / 2, SHORTEST, LONGEST);
        renew(ttl);
        Set<String> alive = alive();
        if (!alive.equals(settledAmong) || !groups.equals(settledFor)) {
            settledAmong = Set.of();
            boolean settled = take(groups, alive, busy);
            settledAmong = settled ? alive : Set.of();
            settledFor = settled ? Set.copyOf(groups) : Set.of();
        }
    }

    /** Writes the own record; if another has removed it, or it comes too late, everything is lost. */
    private void renew(long ttl) throws StoreException {
        Own last = own;
        if (last != null && !valid()) {
            evaluators.compareAndPut(last.number, last.life.bytes(), null);
            lose();
            last = null;
        }
        if (last != null) {
            long begin = monotonicNanos.getAsLong();
            boolean same = last.life.ttlMillis == ttl / 1_000_000 && last.life.address.equals(address.get());
            if (same && begin - written < ttl * WRITE_EVERY / BEATS_PER_TTL - ttl / (2 * BEATS_PER_TTL)) {
                // a sign of life at every second beat will do, and writes cost money; the beat between them repeats one
                // that failed
                return;
            }
            Own next = new Own(last.number, life(ttl, last.life.counter + 1));
            if (replace(last, next)) {
                own = next;
                keep(begin, ttl);
                return;
            }
            lose();
        }
        long begin = monotonicNanos.getAsLong();
        own = register(ttl);
        keep(begin, ttl);
    }

    private boolean replace(Own last, Own next) throws StoreException {
        if (evaluators.compareAndPut(last.number, last.life.bytes(), next.life.bytes())) {
            return true;
        }
        // a write of which no answer came may have been done
        byte[] present = evaluators.get(last.number);
        Life life = present == null ? null : Life.of(present);
        return life != null
                && life.id.equals(id())
                && evaluators.compareAndPut(last.number, present, next.life.bytes());
    }

    private void keep(long begin, long ttl) {
        ttlNanos = ttl;
        written = begin;
        // a little less than others grant, as clocks do not run alike
        validUntil = begin + ttl - ttl / 10;
    }

    private void lose() {
        own = null;
        validUntil = monotonicNanos.getAsLong();
        held.clear();
        leaving.clear();
        settledAmong = Set.of();
        incarnation++;
    }

    private Life life(long ttl, long counter) {
        return new Life(id(), ttl / 1_000_000, counter, address.get());
    }

    private Own register(long ttl) throws StoreException {
        while (true) {
            Set<String> taken = evaluators.all().keySet();
            int number = 0;
            while (taken.contains(Integer.toString(number))) {
                number++;
            }
            Own mine = new Own(Integer.toString(number), life(ttl, 0));
            if (evaluators.compareAndPut(mine.number, null, mine.life.bytes())) {
                return mine;
            }
        }
    }

    /** Those alive, this one among them; removes the records of the dead. */
    private Set<String> alive() throws StoreException {
        Map<String, byte[]> all = evaluators.all();
        long now = monotonicNanos.getAsLong();
        Set<String> alive = new HashSet<>(Set.of(id()));
        List<String> where = new ArrayList<>();
        for (Map.Entry<String, byte[]> e : all.entrySet()) {
            Life life = Life.of(e.getValue());
            if (life == null || life.id.equals(id())) {
                continue;
            }
            Seen before = seen.get(e.getKey());
            Seen known = before != null && before.life.equals(life) ? before : new Seen(life, now);
            seen.put(e.getKey(), known);
            boolean late = now - known.sinceNanos >= life.ttlMillis * 1_000_000;
            if (!late || !evaluators.compareAndPut(e.getKey(), e.getValue(), null)) {
                alive.add(life.id);
                if (!life.address.isEmpty()) {
                    where.add(life.address);
                }
            }
        }
        seen.keySet().retainAll(all.keySet());
        others = List.copyOf(where);
        return alive;
    }

    /** Gives up and takes; returns whether every group is now with the one who is preferred. */
    private boolean take(Set<GroupKey> groups, Set<String> alive, Predicate<GroupKey> busy) throws StoreException {
        Map<String, byte[]> present = owners.all();
        Map<String, GroupKey> wanted = new TreeMap<>();
        groups.forEach(g -> wanted.put(g.toString(), g));
        boolean settled = true;
        for (Map.Entry<String, GroupKey> e : wanted.entrySet()) {
            GroupKey group = e.getValue();
            byte[] record = present.get(e.getKey());
            String owner = record == null ? "" : new String(record, StandardCharsets.UTF_8);
            String preferred = preferred(e.getKey(), alive);
            if (owner.equals(id())) {
                held.add(group);
                if (preferred.equals(id())) {
                    leaving.remove(group);
                } else {
                    settled = false;
                    leave(group, record, busy);
                }
            } else if (preferred.equals(id()) && !alive.contains(owner)) {
                if (owners.compareAndPut(e.getKey(), record, id().getBytes(StandardCharsets.UTF_8))) {
                    held.add(group);
                } else {
                    settled = false;
                }
            } else {
                held.remove(group);
                settled &= owner.equals(preferred);
            }
        }
        held.retainAll(groups);
        leaving.retainAll(groups);
        return settled;
    }

    private void leave(GroupKey group, byte @Nullable [] record, Predicate<GroupKey> busy) throws StoreException {
        // in this order: nothing new begins, then what has begun is waited for
        leaving.add(group);
        if (!busy.test(group)) {
            held.remove(group);
            leaving.remove(group);
            owners.compareAndPut(group.toString(), record, null);
        }
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
        Own last = own;
        if (last == null) {
            return;
        }
        List<GroupKey> mine = new ArrayList<>(held);
        byte[] me = id().getBytes(StandardCharsets.UTF_8);
        lose();
        for (GroupKey g : mine) {
            owners.compareAndPut(g.toString(), me, null);
        }
        evaluators.compareAndPut(last.number, last.life.bytes(), null);
    }
}
