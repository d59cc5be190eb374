/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.push;

import io.prometheus.client.Collector;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import java.util.List;

/** Numbers about sending, by client. Registered for as long as it is not closed. */
public final class PushMetrics implements AutoCloseable {
    final Counter ackedLines = counter("acked_lines", "Lines that an ingester has acknowledged.");
    final Counter ackedBytes = counter("acked_bytes", "Bytes of lines in acknowledged pushes.");
    final Counter sentBytes = counter("sent_bytes", "Bytes of acknowledged pushes as they are in the outbox.");
    final Counter rejectedLines =
            counter("rejected_lines", "Lines that were refused for good; whole pushes are in the directory rejected.");
    final Counter retries = counter("push_retries", "Pushes that failed and were tried again.");

    private final CollectorRegistry registry;
    private final List<Collector> all = List.of(ackedLines, ackedBytes, sentBytes, rejectedLines, retries);

    public PushMetrics(CollectorRegistry registry) {
        this.registry = registry;
        all.forEach(registry::register);
    }

    private static Counter counter(String name, String help) {
        return Counter.build("skald_agent_" + name, help).labelNames("client").create();
    }

    @Override
    public void close() {
        all.forEach(registry::unregister);
    }
}
