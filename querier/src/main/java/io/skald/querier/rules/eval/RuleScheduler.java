/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import io.skald.core.model.StoreException;
import io.skald.core.service.Threads;
import io.skald.querier.rules.model.Rule;
import io.skald.querier.rules.store.GroupKey;
import io.skald.querier.rules.store.Leases;
import io.skald.querier.rules.store.LoadedGroup;
import io.skald.querier.rules.store.RuleCatalog;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs the groups in force that this process holds the leases of. One thread looks at the clock and the catalogue, one keeps the leases
 * whatever the first waits for; each group that is due is evaluated on a thread of its own, so many at once. Thread-safe.
 */
public final class RuleScheduler implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(RuleScheduler.class.getName());
    private static final long POLL_NANOS = Duration.ofMillis(250).toNanos();
    private static final Set<ActiveAlert.State> COUNTED = Set.of(ActiveAlert.State.PENDING, ActiveAlert.State.FIRING);

    /** A group and when it is due. Guarded by {@code lock}. */
    private static final class Slot {
        private final LoadedGroup loaded;
        private final GroupRunner runner;
        private long due;
        private boolean running;
        private boolean begun;
        private boolean gone;

        private Slot(LoadedGroup loaded, GroupRunner runner, long due) {
            this.loaded = loaded;
            this.runner = runner;
            this.due = due;
        }
    }

    private final RuleEnvironment env;
    private final RuleCatalog catalog;
    private final Leases leases;
    private final long reloadNanos;
    private final boolean anybodyTold;
    private final LongSupplier clockNanos;
    private final Semaphore places;
    private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
    private final Thread thread = Thread.ofPlatform().name("rules").daemon().unstarted(this::run);
    private final Thread beats =
            Thread.ofPlatform().name("rule leases").daemon().unstarted(this::keepLeases);
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Condition regrouped = lock.newCondition();
    private final Map<GroupKey, Slot> slots = new ConcurrentHashMap<>();
    // guarded by lock
    private boolean closed;
    private Set<GroupKey> inForce = Set.of();
    private Duration shortest = Duration.ofDays(1);
    private boolean beat;
    private boolean reload = true;
    private boolean rescan;
    private boolean warned;
    // confined to the thread of the rules
    private long nextReload;
    private long counted;

    /**
     * @param reloadInterval how often files and the store are looked at
     * @param anybodyTold whether there is somebody to be told of alerts
     * @param clockNanos now, nanoseconds since the epoch
     */
    public RuleScheduler(
            RuleEnvironment env,
            RuleCatalog catalog,
            Leases leases,
            Duration reloadInterval,
            int maxConcurrent,
            boolean anybodyTold,
            LongSupplier clockNanos) {
        this.env = env;
        this.catalog = catalog;
        this.leases = leases;
        this.reloadNanos = reloadInterval.toNanos();
        this.anybodyTold = anybodyTold;
        this.clockNanos = clockNanos;
        this.places = new Semaphore(maxConcurrent);
    }

    public void start() {
        thread.start();
        if (leases.beatNanos() != Long.MAX_VALUE) {
            beats.start();
        }
    }

    /** Looks at the catalogue now, because it changed. */
    public void changed() {
        lock.lock();
        try {
            reload = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** How a group that is evaluated here did; null if it was not. */
    public @Nullable GroupStatus status(GroupKey key) {
        Slot s = slots.get(key);
        return s == null ? null : s.runner.status();
    }

    private void run() {
        try {
            while (true) {
                long now = clockNanos.getAsLong();
                reloadIfDue(now);
                // may wait for an ingester that does not answer; nothing else does
                workers.execute(() -> env.arrivals().poll(now));
                countAlerts(now);
                if (!dispatch(clockNanos.getAsLong())) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException("the thread of the rules was interrupted", e);
        }
    }

    private void reloadIfDue(long now) {
        boolean asked;
        lock.lock();
        try {
            asked = reload;
            reload = false;
        } finally {
            lock.unlock();
        }
        if (now >= nextReload) {
            nextReload = now + reloadNanos;
            try {
                catalog.reload();
            } catch (StoreException e) {
                LOG.log(Level.ERROR, "rules stay as they are, the store cannot be read: " + e.getMessage());
            }
            asked = true;
        }
        if (asked) {
            reconcile(now);
        }
    }

    /** What is read from where is evaluated here, and nothing else. */
    private void reconcile(long now) {
        Map<GroupKey, LoadedGroup> wanted = catalog.groups();
        List<Slot> ended = new ArrayList<>();
        lock.lock();
        try {
            for (Slot s : slots.values()) {
                LoadedGroup now1 = wanted.get(s.loaded.key());
                if (now1 == null || !now1.equals(s.loaded)) {
                    s.gone = true;
                    ended.add(s);
                }
            }
        } finally {
            lock.unlock();
        }
        for (Slot s : ended) {
            end(s, !wanted.containsKey(s.loaded.key()), now);
        }
        wanted.forEach((key, loaded) -> {
            if (!slots.containsKey(key)) {
                slots.put(key, new Slot(loaded, new GroupRunner(env, loaded, () -> leases.holds(key)), now));
            }
        });
        gauges(wanted);
        regroup(wanted);
    }

    /** Ends a group that changed, or is no more; waits while it is being evaluated. */
    private void end(Slot s, boolean removed, long now) {
        lock.lock();
        try {
            while (s.running) {
                changed.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
        if (removed && leases.holds(s.loaded.key())) {
            s.runner.remove(now);
        } else {
            s.runner.close();
        }
        slots.remove(s.loaded.key(), s);
    }

    private void gauges(Map<GroupKey, LoadedGroup> wanted) {
        boolean alerts = false;
        long rules = 0;
        for (LoadedGroup g : wanted.values()) {
            rules += g.group().rules().size();
            alerts |= g.group().rules().stream().anyMatch(r -> r instanceof Rule.Alert);
        }
        env.metrics().groups.set(wanted.size());
        env.metrics().rules.set((double) rules);
        env.metrics().badFiles.set((double) catalog.badFiles());
        boolean silent = alerts && !anybodyTold;
        env.metrics().nobodyTold.set(silent ? 1 : 0);
        if (silent && !warned) {
            LOG.log(
                    Level.WARNING,
                    "there are alert rules, but nobody is told of alerts: set rules.alertmanager_url, rules.webhook.url"
                            + " or rules.email");
        }
        warned = silent;
    }

    private void countAlerts(long now) {
        if (now - counted < POLL_NANOS) {
            return;
        }
        counted = now;
        Map<ActiveAlert.State, Long> alerts = new HashMap<>();
        int held = 0;
        for (Slot s : slots.values()) {
            if (leases.holds(s.loaded.key())) {
                held++;
                for (ActiveAlert.State state : COUNTED) {
                    alerts.merge(state, s.runner.count(state), Long::sum);
                }
            }
        }
        env.metrics().held.set(held);
        COUNTED.forEach(s -> env.metrics().alerts.labels(s.text()).set((double) (long) alerts.getOrDefault(s, 0L)));
    }

    /** Tells the keeper of the leases what is in force now. */
    private void regroup(Map<GroupKey, LoadedGroup> wanted) {
        Duration least = wanted.values().stream()
                .map(g -> g.group().interval())
                .map(i -> i == null ? env.interval() : i)
                .min(Duration::compareTo)
                .orElse(env.interval());
        lock.lock();
        try {
            if (!least.equals(shortest) || !inForce.equals(wanted.keySet())) {
                shortest = least;
                inForce = Set.copyOf(wanted.keySet());
                beat = true;
                regrouped.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    private void keepLeases() {
        try {
            while (true) {
                Set<GroupKey> groups;
                Duration least;
                lock.lock();
                try {
                    long left = leases.beatNanos();
                    while (!beat && !closed && left > 0) {
                        left = regrouped.awaitNanos(left);
                    }
                    if (closed) {
                        return;
                    }
                    beat = false;
                    groups = inForce;
                    least = shortest;
                } finally {
                    lock.unlock();
                }
                beat(groups, least);
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException("the keeper of the leases was interrupted", e);
        }
    }

    private void beat(Set<GroupKey> groups, Duration least) {
        try {
            leases.beat(groups, least, this::busy);
        } catch (StoreException e) {
            LOG.log(Level.WARNING, "the leases of rule groups are not renewed: " + e.getMessage());
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "the leases of rule groups are not renewed", e);
        }
        lock.lock();
        try {
            rescan = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private boolean busy(GroupKey group) {
        lock.lock();
        try {
            Slot s = slots.get(group);
            return s != null && s.running;
        } finally {
            lock.unlock();
        }
    }

    /** Starts what is due, then waits; false once closed. */
    private boolean dispatch(long now) throws InterruptedException {
        lock.lock();
        try {
            if (closed) {
                return false;
            }
            long earliest = now + POLL_NANOS;
            for (Slot s : List.copyOf(slots.values())) {
                boolean mine = leases.mayBegin(s.loaded.key());
                if (!s.running && !s.gone && s.begun && !leases.holds(s.loaded.key())) {
                    // another evaluates it from its saved state
                    s.runner.close();
                    slots.remove(s.loaded.key(), s);
                    reload = true;
                } else if (!s.running && !s.gone && mine) {
                    if (s.due <= now) {
                        s.running = true;
                        workers.execute(() -> evaluate(s));
                    } else {
                        earliest = Math.min(earliest, s.due);
                    }
                }
            }
            long left = earliest - clockNanos.getAsLong();
            rescan = false;
            while (!reload && !rescan && !closed && left > 0) {
                left = changed.awaitNanos(left);
            }
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    private void evaluate(Slot s) {
        long due = 0;
        try {
            places.acquire();
            try {
                long now = clockNanos.getAsLong();
                if (!s.begun) {
                    due = s.runner.start(now);
                } else {
                    due = s.runner.step(now);
                }
            } finally {
                places.release();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "rule group " + s.loaded.key() + " cannot be evaluated", e);
            due = clockNanos.getAsLong() + Duration.ofMinutes(1).toNanos();
        } finally {
            lock.lock();
            try {
                s.begun = true;
                s.due = due;
                s.running = false;
                rescan = true;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /** Evaluates no more; waits for what is under way. Idempotent. */
    @Override
    public void close() throws StoreException {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            changed.signalAll();
            regrouped.signalAll();
        } finally {
            lock.unlock();
        }
        if (thread.getState() != Thread.State.NEW) {
            Threads.awaitEnd(thread);
        }
        if (beats.getState() != Thread.State.NEW) {
            Threads.awaitEnd(beats);
        }
        workers.shutdownNow();
        // what is under way uses stores that are closed next
        workers.close();
        slots.values().forEach(s -> s.runner.close());
        slots.clear();
        leases.release();
    }
}
