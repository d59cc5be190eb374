/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.demo;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * Writes the logs of a made-up shop: access logs of a gateway, JSON of a checkout, logfmt of an inventory, and a Java service for payments
 * whose errors come with stack traces. For two minutes of every ten the payment provider is slow and errors pile up. The same seed and
 * times give the same logs. Confined to one thread.
 */
final class Shop {
    /** Mean time between two requests of a customer. */
    static final long REQUEST_NANOS = 200_000_000L;

    private static final long SECOND = 1_000_000_000L;
    private static final List<String> PATHS =
            List.of("/", "/cart", "/search?q=lamp", "/product/17", "/product/4", "/login");
    private static final List<String> ITEMS = List.of("lamp", "chair", "desk", "shelf", "rug");

    private final Random random;
    private final Sink sink;

    /** Takes an entry of a service. */
    interface Sink {
        void accept(Map<String, String> labels, long timestampNanos, String line);
    }

    Shop(long seed, Sink sink) {
        this.random = new Random(seed);
        this.sink = sink;
    }

    /** Whether the payment provider is slow at a time: minutes 6 and 7 of every ten. */
    static boolean isBadTime(long timestampNanos) {
        long minute = Math.floorMod(timestampNanos / (60 * SECOND), 10L);
        return minute == 6 || minute == 7;
    }

    /** One customer's request at a time, and what it makes the services log. */
    void request(long t) {
        boolean order = random.nextInt(5) == 0;
        String trace = String.format(Locale.ROOT, "%016x", random.nextLong());
        int millis = 2 + random.nextInt(60);
        int status = random.nextInt(40) == 0 ? 404 : 200;
        if (order) {
            boolean failed = random.nextInt(100) < (isBadTime(t) ? 45 : 1);
            status = failed ? 502 : 201;
            millis = failed ? 3000 + random.nextInt(2000) : 80 + random.nextInt(300);
            order(t, trace, millis, failed);
        }
        String path = order ? "/order" : PATHS.get(random.nextInt(PATHS.size()));
        log(
                "gateway",
                t + millis * 1_000_000L,
                String.format(
                        Locale.ROOT,
                        "10.0.%d.%d - - \"%s %s HTTP/1.1\" %d %d %dms",
                        random.nextInt(4),
                        1 + random.nextInt(250),
                        order ? "POST" : "GET",
                        path,
                        status,
                        200 + random.nextInt(9000),
                        millis));
        if (random.nextInt(20) == 0) {
            log("inventory", t, "level=info msg=\"stock checked\" item=" + item() + " left=" + random.nextInt(100));
        }
    }

    private void order(long t, String trace, int millis, boolean failed) {
        String item = item();
        int cents = 500 + random.nextInt(20000);
        log(
                "checkout",
                t,
                String.format(
                        Locale.ROOT,
                        "{\"level\":\"info\",\"msg\":\"order received\",\"trace\":\"%s\",\"item\":\"%s\",\"amount\":%.2f}",
                        trace,
                        item,
                        cents / 100.0));
        long paid = t + millis * 900_000L;
        if (failed) {
            log(
                    "payments",
                    paid,
                    "ERROR [" + trace + "] payment failed after " + millis + " ms\n"
                            + "java.net.SocketTimeoutException: Read timed out\n"
                            + "\tat com.shop.payments.Provider.charge(Provider.java:" + (80 + random.nextInt(9)) + ")\n"
                            + "\tat com.shop.payments.PaymentService.pay(PaymentService.java:41)\n"
                            + "\tat com.shop.payments.Api.post(Api.java:27)");
            log(
                    "checkout",
                    paid + 1_000_000,
                    String.format(
                            Locale.ROOT,
                            "{\"level\":\"error\",\"msg\":\"order failed\",\"trace\":\"%s\",\"item\":\"%s\",\"duration_ms\":%d}",
                            trace,
                            item,
                            millis));
        } else {
            log("payments", paid, "INFO [" + trace + "] payment of " + cents + " cents accepted in " + millis + " ms");
            log("inventory", paid + 2_000_000, "level=info msg=reserved item=" + item + " order=" + trace + " count=1");
        }
        if (random.nextInt(30) == 0) {
            log(
                    "inventory",
                    paid + 3_000_000,
                    "level=warn msg=\"low stock\" item=" + item + " left=" + random.nextInt(5));
        }
    }

    private String item() {
        return ITEMS.get(random.nextInt(ITEMS.size()));
    }

    /** When the next request comes after one at {@code t}. */
    long next(long t) {
        return t + 1 + (long) (-Math.log(1 - random.nextDouble()) * REQUEST_NANOS);
    }

    private void log(String app, long t, String line) {
        TreeMap<String, String> labels = new TreeMap<>();
        labels.put("app", app);
        labels.put("env", "demo");
        sink.accept(labels, t, line);
    }
}
