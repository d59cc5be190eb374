/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.http;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * What a handler answers.
 *
 * @param status HTTP status
 * @param headers beside Content-Length and Date, which the server sets
 * @param body writes the body; small bodies are sent with a length, long ones chunked as they are written
 */
public record HttpResponse(int status, Map<String, String> headers, Body body) {
    public static final String JSON = "application/json; charset=UTF-8";
    public static final String TEXT = "text/plain; charset=utf-8";

    /** Writes a response body. Runs on the handler's thread, and may block when the client reads slowly. */
    @FunctionalInterface
    public interface Body {
        void writeTo(OutputStream out) throws IOException;
    }

    public static HttpResponse of(int status, String contentType, byte[] body) {
        return new HttpResponse(status, Map.of("Content-Type", contentType), out -> out.write(body));
    }

    public static HttpResponse of(int status, String contentType, String body) {
        return of(status, contentType, body.getBytes(StandardCharsets.UTF_8));
    }

    public static HttpResponse text(int status, String body) {
        return of(status, TEXT, body);
    }

    public static HttpResponse json(String body) {
        return of(200, JSON, body);
    }

    /** 204 without a body. */
    public static HttpResponse noContent() {
        return new HttpResponse(204, Map.of(), out -> {});
    }

    /** This response with one more header. */
    public HttpResponse with(String name, String value) {
        Map<String, String> more = new HashMap<>(headers);
        more.put(name, value);
        return new HttpResponse(status, more, body);
    }
}
