/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.bench;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Locale;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** Deterministic log lines with high-cardinality ids: JSON, logfmt, access logs, and text with dates. */
final class Corpus {
    private static final String[] SERVICES = {"cart", "checkout", "search", "payment", "seats", "mail"};
    private static final String[] PATHS = {"/", "/events", "/events/17", "/cart", "/checkout", "/api/v1/seats"};
    private static final String[] LEVELS = {"info", "info", "info", "debug", "warn", "error"};
    private static final int[] STATUSES = {200, 200, 200, 204, 304, 404, 500};
    private static final long START = 1_767_225_600_000_000_000L;

    /** Which lines. */
    enum Kind {
        JSON,
        LOGFMT,
        ACCESS,
        /** Free text that begins with its time, which blocks keep in a column of its own. */
        DATED
    }

    private Corpus() {}

    /** One stream with about {@code bytes} bytes of lines, 5 ms apart with nanosecond jitter. */
    static EntryBatch batch(Kind kind, int bytes, long seed) {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        EntryBatch b = new EntryBatch(
                Labels.of("app", SERVICES[(int) seed % SERVICES.length], "kind", kind.name()), bytes / 128);
        long t = START;
        for (int n = 0; n < bytes; ) {
            t += 4_000_000 + random.nextInt(2_000_000);
            byte[] line = line(kind, random, t).getBytes(StandardCharsets.UTF_8);
            b.add(t, line, 0, line.length, Labels.EMPTY);
            n += line.length;
        }
        return b;
    }

    private static String line(Kind kind, RandomGenerator r, long timeNanos) {
        String level = LEVELS[r.nextInt(LEVELS.length)];
        String service = SERVICES[r.nextInt(SERVICES.length)];
        String path = PATHS[r.nextInt(PATHS.length)];
        int status = STATUSES[r.nextInt(STATUSES.length)];
        long trace = r.nextLong();
        double latency = r.nextExponential() * 40;
        return switch (kind) {
            case JSON ->
                String.format(
                        Locale.ROOT,
                        "{\"level\":\"%s\",\"service\":\"%s\",\"msg\":\"request handled\",\"status\":%d,\"latency_ms\":%.3f,"
                                + "\"path\":\"%s\",\"trace_id\":\"%016x\",\"user\":{\"id\":%d}}",
                        level,
                        service,
                        status,
                        latency,
                        path,
                        trace,
                        r.nextInt(1_000_000));
            case LOGFMT ->
                String.format(
                        Locale.ROOT,
                        "level=%s service=%s msg=\"request handled\" status=%d duration=%.3fms path=%s trace=%016x",
                        level,
                        service,
                        status,
                        latency,
                        path,
                        trace);
            case ACCESS ->
                String.format(
                        Locale.ROOT,
                        "10.%d.%d.%d - - [01/Jan/2026:00:00:00 +0000] \"GET %s HTTP/1.1\" %d %d \"-\" \"Mozilla/5.0\" %016x",
                        r.nextInt(256),
                        r.nextInt(256),
                        r.nextInt(256),
                        path,
                        status,
                        r.nextInt(100_000),
                        trace);
            case DATED ->
                Instant.ofEpochMilli(timeNanos / 1_000_000)
                        + String.format(
                                Locale.ROOT,
                                " %s [%s] request for %s took %.3f ms, trace %016x",
                                level,
                                service,
                                path,
                                latency,
                                trace);
        };
    }
}
