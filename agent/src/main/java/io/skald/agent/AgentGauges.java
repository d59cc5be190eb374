/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent;

import io.prometheus.client.Collector;
import io.prometheus.client.GaugeMetricFamily;
import java.util.List;

/** Numbers that are asked for when metrics are read. */
final class AgentGauges extends Collector {
    private final Agent agent;

    AgentGauges(Agent agent) {
        this.agent = agent;
    }

    @Override
    public List<MetricFamilySamples> collect() {
        long oldest = agent.oldestUnacknowledgedMillis();
        return List.of(new GaugeMetricFamily(
                "skald_agent_oldest_unacknowledged_seconds",
                "Age of the oldest push that is not acknowledged.",
                oldest == 0 ? 0 : (System.currentTimeMillis() - oldest) / 1e3));
    }
}
