/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.prometheus.client.CollectorRegistry;
import io.skald.storage.StoreMetrics;
import io.skald.storage.StoreMetrics.Usage;
import org.junit.jupiter.api.Test;

class CostApiTest {
    @Test
    void callsArePricedByWhatTheyAre() {
        StoreMetrics m = new StoreMetrics(new CollectorRegistry());
        m.call("s3", "PutObject", "a/2026-01-01/x.seg", 1, 1000, 0, true);
        m.attempts("s3", "PutObject", 2, 1);
        m.call("s3", "GetObject", "a/2026-01-01/x.seg", 1, 0, 500, true);
        m.call("s3", "DeleteObject", "b/2026-01-01/x.seg", 1, 0, 0, true);
        m.call("dynamodb", "PutItem", "a/log", 1, 200, 0, true);
        m.units("dynamodb", "PutItem", "a/log", 0, 2);
        m.units("dynamodb", "Query", "a/log", 4, 0);
        double all = m.usage().stream().mapToDouble(CostApi::price).sum();
        assertThat(all).isCloseTo(3 * 5e-6 + 4e-7 + 2 * 0.625e-6 + 4 * 0.125e-6, within(1e-12));
        assertThat(m.usage()).extracting(Usage::tenant).contains("a", "b", "");
    }
}
