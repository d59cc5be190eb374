/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.http;

import java.time.Duration;

/**
 * How a server listens and what it bears.
 *
 * @param host address to listen on; {@code 0.0.0.0} for all
 * @param port 0 takes a free one
 * @param eventLoops threads that move bytes, 1..8
 * @param maxBodyBytes longest request body; a longer one is answered 413
 * @param maxBodyBytesInFlight most bytes of bodies held at once, over all requests; beyond it 503
 * @param maxConcurrentRequests most requests running at once (open WebSockets not counted); beyond it 503
 * @param maxConnections most open connections; beyond it a request is answered 503 and its connection closed
 * @param idleTimeout how long a connection may be silent between requests or within one that is being received
 * @param stallTimeout how long a response may wait for a client that does not read
 * @param drainTimeout how long {@link HttpServer#close} waits for running requests
 */
public record HttpServerConfig(
        String host,
        int port,
        int eventLoops,
        int maxBodyBytes,
        long maxBodyBytesInFlight,
        int maxConcurrentRequests,
        int maxConnections,
        Duration idleTimeout,
        Duration stallTimeout,
        Duration drainTimeout) {

    public HttpServerConfig {
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("port out of range 0..65535: " + port);
        }
        if (eventLoops < 1 || eventLoops > 8) {
            throw new IllegalArgumentException("event loops out of range 1..8: " + eventLoops);
        }
        if (maxBodyBytes < 0 || maxBodyBytesInFlight < maxBodyBytes) {
            throw new IllegalArgumentException("body limits: one body " + maxBodyBytes + ", all " + maxBodyBytesInFlight
                    + " bytes; the second must not be less than the first");
        }
        if (maxConcurrentRequests < 1 || maxConnections < 1) {
            throw new IllegalArgumentException("most requests and connections must be at least 1: "
                    + maxConcurrentRequests + ", " + maxConnections);
        }
    }

    /** What suits most: 2 event loops, bodies to 32 MiB, a quarter of the heap for bodies. */
    public static HttpServerConfig of(String host, int port) {
        int maxBody = 32 << 20;
        return new HttpServerConfig(
                host,
                port,
                2,
                maxBody,
                Math.max(maxBody, Runtime.getRuntime().maxMemory() / 4),
                4096,
                10_000,
                Duration.ofMinutes(3),
                Duration.ofMinutes(5),
                Duration.ofSeconds(30));
    }

    public HttpServerConfig withMaxBody(int bytes, long bytesInFlight) {
        return new HttpServerConfig(
                host,
                port,
                eventLoops,
                bytes,
                bytesInFlight,
                maxConcurrentRequests,
                maxConnections,
                idleTimeout,
                stallTimeout,
                drainTimeout);
    }

    public HttpServerConfig withTimeouts(Duration idle, Duration stall, Duration drain) {
        return new HttpServerConfig(
                host,
                port,
                eventLoops,
                maxBodyBytes,
                maxBodyBytesInFlight,
                maxConcurrentRequests,
                maxConnections,
                idle,
                stall,
                drain);
    }

    public HttpServerConfig withMaxRequests(int concurrentRequests, int connections) {
        return new HttpServerConfig(
                host,
                port,
                eventLoops,
                maxBodyBytes,
                maxBodyBytesInFlight,
                concurrentRequests,
                connections,
                idleTimeout,
                stallTimeout,
                drainTimeout);
    }
}
