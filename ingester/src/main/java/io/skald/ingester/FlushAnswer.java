/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester;

import io.skald.core.http.HttpResponse;
import io.skald.core.model.TenantId;
import io.skald.ingester.flush.Flushed;
import java.util.stream.Collectors;

/** What {@code POST /flush} answers. */
final class FlushAnswer {
    private FlushAnswer() {}

    static HttpResponse of(Flushed f) {
        // a tenant's name needs no escapes
        String tenants = f.tenants().stream()
                .map(TenantId::value)
                .map(t -> '"' + t + '"')
                .collect(Collectors.joining(","));
        return HttpResponse.json(
                "{\"tenants\":[" + tenants + "],\"segments\":" + f.segments() + ",\"entries\":" + f.entries()
                        + ",\"lineBytes\":" + f.lineBytes() + ",\"storedBytes\":" + f.storedBytes() + ",\"seconds\":"
                        + Math.round(f.nanos() / 1e6) / 1e3
                        + "}\n");
    }
}
