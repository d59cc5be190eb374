/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.LogSource;
import io.skald.core.wire.RecentEntries;
import io.skald.querier.source.ExactSource;
import java.util.List;

/** Where the entries of tenants are read. Thread-safe. */
public interface Sources {
    /** Everything of one tenant. */
    LogSource of(TenantId tenant);

    /** Everything of several tenants, each stream with a label {@code __tenant_id__}. */
    LogSource across(List<TenantId> tenants);

    /** What is in segments now of one tenant; where a tail catches up that fell behind what ingesters hold. */
    ExactSource.Stored stored(TenantId tenant) throws StoreException;

    /** The ingesters that a tail follows; those that are known now. */
    List<RecentEntries> ingesters();
}
