/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.store;

import io.skald.core.config.Limits;
import io.skald.core.config.TenantLimits;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.querier.rules.model.RuleGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * All groups in force: those of files, and those that the API writes. Where both have a group of one name, the file's is in force. What is
 * written here is in force when the call returns; what others write to the same store after the next {@link #reload}. Thread-safe.
 */
public final class RuleCatalog {
    private static final System.Logger LOG = System.getLogger(RuleCatalog.class.getName());

    private final RuleStore store;
    private final RuleFiles files;
    private final TenantLimits limits;
    private volatile Map<GroupKey, LoadedGroup> groups = Map.of();

    public RuleCatalog(RuleStore store, RuleFiles files, TenantLimits limits) {
        this.store = store;
        this.files = files;
        this.limits = limits;
    }

    /** Reads files that changed, and the store. */
    public synchronized void reload() throws StoreException {
        Map<GroupKey, LoadedGroup> now = new TreeMap<>();
        for (TenantId t : store.tenants()) {
            store.groups(t).forEach(g -> now.put(g.key(), g));
        }
        for (LoadedGroup g : files.poll()) {
            LoadedGroup other = now.put(g.key(), g);
            if (other != null && !other.equals(groups.get(g.key())) && !g.equals(groups.get(g.key()))) {
                LOG.log(
                        System.Logger.Level.WARNING,
                        "rule group " + g.key() + " of " + g.file() + " hides the one of "
                                + (other.file() == null ? "the API" : other.file()));
            }
        }
        groups = now;
    }

    /** Files of rules that cannot be used as they are. */
    public long badFiles() {
        return files.badFiles();
    }

    /** Every group in force, by tenant, namespace and name. */
    public Map<GroupKey, LoadedGroup> groups() {
        return groups;
    }

    /** Those of one tenant, sorted. */
    public List<LoadedGroup> groups(TenantId tenant) {
        return groups.values().stream()
                .filter(g -> g.key().tenant().equals(tenant))
                .toList();
    }

    public @Nullable LoadedGroup group(GroupKey key) {
        return groups.get(key);
    }

    /** @throws RequestException BAD_REQUEST if a file has that group, or the tenant's limits do not allow it */
    public synchronized void put(TenantId tenant, String namespace, RuleGroup group) throws StoreException {
        GroupKey key = new GroupKey(tenant, namespace, group.name());
        checkEditable(key);
        Limits l = limits.of(tenant);
        int most = l.rulerMaxRulesPerRuleGroup();
        if (most > 0 && group.rules().size() > most) {
            throw limit("rules per rule group", most, group.rules().size());
        }
        int mostGroups = l.rulerMaxRuleGroupsPerTenant();
        int would = groups(tenant).size() + (groups.containsKey(key) ? 0 : 1);
        if (mostGroups > 0 && would > mostGroups) {
            throw limit("rule groups", mostGroups, would);
        }
        store.put(tenant, namespace, group);
        Map<GroupKey, LoadedGroup> now = new TreeMap<>(groups);
        now.put(key, new LoadedGroup(key, group, null));
        groups = now;
    }

    private static RequestException limit(String what, int most, int would) {
        return new RequestException(
                ErrorCode.BAD_REQUEST,
                "per-user " + what + " limit (limit: " + most + " actual: " + would + ") exceeded");
    }

    private void checkEditable(GroupKey key) {
        LoadedGroup g = groups.get(key);
        if (g != null && g.file() != null) {
            throw new RequestException(
                    ErrorCode.BAD_REQUEST,
                    "rule group '" + key.group() + "' in namespace '" + key.namespace() + "' comes from the file "
                            + g.file() + " and is changed there only");
        }
    }

    /** Removes a group; false if there is none. */
    public synchronized boolean delete(GroupKey key) throws StoreException {
        checkEditable(key);
        boolean there = store.delete(key.tenant(), key.namespace(), key.group());
        Map<GroupKey, LoadedGroup> now = new TreeMap<>(groups);
        now.remove(key);
        groups = now;
        return there;
    }

    /** Removes every group of a namespace; false if there is none. */
    public synchronized boolean deleteNamespace(TenantId tenant, String namespace) throws StoreException {
        List<GroupKey> keys = new ArrayList<>();
        for (LoadedGroup g : groups(tenant)) {
            if (g.key().namespace().equals(namespace)) {
                checkEditable(g.key());
                keys.add(g.key());
            }
        }
        for (GroupKey k : keys) {
            delete(k);
        }
        return !keys.isEmpty();
    }
}
