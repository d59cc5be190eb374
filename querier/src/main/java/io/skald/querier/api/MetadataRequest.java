/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import io.skald.core.config.Limits;
import io.skald.core.http.HttpRequest;
import io.skald.core.scan.LogSource;
import java.util.List;

/**
 * What the endpoints over series, sizes and fields ask first: whose data, where, of which time.
 *
 * @param limits of every tenant asked
 * @param range cut to what the tenant may look at
 */
record MetadataRequest(
        HttpRequest http, Tenants tenants, LogSource source, List<Limits> limits, TimeParams.Range range) {
    /** @throws io.skald.core.model.RequestException for a bad time, no tenant, or a range beyond the limits */
    static MetadataRequest of(HttpRequest request, QueryServices services) {
        Tenants tenants = Tenants.of(request, services.multiTenant());
        long now = services.clockNanos().getAsLong();
        TimeParams.Range range = TimeParams.range(request, now);
        List<Limits> limits = tenants.limits(services.limits());
        return new MetadataRequest(
                request, tenants, tenants.source(services.sources()), limits, LimitChecks.range(limits, range, 0, now));
    }

    String query() {
        return http.paramOr("query", "");
    }
}
