/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.notify;

import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import java.util.function.DoubleSupplier;

/** What the notification of alerts counts, by receiver. */
final class NotifyMetrics {
    final Counter sent;
    final Counter dropped;
    final Counter failures;
    private final Gauge queue;

    NotifyMetrics(CollectorRegistry registry, int capacity) {
        sent = Counter.build("skald_rules_notifications_sent_total", "Alerts that a receiver took.")
                .labelNames("receiver")
                .register(registry);
        dropped = Counter.build(
                        "skald_rules_notifications_dropped_total",
                        "Alerts that were dropped: the queue was full, or the receiver refused them.")
                .labelNames("receiver")
                .register(registry);
        failures = Counter.build("skald_rules_notification_failures_total", "Attempts to send alerts that failed.")
                .labelNames("receiver")
                .register(registry);
        queue = Gauge.build("skald_rules_notifications_queue_length", "Alerts that wait for a receiver.")
                .labelNames("receiver")
                .register(registry);
        Gauge.build("skald_rules_notifications_queue_capacity", "Most alerts that wait for a receiver.")
                .register(registry)
                .set(capacity);
    }

    void receiver(String name, DoubleSupplier waiting) {
        queue.setChild(
                new Gauge.Child() {
                    @Override
                    public double get() {
                        return waiting.getAsDouble();
                    }
                },
                name);
        sent.labels(name).inc(0);
        dropped.labels(name).inc(0);
        failures.labels(name).inc(0);
    }

    void remove(String name) {
        queue.remove(name);
    }
}
