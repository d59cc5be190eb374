/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;

/** Counts what sources that are no files bring. Thread-safe. */
public final class ReceiveMetrics {
    private static final System.Logger LOG = System.getLogger(ReceiveMetrics.class.getName());
    private static final int SHOWN = 200;

    private final Counter received;
    private final Counter malformed;

    /** @param registry takes the metrics; it goes with the agent */
    public ReceiveMetrics(CollectorRegistry registry) {
        received = Counter.build("skald_agent_received_entries_total", "Entries from sources that are no files.")
                .labelNames("job")
                .register(registry);
        malformed = Counter.build(
                        "skald_agent_malformed_entries_total",
                        "Messages, records and requests that do not have the form of their source.")
                .labelNames("job", "reason")
                .register(registry);
    }

    void received(String job, int entries) {
        received.labels(job).inc(entries);
    }

    /**
     * Counts something malformed, and names the first and every thousandth of a kind.
     *
     * @param reason what is wrong with it, one of a few
     * @param what it, or what tells it from others
     */
    void malformed(String job, String reason, String what) {
        Counter.Child c = malformed.labels(job, reason);
        c.inc();
        if (c.get() % 1000 == 1) {
            String shown = what.length() > SHOWN ? what.substring(0, SHOWN) + "…" : what;
            LOG.log(System.Logger.Level.WARNING, () -> job + ": " + reason + ": " + shown);
        }
    }
}
