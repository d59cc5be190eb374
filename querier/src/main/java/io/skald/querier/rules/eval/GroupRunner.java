/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.querier.rules.eval.ActiveAlert.State;
import io.skald.querier.rules.eval.ExprParts.Window;
import io.skald.querier.rules.eval.GroupStatus.RuleStatus;
import io.skald.querier.rules.model.Rule;
import io.skald.querier.rules.model.RuleGroup;
import io.skald.querier.rules.store.GroupKey;
import io.skald.querier.rules.store.LoadedGroup;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Evaluates one group at its moments, which lie one interval apart and are shifted by a hash of its name, so that groups do not all run at
 * once. A moment is looked at when the lines that are measured to come late should be there; if some come later still, the moments that they
 * belong to are evaluated again, in order, from the state that was before them. Confined to one thread at a time, but for {@link #status}.
 */
final class GroupRunner {
    private static final System.Logger LOG = System.getLogger(GroupRunner.class.getName());
    private static final int MOST_HISTORY = 4000;
    private static final int MOST_TRIES = 3;

    /** A moment that was evaluated, and the states before it. */
    private record Past(long at, List<RuleState> before) {}

    /** An alert that was told of. */
    private record Told(Outgoing as, long atNanos) {}

    private final RuleEnvironment env;
    private final GroupKey key;
    private final RuleGroup group;
    private final BooleanSupplier mine;
    private final GroupMemory memory;
    private final List<RuleEvaluator> rules = new ArrayList<>();
    private final List<List<Window>> windows = new ArrayList<>();
    private final long interval;
    private final long shift;
    private final long maxDelay;
    private final long lateGrace;
    private final Arrivals.Watch watch;
    private final Deque<Past> history = new ArrayDeque<>();
    private final Map<Labels, Told> told = new TreeMap<>();
    private final List<RuleStatus> statuses = new ArrayList<>();
    private List<RuleState> states;
    private long next;
    private List<Integer> failed = List.of();
    private int tries;
    private volatile @Nullable GroupStatus status;

    /** @param mine whether the group is still this process's: if not, what it found is neither told nor saved */
    GroupRunner(RuleEnvironment env, LoadedGroup loaded, BooleanSupplier mine) {
        this(env, loaded, loaded.key().toString().hashCode() * 0x9E3779B97F4A7C15L, mine);
    }

    /** @param shift any number; the moments lie at it, modulo the interval, to the millisecond */
    GroupRunner(RuleEnvironment env, LoadedGroup loaded, long shift) {
        this(env, loaded, shift, () -> true);
    }

    private GroupRunner(RuleEnvironment env, LoadedGroup loaded, long shift, BooleanSupplier mine) {
        this.mine = mine;
        this.env = env;
        this.key = loaded.key();
        this.group = loaded.group();
        this.memory = new GroupMemory(env, key, group);
        this.interval = orElse(group.interval(), env.interval());
        this.maxDelay = orElse(group.maxDelay(), env.maxDelay());
        this.lateGrace = orElse(group.lateGrace(), env.lateGrace());
        this.shift = Math.floorMod(shift, interval) / 1_000_000 * 1_000_000;
        List<List<Matcher>> selectors = new ArrayList<>();
        for (Rule r : group.rules()) {
            rules.add(new RuleEvaluator(env, key.tenant(), group, r));
            windows.add(ExprParts.windows(r));
            windows.getLast().forEach(w -> selectors.add(w.log().matchers()));
            statuses.add(RuleStatus.NEW);
        }
        this.states = new ArrayList<>(rules.stream().map(r -> RuleState.EMPTY).toList());
        this.watch = env.arrivals().watch(key.tenant(), maxDelay > 0 || lateGrace > 0 ? selectors : List.of());
    }

    private static long orElse(@Nullable Duration own, Duration fallback) {
        return (own == null ? fallback : own).toNanos();
    }

    GroupKey key() {
        return key;
    }

    /** How the last evaluation went; null before the first. Thread-safe. */
    @Nullable
    GroupStatus status() {
        return status;
    }

    private long momentAfter(long time) {
        return Math.floorDiv(time - shift, interval) * interval + shift + interval;
    }

    /** Begins, from the saved state if there is one. Returns when to {@link #step}. */
    long start(long now) {
        next = momentAfter(now);
        SavedStates.Saved saved = memory.load();
        if (saved != null) {
            for (int i = 0; i < rules.size(); i++) {
                SavedStates.Sources s = memory.sources(saved, i);
                if (s != null) {
                    states.set(i, new RuleState(Map.of(), s.lastSeen(), s.upToNanos()));
                }
            }
            if (now - saved.atNanos() > env.outageTolerance().toNanos()) {
                LOG.log(Level.WARNING, "alerts of rule group " + key + " begin anew: their state is too old");
            } else {
                restore(saved, now);
            }
        }
        return next;
    }

    private void restore(SavedStates.Saved saved, long now) {
        List<String> ids = memory.ids();
        for (int i = 0; i < rules.size(); i++) {
            Map<Labels, ActiveAlert> alerts =
                    GroupMemory.bySeries(saved.alerts().getOrDefault(ids.get(i), List.of()));
            for (ActiveAlert a : alerts.values()) {
                if (a.state() == State.FIRING) {
                    told.put(a.labels(), new Told(outgoing(rules.get(i), a, now), 0));
                }
            }
            states.set(i, states.get(i).withAlerts(alerts));
            statuses.set(i, new RuleStatus(saved.atNanos(), 0, "", List.copyOf(alerts.values())));
        }
        // a rule that is no more does not fire
        saved.alerts().forEach((id, alerts) -> {
            for (ActiveAlert a : alerts) {
                if (!ids.contains(id) && a.state() == State.FIRING) {
                    Outgoing o =
                            new Outgoing(key.tenant(), a.labels(), a.annotations(), a.firedAtNanos(), now, false, "");
                    told.putIfAbsent(a.labels(), new Told(o, 0));
                }
            }
        });
        memory.saved(states, saved.atNanos());
        status = new GroupStatus(saved.atNanos(), 0, statuses);
        // what was under way is looked at again at once
        next = Math.max(momentAfter(now) - interval, momentAfter(saved.atNanos()));
    }

    /** Evaluates what is due, and tells of alerts. Returns when to come again. */
    long step(long now) throws InterruptedException {
        env.arrivals().pollIfQuick(now);
        List<long[]> arrived = watch.take();
        Map<Labels, Outgoing> passed = new TreeMap<>();
        boolean repeated = lateGrace > 0 && repeat(arrived, now, passed);
        if (!failed.isEmpty()) {
            retry(now);
        }
        long wait = Math.min(maxDelay, watch.lagNanos());
        skipWhatIsTooOld(now, wait);
        boolean evaluated = false;
        while (failed.isEmpty() && next + wait <= now) {
            env.metrics().delay.observe((now - next) / 1e9);
            evaluate(next, now, true);
            next += interval;
            evaluated = true;
        }
        if ((repeated || evaluated) && mine.getAsBoolean()) {
            tell(now, passed);
            memory.save(states, next - interval, now);
        }
        if (!failed.isEmpty()) {
            return now + Math.min(Duration.ofSeconds(1).toNanos(), interval / 4);
        }
        return Math.max(now + 1, next + Math.min(maxDelay, watch.lagNanos()));
    }

    private void skipWhatIsTooOld(long now, long wait) {
        if (now - next <= maxDelay + interval) {
            return;
        }
        long last = momentAfter(now - wait) - interval;
        if (last > next) {
            env.metrics().missed.inc((double) (last - next) / interval);
            LOG.log(Level.WARNING, "rule group " + key + " missed " + (last - next) / interval + " evaluations");
            next = last;
            failed = List.of();
        }
    }

    /** Evaluates all rules at a moment, one after the other. */
    private void evaluate(long at, long now, boolean first) throws InterruptedException {
        long begin = System.nanoTime();
        history.addLast(new Past(at, List.copyOf(states)));
        while (history.size() > MOST_HISTORY || history.getFirst().at < now - lateGrace - maxDelay) {
            history.removeFirst();
            if (history.isEmpty()) {
                break;
            }
        }
        List<Integer> bad = new ArrayList<>();
        for (int i = 0; i < rules.size(); i++) {
            if (!first && rules.get(i).rule() instanceof Rule.Recording) {
                continue;
            }
            if (!evaluate(i, at)) {
                bad.add(i);
            }
        }
        if (first) {
            failed = bad;
            tries = 1;
        }
        double seconds = (System.nanoTime() - begin) / 1e9;
        env.metrics().duration.observe(seconds);
        status = new GroupStatus(at, seconds, statuses);
    }

    private boolean evaluate(int i, long at) throws InterruptedException {
        long begin = System.nanoTime();
        String error = "";
        env.metrics().evaluations.inc();
        try {
            states.set(i, rules.get(i).evaluate(states.get(i), at));
            if (rules.get(i).rule() instanceof Rule.Alert) {
                env.observer().decided(rules.get(i).rule().name(), at, firing(states.get(i)));
            }
        } catch (RuleQueryException e) {
            env.metrics().failures.inc();
            error = e.text();
            if (!error.equals(statuses.get(i).lastError())) {
                LOG.log(Level.WARNING, "rule " + rules.get(i).rule().name() + " of group " + key + " failed: " + error);
            }
        }
        statuses.set(
                i,
                new RuleStatus(
                        at,
                        (System.nanoTime() - begin) / 1e9,
                        error,
                        List.copyOf(states.get(i).alerts().values())));
        return error.isEmpty();
    }

    private static Set<Labels> firing(RuleState s) {
        return s.alerts().values().stream()
                .filter(a -> a.state() == State.FIRING)
                .map(ActiveAlert::labels)
                .collect(Collectors.toSet());
    }

    /** Tries again what failed at the last moment. */
    private void retry(long now) throws InterruptedException {
        long at = next - interval;
        List<Integer> bad = new ArrayList<>();
        for (int i : failed) {
            if (!evaluate(i, at)) {
                bad.add(i);
            }
        }
        failed = ++tries >= MOST_TRIES ? List.of() : bad;
        status = new GroupStatus(at, 0, statuses);
        if (bad.size() < rules.size() && mine.getAsBoolean()) {
            tell(now, Map.of());
            memory.save(states, next - interval, now);
        }
    }

    /**
     * Evaluates again the moments from the first on whose lines have changed.
     *
     * @param passed gets alerts that fired at one of them and no longer do
     */
    private boolean repeat(List<long[]> arrived, long now, Map<Labels, Outgoing> passed) throws InterruptedException {
        Past from = null;
        for (Past p : history) {
            if (p.at >= now - lateGrace - maxDelay && touched(p.at, arrived)) {
                from = p;
                break;
            }
        }
        if (from == null) {
            return false;
        }
        List<Long> again = new ArrayList<>();
        while (!history.isEmpty() && history.getLast().at >= from.at) {
            again.add(history.removeLast().at);
        }
        List<RuleState> before = new ArrayList<>(from.before);
        for (int i = 0; i < rules.size(); i++) {
            if (rules.get(i).rule() instanceof Rule.Alert) {
                states.set(i, before.get(i));
            }
        }
        for (long at : again.reversed()) {
            evaluate(at, now, false);
            env.metrics().repeated.inc();
            for (int i = 0; i < rules.size(); i++) {
                for (ActiveAlert a : states.get(i).alerts().values()) {
                    if (a.state() == State.FIRING) {
                        passed.put(a.labels(), outgoing(rules.get(i), a, now));
                    }
                }
            }
        }
        return true;
    }

    /** Whether entries with such times are in a window of an alert rule at a moment. */
    private boolean touched(long at, List<long[]> arrived) {
        for (int i = 0; i < rules.size(); i++) {
            if (rules.get(i).rule() instanceof Rule.Alert) {
                long offset =
                        group.queryOffset() == null ? 0 : group.queryOffset().toNanos();
                for (Window w : windows.get(i)) {
                    for (long[] span : arrived) {
                        if (span[0] <= at - offset - w.untilNanos() && span[1] > at - offset - w.backNanos()) {
                            return true;
                        }
                    }
                }
            }
        }
        return false;
    }

    private Outgoing outgoing(RuleEvaluator rule, ActiveAlert a, long now) {
        boolean resolved = a.state() != State.FIRING;
        long hold = 4 * Math.max(interval, env.resendDelay().toNanos());
        return new Outgoing(
                key.tenant(),
                a.labels(),
                a.annotations(),
                a.firedAtNanos(),
                resolved ? a.resolvedAtNanos() : now + hold,
                resolved,
                rule.link(a.firedAtNanos(), resolved ? a.resolvedAtNanos() : now));
    }

    /** Tells of alerts that fire, from time to time again, and of those that no longer do. */
    private void tell(long now, Map<Labels, Outgoing> passed) {
        List<Outgoing> out = new ArrayList<>();
        Map<Labels, Outgoing> ended = new HashMap<>();
        Map<Labels, Boolean> firing = new HashMap<>();
        for (int i = 0; i < rules.size(); i++) {
            for (ActiveAlert a : states.get(i).alerts().values()) {
                if (a.state() == State.FIRING) {
                    firing.put(a.labels(), true);
                    Told before = told.get(a.labels());
                    if (before == null
                            || now - before.atNanos >= env.resendDelay().toNanos()) {
                        Outgoing o = outgoing(rules.get(i), a, now);
                        out.add(o);
                        told.put(a.labels(), new Told(o, now));
                    }
                } else if (a.state() == State.INACTIVE) {
                    ended.put(a.labels(), outgoing(rules.get(i), a, now));
                }
            }
        }
        passed.forEach((labels, o) -> {
            if (!firing.containsKey(labels) && !told.containsKey(labels)) {
                out.add(o);
                firing.put(labels, true);
                told.put(labels, new Told(o, now));
            }
        });
        told.entrySet().removeIf(e -> {
            if (firing.containsKey(e.getKey())) {
                return false;
            }
            Outgoing as = e.getValue().as;
            Outgoing end = ended.getOrDefault(e.getKey(), as);
            long at = end.resolved() ? end.endsAtNanos() : now;
            out.add(new Outgoing(as.tenant(), as.labels(), end.annotations(), as.startsAtNanos(), at, true, as.link()));
            return true;
        });
        if (!out.isEmpty()) {
            env.alerts().send(out);
        }
    }

    /** Ends the watch. The state stays saved, for whoever evaluates the group next. */
    void close() {
        watch.close();
    }

    /** Ends what the group told and recorded, because it is no more. */
    void remove(long now) {
        close();
        rules.forEach(r -> r.end(now));
        states = new ArrayList<>(rules.stream().map(r -> RuleState.EMPTY).toList());
        tell(now, Map.of());
        memory.remove();
    }

    /** How many alerts are in a state. */
    long count(State state) {
        GroupStatus s = status;
        return s == null
                ? 0
                : s.rules().stream()
                        .flatMap(r -> r.alerts().stream())
                        .filter(a -> a.state() == state)
                        .count();
    }
}
