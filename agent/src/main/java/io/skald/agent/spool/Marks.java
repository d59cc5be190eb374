/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.spool;

import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import java.util.Map;

/**
 * The last time given to an entry of each stream, nanoseconds since 1970.
 *
 * @param times by stream
 */
public record Marks(Map<Stream, Long> times) {
    /** A tenant's stream. */
    public record Stream(TenantId tenant, Labels labels) {}

    public Marks {
        times = Map.copyOf(times);
    }
}
