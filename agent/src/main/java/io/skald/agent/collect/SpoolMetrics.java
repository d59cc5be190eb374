/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.collect;

import io.prometheus.client.Collector;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import java.util.List;

/** Numbers about the outbox. Registered for as long as it is not closed. */
public final class SpoolMetrics implements AutoCloseable {
    final Gauge bytes = Gauge.build("skald_agent_spool_bytes", "Bytes of the outbox on disk.")
            .create();
    final Counter batches = Counter.build("skald_agent_spool_batches", "Batches put into the outbox.")
            .create();
    final Counter fullSeconds = Counter.build(
                    "skald_agent_spool_full_seconds", "Time for which reading waited because the outbox was full.")
            .create();
    final Counter dropped = Counter.build("skald_agent_dropped_lines", "Lines that were given up, by reason and level.")
            .labelNames("reason", "level")
            .create();

    private final CollectorRegistry registry;
    private final List<Collector> all = List.of(bytes, batches, fullSeconds, dropped);

    public SpoolMetrics(CollectorRegistry registry) {
        this.registry = registry;
        all.forEach(registry::register);
    }

    void spooled(Batch b, long diskBytes) {
        bytes.set((double) diskBytes);
        if (!b.streams().isEmpty()) {
            batches.inc();
        }
    }

    void full(long nanos) {
        fullSeconds.inc(nanos / 1e9);
    }

    @Override
    public void close() {
        all.forEach(registry::unregister);
    }
}
