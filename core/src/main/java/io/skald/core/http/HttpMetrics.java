/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.http;

import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import io.prometheus.client.Histogram;
import java.util.Set;

/** What a server counts. Label values are bounded: routes are patterns, odd methods are one value. */
final class HttpMetrics {
    static final String NO_ROUTE = "none";
    private static final Set<String> METHODS = Set.of("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH");

    final Counter requests;
    final Histogram duration;
    final Gauge running;
    final Gauge sockets;
    final Gauge connections;
    final Gauge bodyBytes;

    HttpMetrics(CollectorRegistry registry) {
        requests = Counter.build("skald_http_requests_total", "HTTP requests answered.")
                .labelNames("route", "method", "status")
                .register(registry);
        duration = Histogram.build(
                        "skald_http_request_duration_seconds",
                        "Time from the last byte of a request to the last byte of its response.")
                .labelNames("route", "method")
                .buckets(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
                .register(registry);
        running = Gauge.build("skald_http_requests_running", "HTTP requests being handled now.")
                .register(registry);
        sockets = Gauge.build("skald_http_websockets_open", "WebSockets open now.")
                .register(registry);
        connections = Gauge.build("skald_http_connections_open", "TCP connections open now.")
                .register(registry);
        bodyBytes = Gauge.build("skald_http_body_bytes", "Bytes of request bodies held now.")
                .register(registry);
    }

    static String methodLabel(String method) {
        return METHODS.contains(method) ? method : "other";
    }

    void answered(String route, String method, int status, long startNanos) {
        String m = methodLabel(method);
        requests.labels(route, m, Integer.toString(status)).inc();
        duration.labels(route, m).observe((System.nanoTime() - startNanos) / 1e9);
    }
}
