/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.bench.load;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/** Sends numbered bodies with several connections at a given pace, again until they are taken. Thread-safe. */
final class Sender {
    private static final long REPORT_NANOS = 10_000_000_000L;

    private final Target target;
    private final int connections;
    private final PrintStream out;
    private final AtomicLong next = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();
    private final AtomicLong unanswered = new AtomicLong();
    private final AtomicLong rejected = new AtomicLong();
    private final List<long[]> latencies = new ArrayList<>();
    private volatile long done;

    Sender(Target target, int connections, PrintStream out) {
        this.target = target;
        this.connections = connections;
        this.out = out;
    }

    /** Makes the body with a number. */
    interface Bodies {
        byte[] body(long number, PushBody writer);
    }

    /**
     * Sends bodies 0 to count - 1.
     *
     * @param perSecond how many a second, 0 for as many as are taken
     */
    void run(long count, double perSecond, int linesPerBody, Bodies bodies) throws Exception {
        long start = System.nanoTime();
        try (ExecutorService pool = Executors.newFixedThreadPool(connections + 1)) {
            List<Future<?>> all = new ArrayList<>();
            for (int c = 0; c < connections; c++) {
                all.add(pool.submit(() -> {
                    send(start, count, perSecond, bodies);
                    return null;
                }));
            }
            Future<?> report = pool.submit(() -> {
                report(start, count, linesPerBody);
                return null;
            });
            for (Future<?> f : all) {
                f.get();
            }
            done = System.nanoTime();
            report.get();
        }
        double seconds = (done - start) / 1e9;
        long[] sorted = sorted();
        out.printf(
                Locale.ROOT,
                "%d lines in %.1f s: %.0f lines/s; ack p50 %.1f ms, p99 %.1f ms, max %.1f ms; refused and sent again %d, no answer %d, rejected %d%n",
                count * linesPerBody,
                seconds,
                count * linesPerBody / seconds,
                quantile(sorted, .5),
                quantile(sorted, .99),
                quantile(sorted, 1),
                refused.get(),
                unanswered.get(),
                rejected.get());
        out.printf(Locale.ROOT, "peak RSS %d MiB, CPU %.1f s%n", target.memoryMiB("VmHWM"), target.cpuSeconds());
    }

    private void send(long start, long count, double perSecond, Bodies bodies) throws InterruptedException {
        PushBody writer = new PushBody();
        long[] mine = new long[1024];
        int n = 0;
        for (long i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
            byte[] body = bodies.body(i, writer);
            if (perSecond > 0) {
                long wait = start + (long) (i * 1e9 / perSecond) - System.nanoTime();
                if (wait > 0) {
                    Thread.sleep(wait / 1_000_000, (int) (wait % 1_000_000));
                }
            }
            long begin = System.nanoTime();
            push(body);
            if (n == mine.length) {
                mine = Arrays.copyOf(mine, n * 2);
            }
            mine[n++] = System.nanoTime() - begin;
        }
        synchronized (latencies) {
            latencies.add(Arrays.copyOf(mine, n));
        }
    }

    private void push(byte[] body) throws InterruptedException {
        while (true) {
            int status = target.push(body);
            if (status / 100 == 2) {
                return;
            } else if (status == 0) {
                unanswered.incrementAndGet();
            } else if (status == 429 || status >= 500) {
                refused.incrementAndGet();
            } else {
                rejected.incrementAndGet();
                return;
            }
            Thread.sleep(100);
        }
    }

    private void report(long start, long count, int linesPerBody) throws Exception {
        long last = 0;
        for (long at = start + REPORT_NANOS; done == 0; at += REPORT_NANOS) {
            while (done == 0 && System.nanoTime() < at) {
                Thread.sleep(50);
            }
            long now = Math.min(count, next.get());
            out.printf(
                    Locale.ROOT,
                    "  %4.0f s  %8.0f lines/s  RSS %d MiB  refused %d%n",
                    (System.nanoTime() - start) / 1e9,
                    (now - last) * linesPerBody / (REPORT_NANOS / 1e9),
                    target.memoryMiB("VmRSS"),
                    refused.get());
            last = now;
        }
    }

    private long[] sorted() {
        synchronized (latencies) {
            return latencies.stream().flatMapToLong(Arrays::stream).sorted().toArray();
        }
    }

    private static double quantile(long[] sorted, double q) {
        return sorted.length == 0 ? 0 : sorted[Math.min(sorted.length - 1, (int) (q * sorted.length))] / 1e6;
    }
}
