/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.http;

import java.util.List;

/**
 * Collects routes. A pattern is a path with {@code {name}} for one segment ({@code /loki/api/v1/label/{name}/values}). A known path asked
 * with another method answers 405, an unknown one 404 (a trailing slash makes another path). {@code HEAD} answers 405 too, as clients of
 * Loki expect, unless a route lists it; its handler then answers as for {@code GET} and the body is left out. Filled before the server
 * starts; not thread-safe.
 */
public interface Router {
    /** Answers a request. Runs on a virtual thread; may block. */
    @FunctionalInterface
    interface Handler {
        /** @throws Exception {@link io.skald.core.model.RequestException} keeps its status; anything else becomes 500, or 503 for the store's */
        HttpResponse handle(HttpRequest request) throws Exception;
    }

    /**
     * Serves a WebSocket. Runs on a virtual thread until it returns; then the socket is closed. The handshake is made by
     * {@link WebSocket#accept} or the first {@link WebSocket#send}: what the handler throws before becomes a plain HTTP error, what it
     * throws later a close frame.
     */
    @FunctionalInterface
    interface SocketHandler {
        void handle(HttpRequest request, WebSocket socket) throws Exception;
    }

    void route(List<String> methods, String pattern, Handler handler);

    void socket(String pattern, SocketHandler handler);

    default void get(String pattern, Handler handler) {
        route(List.of("GET"), pattern, handler);
    }

    default void post(String pattern, Handler handler) {
        route(List.of("POST"), pattern, handler);
    }

    default void getOrPost(String pattern, Handler handler) {
        route(List.of("GET", "POST"), pattern, handler);
    }
}
