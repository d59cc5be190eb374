/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.storage.SegmentStore;
import io.skald.storage.index.CommitLog;
import io.skald.storage.index.CommitResult;
import io.skald.storage.index.IndexVersion;
import io.skald.storage.index.LogRecord;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Commits segments that an index has lost, by what their footers say. Entries that are stored twice by that count once, but which delete
 * requests were applied to a segment, and by which rule of retention it is kept, only the index knew.
 *
 * @param segments how many of a tenant were committed
 * @param entries of these
 */
public record Adoption(int segments, long entries) {
    /** Segments in one commit: well within what an item of DynamoDB holds. */
    private static final int COMMIT = 500;

    private static final String SUFFIX = ".seg";

    /** The keys of segments in a store, by tenant. */
    public static Map<TenantId, List<String>> keys(SegmentStore store) throws StoreException {
        Map<TenantId, List<String>> keys = new TreeMap<>();
        for (String key : store.list("")) {
            int slash = key.indexOf('/');
            if (slash > 0 && key.endsWith(SUFFIX)) {
                keys.computeIfAbsent(new TenantId(key.substring(0, slash)), t -> new ArrayList<>())
                        .add(key);
            }
        }
        return keys;
    }

    /**
     * Commits those of a tenant's segments that its log does not know. Nobody else may write to the index or the store meanwhile.
     *
     * @param keys of objects in the store
     * @param damaged takes what is wrong with segments that are left out
     * @throws StoreException if the store or the log cannot be read or written
     */
    public static Adoption adopt(
            SegmentStore store, CommitLog log, TenantId tenant, Collection<String> keys, List<String> damaged)
            throws StoreException {
        IndexVersion version = log.read(tenant);
        Set<String> known = new HashSet<>();
        version.segments().forEach(s -> known.add(s.key()));
        List<SegmentRef> refs = new ArrayList<>();
        for (String key : keys) {
            if (!known.contains(key)) {
                try {
                    refs.add(SegmentFooters.ref(store, key));
                } catch (StoreException.CorruptData e) {
                    damaged.add(String.valueOf(e.getMessage()));
                }
            }
        }
        for (int i = 0; i < refs.size(); i += COMMIT) {
            LogRecord record = new LogRecord(
                    UUID.randomUUID(), refs.subList(i, Math.min(refs.size(), i + COMMIT)), List.of(), null);
            CommitResult result = log.commit(tenant, record);
            if (!(result instanceof CommitResult.Committed)) {
                throw new StoreException("segments of tenant " + tenant + " cannot be committed: " + result);
            }
        }
        return new Adoption(
                refs.size(), refs.stream().mapToLong(SegmentRef::entries).sum());
    }
}
