/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import java.util.Map;

/**
 * An alert to be told of.
 *
 * @param startsAtNanos since when it fires
 * @param endsAtNanos when it ended, or after when it may be held for ended if nothing more is heard of it
 * @param link where its lines can be seen
 */
public record Outgoing(
        TenantId tenant,
        Labels labels,
        Map<String, String> annotations,
        long startsAtNanos,
        long endsAtNanos,
        boolean resolved,
        String link) {

    /** Takes alerts. Does not block. */
    public interface Sink {
        void send(java.util.List<Outgoing> alerts);
    }
}
