/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.http;

import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Objects;

/** Turns what a handler throws into a response: the one place that does. */
final class ErrorResponses {
    private static final Logger LOG = System.getLogger(HttpServer.class.getName());

    private ErrorResponses() {}

    static HttpResponse of(Throwable e, HttpRequest request) {
        return switch (e) {
            case RequestException r -> HttpResponse.text(r.code().httpStatus(), r.getMessage());
            case StoreException.Throttled t -> store(503, t, request);
            case StoreException.Unavailable u -> store(503, u, request);
            case StoreException.Stale s -> store(503, s, request);
            case StoreException s -> store(500, s, request);
            case InterruptedException i -> HttpResponse.text(503, "the server is stopping");
            case Throwable t -> {
                LOG.log(Level.ERROR, request.method() + " " + request.path() + " failed", t);
                yield HttpResponse.text(500, "internal error (" + t.getClass().getSimpleName() + "), see the log");
            }
        };
    }

    private static HttpResponse store(int status, StoreException e, HttpRequest request) {
        LOG.log(
                status == 503 ? Level.WARNING : Level.ERROR,
                request.method() + " " + request.path() + " answered " + status,
                e);
        return HttpResponse.text(status, Objects.requireNonNullElse(e.getMessage(), e.toString()));
    }
}
