/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.aws;

import io.skald.storage.StoreMetrics;
import java.util.List;
import software.amazon.awssdk.core.metrics.CoreMetric;
import software.amazon.awssdk.metrics.MetricCollection;
import software.amazon.awssdk.metrics.MetricPublisher;

/** Counts what only the client itself knows: attempts after the first, and those that were throttled. Thread-safe. */
final class AttemptCounter implements MetricPublisher {
    private static final String THROTTLING = "Throttling";

    private final String store;
    private final StoreMetrics metrics;

    AttemptCounter(String store, StoreMetrics metrics) {
        this.store = store;
        this.metrics = metrics;
    }

    @Override
    public void publish(MetricCollection call) {
        List<String> operation = call.metricValues(CoreMetric.OPERATION_NAME);
        int retried = 0;
        for (Integer n : call.metricValues(CoreMetric.RETRY_COUNT)) {
            retried += n;
        }
        long throttled = call.children().stream()
                .filter(a -> a.metricValues(CoreMetric.ERROR_TYPE).contains(THROTTLING))
                .count();
        metrics.attempts(store, operation.isEmpty() ? "" : operation.getFirst(), retried, Math.toIntExact(throttled));
    }

    @Override
    public void close() {}
}
