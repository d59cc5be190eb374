/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.bench.day;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * The lines of services in pods that are replaced now and then: JSON with a trace id and a user, logfmt, access logs and plain text, about 195
 * bytes each, busy services with more of them. The same for the same seed. Confined to one thread.
 */
final class DayLines {
    static final int USERS = 100_000;

    private static final long MINUTE_NANOS = 60_000_000_000L;
    private static final String[] WORDS = {
        "request",
        "order",
        "payment",
        "customer",
        "accepted",
        "queued",
        "cache",
        "miss",
        "hit",
        "retry",
        "upstream",
        "connection",
        "closed",
        "opened",
        "session",
        "token",
        "renewed",
        "inventory",
        "shipment",
        "created",
        "updated",
        "worker",
        "finished",
        "started",
        "batch",
        "within",
        "deadline"
    };
    private static final String[] PATHS = {
        "/api/v1/items",
        "/api/v1/orders",
        "/api/v1/cart",
        "/checkout",
        "/login",
        "/search",
        "/static/app.js",
        "/health",
        "/api/v2/users/me"
    };
    private static final DateTimeFormatter SECOND =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    /** What was written to one stream so far. */
    static final class Pod {
        final int service;
        final int slot;
        final Labels labels;

        Pod(int service, int slot, int generation) {
            this.service = service;
            this.slot = slot;
            String app = "svc-" + (service < 10 ? "0" : "") + service;
            int id = ((service * 31 + slot) * 1009 + generation) * 0x9E3779B1;
            this.labels = Labels.of(
                    "app",
                    app,
                    "container",
                    "main",
                    "namespace",
                    "shop",
                    "pod",
                    app + "-" + String.format(Locale.ROOT, "%08x", id) + "-" + slot);
        }
    }

    private final SplittableRandom random;
    private final Pod[] pods;
    private final int[] generations;
    private final double[] share;
    private byte[] buffer = new byte[1 << 20];
    private int used;
    private String rare = "";
    long lines;
    long bytes;

    DayLines(long seed, int services, int podsEach) {
        random = new SplittableRandom(seed);
        pods = new Pod[services * podsEach];
        generations = new int[pods.length];
        share = new double[pods.length];
        double sum = 0;
        for (int i = 0; i < pods.length; i++) {
            pods[i] = new Pod(i / podsEach, i % podsEach, 0);
            share[i] = 1 / (1.0 + pods[i].service * 0.3);
            sum += share[i];
        }
        for (int i = 0; i < share.length; i++) {
            share[i] /= sum;
        }
    }

    int pods() {
        return pods.length;
    }

    /** Replaces a pod by a new one of its service. */
    void rollOut(int pod) {
        pods[pod] = new Pod(pods[pod].service, pods[pod].slot, ++generations[pod]);
    }

    /** Puts a text into the next line of JSON, once. */
    void plant(String text) {
        rare = text;
    }

    /** The lines of a minute, a batch for each pod. The batches of the call before are void. */
    List<EntryBatch> minute(long startNanos, double linesPerMinute) {
        List<EntryBatch> all = new ArrayList<>(pods.length);
        buffer = new byte[(int) (linesPerMinute * 260) + (1 << 16)];
        used = 0;
        String second = "";
        for (int i = 0; i < pods.length; i++) {
            double wanted = linesPerMinute * share[i];
            int n = (int) wanted + (random.nextDouble() < wanted - (int) wanted ? 1 : 0);
            EntryBatch b = new EntryBatch(pods[i].labels, Math.max(1, n));
            long last = -1;
            for (int k = 0; k < n; k++) {
                long time = startNanos + (long) ((k + random.nextDouble()) / n * MINUTE_NANOS);
                long s = time / 1_000_000_000L;
                if (s != last) {
                    last = s;
                    second = SECOND.format(Instant.ofEpochSecond(s));
                }
                int begin = used;
                line(pods[i].service, second, (int) (time / 1_000_000 % 1000));
                b.add(time, buffer, begin, used - begin, Labels.EMPTY);
                bytes += used - begin;
            }
            lines += n;
            all.add(b);
        }
        return all;
    }

    private void line(int service, String second, int millis) {
        boolean error = random.nextInt(60) == 0;
        switch (service % 5) {
            case 0, 1 -> json(service, second, millis, error);
            case 2 -> logfmt(second, millis, error);
            case 3 -> access(second);
            default -> text(second, millis, error);
        }
    }

    private void json(int service, String second, int millis, boolean error) {
        put("{\"ts\":\"")
                .put(second)
                .put(".")
                .number(1000 + millis, 3)
                .put("Z\",\"level\":\"")
                .put(error ? "error" : "info");
        put("\",\"service\":\"svc-").number(service, 0).put("\",\"trace_id\":\"");
        if (rare.isEmpty()) {
            hex(32);
        } else {
            put(rare);
            rare = "";
        }
        put("\",\"user_id\":\"u")
                .number(USERS + random.nextInt(USERS), 5)
                .put("\",\"path\":\"")
                .put(PATHS[random.nextInt(PATHS.length)]);
        put("\",\"status\":")
                .number(error ? 500 + random.nextInt(4) : 200, 0)
                .put(",\"latency_ms\":")
                .number(random.nextInt(400), 0);
        put(",\"msg\":\"").words(3 + random.nextInt(3)).put("\"}");
    }

    private void logfmt(String second, int millis, boolean error) {
        put("ts=").put(second).put(".").number(1000 + millis, 3).put("Z level=").put(error ? "error" : "info");
        put(" caller=http.go:").number(100 + random.nextInt(60), 0).put(" request=");
        hex(16);
        put(" user_id=u")
                .number(USERS + random.nextInt(USERS), 5)
                .put(" duration=")
                .number(random.nextInt(1900), 0);
        put("ms route=")
                .put(PATHS[random.nextInt(PATHS.length)])
                .put(" msg=\"")
                .words(6 + random.nextInt(5))
                .put("\"");
    }

    private void access(String second) {
        put("10.")
                .number(random.nextInt(16), 0)
                .put(".")
                .number(random.nextInt(256), 0)
                .put(".")
                .number(random.nextInt(256), 0);
        put(" - - [")
                .put(second)
                .put("+00:00] \"GET ")
                .put(PATHS[random.nextInt(PATHS.length)])
                .put("?id=")
                .number(random.nextInt(100_000), 0);
        put(" HTTP/1.1\" ")
                .number(random.nextInt(20) == 0 ? 404 : 200, 0)
                .put(" ")
                .number(random.nextInt(50_000), 0);
        put(" \"-\" \"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\" rt=0.")
                .number(1000 + random.nextInt(1000), 3);
    }

    private void text(String second, int millis, boolean error) {
        put(second)
                .put(",")
                .number(1000 + millis, 3)
                .put(error ? " ERROR" : " INFO")
                .put(" [worker-")
                .number(random.nextInt(16), 0);
        put("] com.example.shop.fulfilment.ShipmentService ")
                .words(12 + random.nextInt(8))
                .put(" (job ");
        hex(8);
        put(")");
    }

    private DayLines words(int n) {
        for (int i = 0; i < n; i++) {
            if (i > 0) {
                put(" ");
            }
            put(WORDS[random.nextInt(WORDS.length)]);
        }
        return this;
    }

    @SuppressWarnings("deprecation") // one byte for each character, which is what these are
    private DayLines put(String s) {
        s.getBytes(0, s.length(), buffer, used);
        used += s.length();
        return this;
    }

    /** The last digits of a number, or all of them if 0. */
    private DayLines number(int n, int digits) {
        String s = Integer.toString(n);
        return put(digits == 0 ? s : s.substring(s.length() - digits));
    }

    private void hex(int n) {
        long r = 0;
        for (int i = 0; i < n; i++) {
            if ((i & 15) == 0) {
                r = random.nextLong();
            }
            buffer[used++] = HEX[(int) r & 15];
            r >>>= 4;
        }
    }
}
