/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import io.skald.core.config.Limits;
import io.skald.core.config.TenantLimits;
import io.skald.core.http.HttpRequest;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.LogSource;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Whose data a request asks for: one tenant, or several written as {@code a|b}.
 *
 * @param ids sorted, each once, at least one
 * @param federated whether streams say whose they are, which they do as soon as the header has a bar
 */
record Tenants(List<TenantId> ids, boolean federated) {
    static final String LABEL = "__tenant_id__";

    static Tenants of(HttpRequest request, boolean multiTenant) {
        if (!multiTenant) {
            return new Tenants(List.of(TenantId.DEFAULT), false);
        }
        String header = request.header(HttpRequest.TENANT_HEADER);
        if (header == null || header.isEmpty()) {
            throw new RequestException(ErrorCode.UNAUTHORIZED, "no org id");
        }
        TreeSet<TenantId> ids = new TreeSet<>();
        for (String id : header.split("\\|", -1)) {
            if (!id.isEmpty()) {
                ids.add(new TenantId(id));
            }
        }
        if (ids.isEmpty()) {
            throw new RequestException(ErrorCode.UNAUTHORIZED, "no org id");
        }
        return new Tenants(List.copyOf(ids), header.indexOf('|') >= 0);
    }

    LogSource source(Sources sources) {
        return federated ? sources.across(ids) : sources.of(ids.getFirst());
    }

    /** Who shares turns with whom: one tenant, or the same several. */
    String key() {
        return ids.stream().map(TenantId::value).collect(Collectors.joining("|"));
    }

    /** The limits of every tenant; a request must keep them all. */
    List<Limits> limits(TenantLimits limits) {
        return ids.stream().map(limits::of).toList();
    }
}
