/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;

/** Pushes corpora with some connections, and measures. Confined to one thread. */
final class BenchIngest {
    private final BenchTarget target;
    private final ProcessFigures process;
    private final int connections;

    /**
     * What a corpus took.
     *
     * @param megabytesPerSecond lines, while pushes are waited for
     * @param acknowledgedCpu the server's seconds up to the last acknowledgement
     * @param settledCpu the same with the flush
     * @param peakMegabytes largest resident size
     */
    record Figures(
            double megabytesPerSecond,
            double p50Millis,
            double p99Millis,
            double acknowledgedCpu,
            double settledCpu,
            double peakMegabytes) {}

    BenchIngest(BenchTarget target, ProcessFigures process, int connections) {
        this.target = target;
        this.process = process;
        this.connections = connections;
    }

    Figures run(BenchCorpus corpus, BenchBodies bodies) throws IOException, InterruptedException {
        process.resetPeak();
        double cpu = process.cpuSeconds();
        double[] millis = push(corpus, bodies);
        double acknowledged = process.cpuSeconds() - cpu;
        target.flush();
        double wall = Arrays.stream(millis).sum() / connections;
        Arrays.sort(millis);
        return new Figures(
                corpus.bytes() / 1e3 / wall,
                millis[millis.length / 2],
                millis[millis.length * 99 / 100],
                acknowledged,
                process.cpuSeconds() - cpu,
                process.peakMegabytes());
    }

    private double[] push(BenchCorpus corpus, BenchBodies bodies) throws IOException, InterruptedException {
        List<Future<Double>> pending = new ArrayList<>();
        // bodies are made while others are sent, but not far ahead
        Semaphore free = new Semaphore(connections);
        try (ExecutorService pool = Executors.newFixedThreadPool(connections)) {
            while (corpus.hasNext()) {
                List<byte[]> more = bodies.add(corpus.next());
                send(corpus.hasNext() ? more : concat(more, bodies.finish()), bodies, free, pool, pending);
            }
            double[] millis = new double[pending.size()];
            for (int i = 0; i < millis.length; i++) {
                millis[i] = pending.get(i).get();
            }
            return millis;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException io) {
                throw io;
            }
            throw new IOException(String.valueOf(e.getCause()), e);
        }
    }

    private static List<byte[]> concat(List<byte[]> a, List<byte[]> b) {
        List<byte[]> all = new ArrayList<>(a);
        all.addAll(b);
        return all;
    }

    private void send(
            List<byte[]> some, BenchBodies bodies, Semaphore free, ExecutorService pool, List<Future<Double>> pending)
            throws InterruptedException {
        for (byte[] body : some) {
            free.acquire();
            pending.add(pool.submit(() -> {
                try {
                    long begin = System.nanoTime();
                    target.push(bodies, body);
                    return (System.nanoTime() - begin) / 1e6;
                } finally {
                    free.release();
                }
            }));
        }
    }
}
