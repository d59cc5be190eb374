/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.http;

import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.core.model.TenantId;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A request as a handler sees it.
 *
 * @param method upper case
 * @param path decoded path without the query string
 * @param pathParams values of the {@code {name}} parts of the route's pattern
 * @param params parameters of a form body and, after them, of the query string (so that those of the body win); in order, repeated names
 *     kept
 * @param headers names in lower case; several headers of one name are joined with a comma
 * @param body as sent (not decompressed); empty for a form body that was parsed into {@code params}
 * @param disconnected turns true when the client has hung up, so that long work can stop
 */
public record HttpRequest(
        String method,
        String path,
        Map<String, String> pathParams,
        Map<String, List<String>> params,
        Map<String, String> headers,
        byte[] body,
        BooleanSupplier disconnected) {
    /** Whose data a request is about, for servers with multi-tenancy. */
    public static final String TENANT_HEADER = "x-scope-orgid";

    /** The first value of a parameter, or null. */
    public @Nullable String param(String name) {
        List<String> values = params.get(name);
        return values == null || values.isEmpty() ? null : values.getFirst();
    }

    public String paramOr(String name, String fallback) {
        String v = param(name);
        return v == null || v.isEmpty() ? fallback : v;
    }

    /** All values of a parameter. */
    public List<String> paramValues(String name) {
        return params.getOrDefault(name, List.of());
    }

    public @Nullable String header(String name) {
        return headers.get(name.toLowerCase(Locale.ROOT));
    }

    public String pathParam(String name) {
        String v = pathParams.get(name);
        if (v == null) {
            throw new IllegalStateException("route has no {" + name + "}");
        }
        return v;
    }

    /** The tenant named by the header, checked; {@link TenantId#DEFAULT} when multi-tenancy is off. */
    public TenantId tenant(boolean multiTenant) {
        if (!multiTenant) {
            return TenantId.DEFAULT;
        }
        String id = header(TENANT_HEADER);
        if (id == null || id.isEmpty()) {
            throw new RequestException(ErrorCode.UNAUTHORIZED, "no org id");
        }
        return new TenantId(id);
    }
}
