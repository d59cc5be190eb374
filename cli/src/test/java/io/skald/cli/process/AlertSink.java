/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.process;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Takes alerts as an Alertmanager does, and remembers when each came. */
final class AlertSink implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** An alert that came: what Alertmanager tells alerts apart by, since when it fires, and when it was told. */
    record Told(String labels, String startsAt, long endsAtMillis, long atMillis) {
        boolean resolved() {
            return endsAtMillis <= atMillis;
        }
    }

    final List<Told> told = new CopyOnWriteArrayList<>();
    private final HttpServer server;

    AlertSink() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/api/v2/alerts", this::take);
        server.start();
    }

    private void take(HttpExchange x) throws IOException {
        long now = System.currentTimeMillis();
        for (JsonNode a : JSON.readTree(x.getRequestBody().readAllBytes())) {
            long ends = java.time.Instant.parse(a.get("endsAt").asText()).toEpochMilli();
            told.add(new Told(a.get("labels").toString(), a.get("startsAt").asText(), ends, now));
        }
        x.sendResponseHeaders(200, -1);
        x.close();
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
