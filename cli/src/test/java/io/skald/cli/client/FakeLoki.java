/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.client;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** A server that answers every range query with its entries, page by page, as Loki does; other paths with fixed bodies. */
final class FakeLoki implements AutoCloseable {
    record Entry(long time, String stream, String line) {}

    final List<Entry> entries = new ArrayList<>();
    final Map<String, String> fixed = new LinkedHashMap<>();
    final List<String> requests = new CopyOnWriteArrayList<>();
    int maxEntries = 5000;
    private final HttpServer server;

    FakeLoki() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::handle);
        server.start();
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    private void handle(HttpExchange exchange) throws IOException {
        Map<String, String> params = new LinkedHashMap<>();
        String query = exchange.getRequestURI().getRawQuery();
        if (query != null) {
            for (String p : query.split("&")) {
                String[] kv = p.split("=", 2);
                params.put(kv[0], URLDecoder.decode(kv[1], StandardCharsets.UTF_8));
            }
        }
        String path = exchange.getRequestURI().getPath();
        requests.add(
                path + " " + params + " tenant=" + exchange.getRequestHeaders().getFirst("X-Scope-OrgID"));
        int status = 200;
        String body;
        if (fixed.containsKey(path)) {
            body = fixed.get(path);
            status = body.startsWith("{") ? 200 : 400;
        } else if (Integer.parseInt(params.get("limit")) > maxEntries) {
            status = 400;
            body = "max entries limit per query exceeded, limit > max_entries_limit_per_query (" + params.get("limit")
                    + " > " + maxEntries + ")";
        } else {
            body = page(params);
        }
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private String page(Map<String, String> params) {
        long start = Long.parseLong(params.get("start"));
        long end = Long.parseLong(params.get("end"));
        boolean forward = "forward".equals(params.get("direction"));
        Comparator<Entry> order = Comparator.comparingLong(Entry::time);
        List<Entry> chosen = entries.stream()
                .filter(e -> e.time >= start && e.time < end)
                .sorted(forward ? order : order.reversed())
                .limit(Integer.parseInt(params.get("limit")))
                .toList();
        Map<String, StringBuilder> streams = new LinkedHashMap<>();
        for (Entry e : chosen) {
            StringBuilder b = streams.computeIfAbsent(e.stream, s -> new StringBuilder());
            b.append(b.isEmpty() ? "" : ",").append("[\"" + e.time + "\",\"" + e.line + "\"]");
        }
        StringBuilder b =
                new StringBuilder("{\"status\":\"success\",\"data\":{\"resultType\":\"streams\",\"result\":[");
        streams.forEach((name, values) -> b.append(b.charAt(b.length() - 1) == '[' ? "" : ",")
                .append("{\"stream\":{\"app\":\"" + name + "\"},\"values\":[" + values + "]}"));
        return b.append("],\"stats\":{}}}").toString();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
