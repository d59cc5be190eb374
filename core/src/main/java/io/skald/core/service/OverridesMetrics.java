/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.service;

import io.prometheus.client.Collector;
import io.prometheus.client.CounterMetricFamily;
import io.prometheus.client.GaugeMetricFamily;
import io.skald.core.config.OverridesFile;
import java.util.List;

/** What became of the file with limits that is read again when it changes. Thread-safe. */
public final class OverridesMetrics extends Collector {
    private final OverridesFile file;

    public OverridesMetrics(OverridesFile file) {
        this.file = file;
    }

    @Override
    public List<MetricFamilySamples> collect() {
        CounterMetricFamily reloads = new CounterMetricFamily(
                "skald_overrides_reloads",
                "Changes of the file with limits, by what became of them.",
                List.of("result"));
        reloads.addMetric(List.of("success"), (double) file.reloads());
        reloads.addMetric(List.of("failure"), (double) file.failures());
        return List.of(
                reloads,
                new GaugeMetricFamily(
                        "skald_overrides_good",
                        "1 when the file with limits as it is now is in force, 0 when an older one is.",
                        file.good() ? 1 : 0));
    }
}
