/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.storage.SegmentStore;
import io.skald.storage.index.CommitLog;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Finds objects that no commit knows: what a crash left between writing a segment and committing it, or between a commit and a removal. */
public final class OrphanSegments {
    private static final System.Logger LOG = System.getLogger(OrphanSegments.class.getName());
    private static final String SUFFIX = ".seg";
    /** A crash leaves a few at most. */
    private static final int FEW = 8;

    private OrphanSegments() {}

    /**
     * Removes the segments that are in no tenant's log. Only for a store that one process owns, before that process writes to it: a segment that is
     * being written looks the same. One that is damaged is left, and so are those of a tenant that has more of them than segments: rather its log was
     * lost.
     *
     * @return the keys that were removed
     * @throws StoreException if the store or the log cannot be read; a segment that cannot be removed is logged and stays
     */
    public static List<String> sweep(SegmentStore store, CommitLog log) throws StoreException {
        List<String> keys = store.list("");
        Set<String> live = new HashSet<>();
        for (TenantId tenant : log.tenants()) {
            try {
                log.read(tenant).segments().forEach(s -> live.add(s.key()));
            } catch (StoreException.CorruptData e) {
                LOG.log(System.Logger.Level.ERROR, "segments of tenant " + tenant + " are left alone", e);
                keys.stream().filter(k -> k.startsWith(tenant.value() + "/")).forEach(live::add);
            }
        }
        Map<String, List<String>> unknown = new TreeMap<>();
        Map<String, Integer> known = new TreeMap<>();
        for (String key : keys) {
            String tenant = key.substring(0, Math.max(0, key.indexOf('/')));
            if (live.contains(key)) {
                known.merge(tenant, 1, Integer::sum);
            } else if (key.endsWith(SUFFIX)) {
                unknown.computeIfAbsent(tenant, t -> new ArrayList<>()).add(key);
            }
        }
        List<String> removed = new ArrayList<>();
        for (Map.Entry<String, List<String>> of : unknown.entrySet()) {
            if (of.getValue().size() > FEW + known.getOrDefault(of.getKey(), 0)) {
                LOG.log(
                        System.Logger.Level.ERROR,
                        "{0} segments of tenant {1} are in no commit and are left alone, as the index has fewer: if it was lost, see skald index rebuild;"
                                + " if not, skald fsck --delete-orphans",
                        of.getValue().size(),
                        of.getKey());
                continue;
            }
            for (String key : of.getValue()) {
                try {
                    SegmentFooters.ref(store, key);
                    store.delete(key);
                    removed.add(key);
                } catch (StoreException.CorruptData e) {
                    // a crash leaves none that are not whole
                    LOG.log(
                            System.Logger.Level.ERROR,
                            "segment " + key
                                    + " is in no commit and damaged, and left alone: see skald fsck --delete-orphans",
                            e);
                } catch (StoreException e) {
                    LOG.log(
                            System.Logger.Level.WARNING,
                            "segment " + key + " is in no commit and cannot be removed",
                            e);
                }
            }
        }
        if (!removed.isEmpty()) {
            LOG.log(System.Logger.Level.INFO, "removed {0} segments that no commit knows", removed.size());
        }
        return removed;
    }
}
