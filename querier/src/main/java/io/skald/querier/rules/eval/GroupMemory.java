/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.querier.rules.eval.SavedStates.Saved;
import io.skald.querier.rules.eval.SavedStates.Sources;
import io.skald.querier.rules.model.Condition;
import io.skald.querier.rules.model.Rule;
import io.skald.querier.rules.model.RuleGroup;
import io.skald.querier.rules.store.GroupKey;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What of a group's state outlives the process, and when it is written. Confined to the thread that evaluates the group. */
final class GroupMemory {
    private static final System.Logger LOG = System.getLogger(GroupMemory.class.getName());
    private static final long SAVE_EVERY = Duration.ofMinutes(1).toNanos();
    /** What was learned since is learned again from the lines. */
    private static final long SAVE_SOURCES_EVERY = Duration.ofMinutes(10).toNanos();

    private final RuleEnvironment env;
    private final GroupKey key;
    private final List<Rule> rules;
    private final List<String> ids;
    private Map<String, List<ActiveAlert>> savedAlerts = Map.of();
    private long savedAt;
    private boolean savedSources;

    GroupMemory(RuleEnvironment env, GroupKey key, RuleGroup group) {
        this.env = env;
        this.key = key;
        this.rules = group.rules();
        this.ids = ids(group);
    }

    /** Names of a group's rules that stay when other rules come and go. */
    static List<String> ids(RuleGroup group) {
        List<String> ids = new ArrayList<>();
        Map<String, Integer> known = new TreeMap<>();
        for (Rule r : group.rules()) {
            String name = r.name() + r.labels();
            int same = known.merge(name, 1, Integer::sum) - 1;
            ids.add(same == 0 ? name : name + "#" + same);
        }
        return ids;
    }

    List<String> ids() {
        return ids;
    }

    @Nullable
    Saved load() {
        try {
            return env.saved().load(key);
        } catch (StoreException e) {
            env.metrics().stateFailures.inc();
            LOG.log(Level.ERROR, "rule group " + key + " begins without the state of its alerts: " + e.getMessage());
            return null;
        }
    }

    /** What a silence rule had learned; null if nothing, or for another silence. */
    @Nullable
    Sources sources(Saved saved, int rule) {
        Sources s = saved.sources().get(ids.get(rule));
        return s != null && s.of().equals(silence(rules.get(rule))) ? s : null;
    }

    private static String silence(Rule rule) {
        return rule instanceof Rule.Alert a && a.condition() instanceof Condition.Silence s
                ? s.selector() + " by " + s.by()
                : "";
    }

    /** Takes a state that was loaded for the one that is saved. */
    void saved(List<RuleState> states, long atNanos) {
        savedAlerts = alerts(states);
        savedAt = atNanos;
    }

    private Map<String, List<ActiveAlert>> alerts(List<RuleState> states) {
        Map<String, List<ActiveAlert>> out = new TreeMap<>();
        for (int i = 0; i < ids.size(); i++) {
            List<ActiveAlert> alerts = List.copyOf(states.get(i).alerts().values());
            if (!alerts.isEmpty()) {
                out.put(ids.get(i), alerts);
            }
        }
        return out;
    }

    private Map<String, Sources> sources(List<RuleState> states) {
        Map<String, Sources> out = new TreeMap<>();
        for (int i = 0; i < ids.size(); i++) {
            RuleState s = states.get(i);
            if (s.seenUpTo() != 0) {
                out.put(ids.get(i), new Sources(silence(rules.get(i)), s.lastSeen(), s.seenUpTo()));
            }
        }
        return out;
    }

    /** Saves the state if an alert changed, and from time to time while there are some, or sources. */
    void save(List<RuleState> states, long atNanos, long now) {
        Map<String, List<ActiveAlert>> alerts = alerts(states);
        Map<String, Sources> sources = sources(states);
        boolean changed = !outline(alerts).equals(outline(savedAlerts)) || !sources.isEmpty() && !savedSources;
        boolean old = !alerts.isEmpty() && now - savedAt >= SAVE_EVERY
                || !sources.isEmpty() && now - savedAt >= SAVE_SOURCES_EVERY;
        if (!changed && !old) {
            return;
        }
        try {
            env.saved().save(key, new Saved(atNanos, alerts, sources));
            savedAlerts = alerts;
            savedAt = now;
            savedSources = !sources.isEmpty();
        } catch (StoreException e) {
            env.metrics().stateFailures.inc();
            LOG.log(Level.ERROR, "the state of rule group " + key + " is not saved: " + e.getMessage());
        }
    }

    /** What must not be lost. */
    private static Map<String, List<List<Object>>> outline(Map<String, List<ActiveAlert>> alerts) {
        Map<String, List<List<Object>>> out = new TreeMap<>();
        alerts.forEach((rule, all) -> out.put(
                rule,
                all.stream()
                        .map(a -> List.<Object>of(
                                a.labels(),
                                a.state(),
                                a.activeAtNanos(),
                                a.firedAtNanos(),
                                a.resolvedAtNanos(),
                                a.keepFiringSinceNanos()))
                        .toList()));
        return out;
    }

    void remove() {
        try {
            env.saved().remove(key);
        } catch (StoreException e) {
            env.metrics().stateFailures.inc();
            LOG.log(Level.ERROR, "the state of rule group " + key + " stays: " + e.getMessage());
        }
    }

    /** Alerts of a saved state as a rule has them. */
    static Map<Labels, ActiveAlert> bySeries(List<ActiveAlert> alerts) {
        Map<Labels, ActiveAlert> out = new TreeMap<>();
        alerts.forEach(a -> out.put(a.series(), a));
        return out;
    }
}
