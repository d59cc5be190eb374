/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.http;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.skald.core.model.RequestException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** One request and its response. The head is filled on the event loop, the rest runs on the request's own virtual thread. */
final class Exchange {
    private static final Logger LOG = System.getLogger(HttpServer.class.getName());

    private final Connection connection;
    private final HttpMetrics metrics;
    private final Duration stall;
    final io.netty.handler.codec.http.HttpRequest head;
    final String rawPath;
    final RouteTable.Match match;

    Exchange(
            Connection connection,
            HttpMetrics metrics,
            Duration stall,
            io.netty.handler.codec.http.HttpRequest head,
            RouteTable routes) {
        this.connection = connection;
        this.metrics = metrics;
        this.stall = stall;
        this.head = head;
        this.rawPath = rawPath(head.uri());
        this.match = routes.match(head.method().name(), rawPath);
    }

    private static String rawPath(String uri) {
        String path = uri;
        int scheme = uri.indexOf("://");
        if (scheme > 0 && !uri.startsWith("/")) {
            int slash = uri.indexOf('/', scheme + 3);
            path = slash < 0 ? "/" : uri.substring(slash);
        }
        int query = path.indexOf('?');
        return query < 0 ? path : path.substring(0, query);
    }

    String route() {
        return switch (match) {
            case RouteTable.Found f -> f.pattern();
            case RouteTable.WrongMethod w -> w.pattern();
            case RouteTable.Unknown u -> HttpMetrics.NO_ROUTE;
        };
    }

    /**
     * Answers the request. Never throws: what cannot be answered closes the connection.
     *
     * @return whether the connection can take another request
     */
    boolean answer(byte[] body, boolean keepAlive) {
        long start = System.nanoTime();
        ResponseStream.Terms terms = terms(keepAlive);
        HttpRequest bare = request(Map.of(), Map.of(), body);
        int status = 499;
        boolean reusable = false;
        try {
            HttpResponse response = respond(bare, body);
            status = response.status();
            reusable = send(bare, response, terms);
        } catch (IOException e) {
            LOG.log(Level.DEBUG, () -> bare.method() + " " + bare.path() + ": " + e.getMessage());
        }
        metrics.answered(route(), bare.method(), reusable || !connection.isGone() ? status : 499, start);
        return reusable;
    }

    /** Answers with an error that was found before a handler could run. */
    boolean refuse(int status, String text, boolean keepAlive) {
        long start = System.nanoTime();
        boolean sent = false;
        try {
            sent = send(request(Map.of(), Map.of(), new byte[0]), ErrorResponses.text(status, text), terms(keepAlive));
        } catch (IOException e) {
            LOG.log(Level.DEBUG, () -> "refused with " + status + ": " + e.getMessage());
        }
        metrics.answered(route(), head.method().name(), status, start);
        return sent;
    }

    /** Answers with a response that is there already, and closes. */
    void answerWith(HttpResponse response) {
        long start = System.nanoTime();
        try {
            send(request(Map.of(), Map.of(), new byte[0]), response, terms(false));
        } catch (IOException e) {
            LOG.log(Level.DEBUG, () -> "answer not sent: " + e.getMessage());
        }
        metrics.answered(route(), head.method().name(), response.status(), start);
    }

    private ResponseStream.Terms terms(boolean keepAlive) {
        boolean http11 = head.protocolVersion().minorVersion() >= 1;
        return new ResponseStream.Terms(
                head.method().name().equals("HEAD"),
                http11,
                acceptsGzip(head.headers().get(HttpHeaderNames.ACCEPT_ENCODING, "")),
                keepAlive);
    }

    static boolean acceptsGzip(String accepted) {
        for (String part : accepted.toLowerCase(Locale.ROOT).split(",")) {
            String[] tokenAndQ = part.split(";", 2);
            String token = tokenAndQ[0].trim();
            if (token.equals("gzip") || token.equals("*")) {
                return tokenAndQ.length < 2 || !tokenAndQ[1].trim().matches("q\\s*=\\s*0(\\.0*)?");
            }
        }
        return false;
    }

    private HttpResponse respond(HttpRequest bare, byte[] body) {
        // what a handler may throw is open by contract, and whatever it is must become a response
        try {
            return switch (match) {
                case RouteTable.Found f ->
                    switch (f.target()) {
                        case RouteTable.Plain p -> p.handler().handle(full(f, body));
                        case RouteTable.Socket s -> HttpResponse.text(400, "this path serves WebSockets only");
                    };
                case RouteTable.WrongMethod w ->
                    new HttpResponse(405, Map.of("Allow", String.join(", ", w.allowed())), out -> {});
                case RouteTable.Unknown u -> HttpResponse.text(404, "404 page not found\n");
            };
        } catch (Exception | StackOverflowError e) {
            return ErrorResponses.of(e, bare);
        }
    }

    private boolean send(HttpRequest request, HttpResponse response, ResponseStream.Terms terms) throws IOException {
        ResponseStream out = new ResponseStream(connection, stall, response.status(), response.headers(), terms);
        try {
            response.body().writeTo(out);
            out.finish();
            return terms.keepAlive() && (terms.chunks() || !out.isCommitted());
        } catch (IOException | RuntimeException | StackOverflowError e) {
            if (connection.isGone()) {
                throw new IOException("client is gone", e);
            }
            if (out.isCommitted()) {
                // the client must see that the answer is not whole: cut it before its last chunk
                LOG.log(Level.WARNING, request.method() + " " + request.path() + " failed within its answer", e);
                connection.close();
                return false;
            }
            HttpResponse error = ErrorResponses.of(e, request);
            ResponseStream second = new ResponseStream(connection, stall, error.status(), error.headers(), terms);
            error.body().writeTo(second);
            second.finish();
            return terms.keepAlive();
        }
    }

    /** The request with everything decoded. */
    HttpRequest full(RouteTable.Found found, byte[] body) {
        Map<String, List<String>> params = new LinkedHashMap<>();
        byte[] rest = body;
        String method = head.method().name();
        if (isForm() && (method.equals("POST") || method.equals("PUT") || method.equals("PATCH"))) {
            UrlEncoding.decodeInto(new String(body, StandardCharsets.UTF_8), params);
            rest = new byte[0];
        }
        int query = head.uri().indexOf('?');
        if (query >= 0) {
            UrlEncoding.decodeInto(head.uri().substring(query + 1), params);
        }
        return request(found.pathParams(), params, rest);
    }

    private boolean isForm() {
        String type = head.headers().get(HttpHeaderNames.CONTENT_TYPE, "");
        int semicolon = type.indexOf(';');
        return (semicolon < 0 ? type : type.substring(0, semicolon))
                .trim()
                .equalsIgnoreCase("application/x-www-form-urlencoded");
    }

    private HttpRequest request(Map<String, String> pathParams, Map<String, List<String>> params, byte[] body) {
        Map<String, String> headers = new HashMap<>();
        head.headers()
                .forEach(h -> headers.merge(h.getKey().toLowerCase(Locale.ROOT), h.getValue(), (a, b) -> a + "," + b));
        String path;
        try {
            path = UrlEncoding.decode(rawPath, false);
        } catch (RequestException e) {
            path = rawPath;
        }
        return new HttpRequest(head.method().name(), path, pathParams, params, headers, body, connection::isGone);
    }
}
