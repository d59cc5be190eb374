/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.push;

import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;

/** Numbers about sending. Registered for as long as it is not closed. */
public final class PushMetrics implements AutoCloseable {
    final Counter ackedLines = Counter.build("skald_agent_acked_lines", "Lines that an ingester has acknowledged.")
            .create();
    final Counter ackedBytes = Counter.build("skald_agent_acked_bytes", "Bytes of lines in acknowledged pushes.")
            .create();
    final Counter rejectedLines = Counter.build(
                    "skald_agent_rejected_lines", "Lines that were refused for good, and are lost.")
            .create();
    final Counter retries = Counter.build("skald_agent_push_retries", "Pushes that failed and were tried again.")
            .create();

    private final CollectorRegistry registry;

    public PushMetrics(CollectorRegistry registry) {
        this.registry = registry;
        registry.register(ackedLines);
        registry.register(ackedBytes);
        registry.register(rejectedLines);
        registry.register(retries);
    }

    @Override
    public void close() {
        registry.unregister(ackedLines);
        registry.unregister(ackedBytes);
        registry.unregister(rejectedLines);
        registry.unregister(retries);
    }
}
