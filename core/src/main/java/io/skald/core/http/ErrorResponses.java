/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.http;

import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** Turns what a handler throws into a response: the one place that does. */
final class ErrorResponses {
    private static final Logger LOG = System.getLogger(HttpServer.class.getName());
    private static final String RETRY_AFTER_SECONDS = "1";

    private ErrorResponses() {}

    static HttpResponse of(Throwable e, HttpRequest request) {
        return switch (e) {
            case RequestException r -> text(r.code().httpStatus(), r.getMessage());
            case StoreException.Throttled t -> store(503, t, request);
            case StoreException.Unavailable u -> store(503, u, request);
            case StoreException.Stale s -> store(503, s, request);
            case StoreException s -> store(500, s, request);
            case InterruptedException i -> text(503, "the server is stopping");
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
        return text(status, Objects.requireNonNullElse(e.getMessage(), e.toString()));
    }

    /** An error; one that says that the same request may succeed soon, says when. */
    static HttpResponse text(int status, String text) {
        HttpResponse plain = HttpResponse.text(status, text);
        if (status != 429 && status != 503) {
            return plain;
        }
        Map<String, String> headers = new TreeMap<>(plain.headers());
        headers.put("Retry-After", RETRY_AFTER_SECONDS);
        return new HttpResponse(status, headers, plain.body());
    }
}
