/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import com.fasterxml.jackson.core.JsonGenerator;
import io.skald.core.config.Limits;
import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.service.BuildInfo;
import io.skald.logql.parser.DurationText;
import java.io.IOException;
import java.time.Duration;

/** {@code drilldown-limits}: what a client should know of a tenant's limits before it asks. Thread-safe. */
final class LimitsHandler {
    private final QueryServices services;

    LimitsHandler(QueryServices services) {
        this.services = services;
    }

    HttpResponse drilldown(HttpRequest request) {
        Limits l = services.limits().of(request.tenant(services.multiTenant()));
        return JsonAnswer.of(g -> {
            g.writeObjectFieldStart("limits");
            g.writeBooleanField("discover_log_levels", l.discoverLogLevels());
            QueryJson.strings(g, "discover_service_name", l.discoverServiceName());
            g.writeNumberField("max_entries_limit_per_query", l.maxEntriesLimitPerQuery());
            g.writeBooleanField("max_line_size_truncate", l.maxLineSizeTruncate());
            g.writeNumberField("max_query_bytes_read", l.maxQueryBytesRead());
            duration(g, "max_query_length", l.maxQueryLength());
            duration(g, "max_query_lookback", l.maxQueryLookback());
            duration(g, "max_query_range", l.maxQueryRange());
            g.writeNumberField("max_query_series", l.maxQuerySeries());
            duration(g, "query_timeout", l.queryTimeout());
            g.writeBooleanField("volume_enabled", l.volumeEnabled());
            g.writeNumberField("volume_max_series", l.volumeMaxSeries());
            g.writeEndObject();
            g.writeBooleanField("pattern_ingester_enabled", l.patternsEnabled());
            g.writeStringField("version", BuildInfo.LOKI_API_VERSION);
        });
    }

    private static void duration(JsonGenerator g, String name, Duration d) throws IOException {
        g.writeStringField(name, d.isZero() ? "0s" : DurationText.formatUnits(d.toNanos()));
    }
}
