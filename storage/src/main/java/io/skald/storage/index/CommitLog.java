/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.index;

import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.storage.IndexStore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The commit logs of all tenants in an index store: which segments exist and how far each ingester's WAL is covered by them. A commit is
 * one conditional put of the next record by a writer that has read all before; readers follow by number. Thread-safe; calls block on I/O.
 * Closing the store is the caller's.
 */
public final class CommitLog {
    private static final String LOG_SUFFIX = "/log";
    private static final String CHECKPOINT_SUFFIX = "/checkpoint";

    private final IndexStore store;
    private final int checkpointInterval;
    private final ConcurrentHashMap<TenantId, TenantLog> tenants = new ConcurrentHashMap<>();

    public CommitLog(IndexStore store) {
        this(store, LogFormat.CHECKPOINT_INTERVAL);
    }

    CommitLog(IndexStore store, int checkpointInterval) {
        this.store = store;
        this.checkpointInterval = checkpointInterval;
    }

    /**
     * The state of a tenant, strongly consistent: it holds every commit that was acknowledged before the call. Calls that wait at the same
     * time share one read, which began after each of them did.
     *
     * @throws StoreException.CorruptData if a record of the log is not readable; names it
     */
    public IndexVersion read(TenantId tenant) throws StoreException {
        TenantLog log = log(tenant);
        IndexVersion v = log.read();
        if (v.n() == 0) {
            // nothing is known of this tenant: keep no memory of those that were only asked for
            tenants.remove(tenant, log);
        }
        return v;
    }

    /**
     * Commits a record, after as many others as come first, if its premises hold then: the fence starts where it stands, all segments
     * to remove exist, delete requests that concern them were applied, and no key to add was voided.
     *
     * @throws StoreException the record is longer than the format allows, and was not written; or it is unknown whether the record was written; call again with the same record (and nonce) to find out
     * @throws IllegalArgumentException if a key or id exceeds the limits of the format, or a segment is added that exists
     */
    public CommitResult commit(TenantId tenant, LogRecord entry) throws StoreException {
        return log(tenant).commit(entry);
    }

    /** Tenants that ever committed anything, sorted. */
    public List<TenantId> tenants() throws StoreException {
        List<TenantId> found = new ArrayList<>();
        for (String p : store.partitions("")) {
            if (p.endsWith(LOG_SUFFIX)) {
                found.add(new TenantId(p.substring(0, p.length() - LOG_SUFFIX.length())));
            }
        }
        found.sort(null);
        return found;
    }

    /** Removes all records of a tenant, when they cannot be read. Nobody else may use the log meanwhile. */
    public void forget(TenantId tenant) throws StoreException {
        store.deleteBefore(tenant.value() + LOG_SUFFIX, Long.MAX_VALUE);
        store.deleteBefore(tenant.value() + CHECKPOINT_SUFFIX, Long.MAX_VALUE);
        tenants.remove(tenant);
    }

    private TenantLog log(TenantId tenant) {
        return tenants.computeIfAbsent(
                tenant,
                t -> new TenantLog(store, t.value() + LOG_SUFFIX, t.value() + CHECKPOINT_SUFFIX, checkpointInterval));
    }
}
