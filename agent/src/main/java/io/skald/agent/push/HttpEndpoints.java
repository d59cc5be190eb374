/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.push;

import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Which of several ingesters is used: one for as long as it answers, then the next. A host name with several addresses counts as several, but
 * for TLS, which needs the name. Agents begin with different ones. Thread-safe.
 */
final class HttpEndpoints {
    private static final long RESOLVE_NANOS = 30_000_000_000L;

    private final List<URI> configured;
    private final long seed;
    private List<URI> all;
    private int at;
    private long resolvedNanos;

    HttpEndpoints(List<URI> configured, long seed) {
        this.configured = configured;
        this.seed = seed;
        this.all = configured;
    }

    synchronized URI current() {
        long now = System.nanoTime();
        if (resolvedNanos == 0) {
            resolve(now);
        }
        return all.get(at % all.size());
    }

    synchronized void next() {
        if (System.nanoTime() - resolvedNanos > RESOLVE_NANOS) {
            resolvedNanos = 0;
        }
        at++;
    }

    private void resolve(long now) {
        resolvedNanos = now == 0 ? 1 : now;
        List<URI> found = new ArrayList<>();
        for (URI u : configured) {
            found.addAll(addresses(u));
        }
        if (configured.size() == 1) {
            // spread over what a name stands for; an order that was written is kept
            Collections.shuffle(found, new Random(seed));
        }
        all = found;
        at = 0;
    }

    private static List<URI> addresses(URI u) {
        if (!"http".equals(u.getScheme())) {
            return List.of(u);
        }
        try {
            InetAddress[] addresses = InetAddress.getAllByName(u.getHost());
            if (addresses.length < 2) {
                return List.of(u);
            }
            List<URI> found = new ArrayList<>();
            for (InetAddress a : addresses) {
                String host = a.getHostAddress();
                found.add(new URI(
                        u.getScheme(),
                        u.getUserInfo(),
                        host.contains(":") ? "[" + host + "]" : host,
                        u.getPort(),
                        u.getPath(),
                        u.getQuery(),
                        null));
            }
            Collections.sort(found);
            return found;
        } catch (UnknownHostException | URISyntaxException e) {
            return List.of(u); // the request says what is wrong
        }
    }
}
