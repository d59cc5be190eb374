/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.bench;

import io.skald.cli.Output;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Asks questions of a server that holds a corpus, and prints what they took. Confined to one thread. */
final class BenchQuestions {
    private static final int MOST = 10_000;
    private static final int LEAST = 3;

    private final BenchTarget target;
    private final BenchCorpus corpus;
    private final double seconds;
    private final Output out;

    /** @param seconds how long each question is repeated */
    BenchQuestions(BenchTarget target, BenchCorpus corpus, double seconds, Output out) {
        this.target = target;
        this.corpus = corpus;
        this.seconds = seconds;
        this.out = out;
    }

    /** Asks each question again and again; returns whether all answers were right. */
    boolean warm(List<BenchQuery> questions, ProcessFigures process) throws IOException, InterruptedException {
        out.println("\n| question | answer | first ms | p50 ms | p99 ms | CPU ms | peak MB |\n"
                + "|---|---:|---:|---:|---:|---:|---:|");
        boolean right = true;
        double peak = 0;
        for (BenchQuery q : questions) {
            process.resetPeak();
            right &= warm(q, process);
            peak = Math.max(peak, process.peakMegabytes());
        }
        print(String.format(Locale.ROOT, "| all of them | | | | | | %.0f |", peak));
        return right;
    }

    private boolean warm(BenchQuery q, ProcessFigures process) throws IOException, InterruptedException {
        long first = System.nanoTime();
        double found = ask(q);
        double firstMillis = (System.nanoTime() - first) / 1e6;
        boolean right = q.answeredBy(found);
        double cpu = process.cpuSeconds();
        double[] millis = new double[MOST];
        int n = 0;
        long begin = System.nanoTime();
        while (n < LEAST || n < MOST && System.nanoTime() - begin < seconds * 1e9) {
            long asked = System.nanoTime();
            right &= q.answeredBy(ask(q));
            millis[n++] = (System.nanoTime() - asked) / 1e6;
        }
        double[] sorted = Arrays.copyOf(millis, n);
        Arrays.sort(sorted);
        print(String.format(
                Locale.ROOT,
                "| %s | %s | %.1f | %.1f | %.1f | %.1f | %.0f |",
                q.name(),
                answer(q, found, right),
                firstMillis,
                sorted[n / 2],
                sorted[n * 99 / 100],
                (process.cpuSeconds() - cpu) * 1000 / n,
                process.peakMegabytes()));
        return right;
    }

    /** Asks each question once of a server that was started for it; returns whether all answers were right. */
    boolean cold(List<BenchQuery> questions, BenchServer server) throws IOException, InterruptedException {
        out.println("\n| question, cold | answer | start to ready, ms | first ms | again ms | peak MB |\n"
                + "|---|---:|---:|---:|---:|---:|");
        boolean right = true;
        boolean dropped = true;
        for (BenchQuery q : questions) {
            server.stop();
            dropped &= BenchServer.dropPageCache();
            long ready = server.start();
            long begin = System.nanoTime();
            double found = ask(q);
            long between = System.nanoTime();
            boolean good = q.answeredBy(found) && q.answeredBy(ask(q));
            long end = System.nanoTime();
            print(String.format(
                    Locale.ROOT,
                    "| %s | %s | %d | %.1f | %.1f | %.0f |",
                    q.name(),
                    answer(q, found, good),
                    ready,
                    (between - begin) / 1e6,
                    (end - between) / 1e6,
                    server.figures().peakMegabytes()));
            right &= good;
        }
        out.println(
                dropped
                        ? "\nEach question was the first of a server that was just started, with its files not in memory."
                        : "\nEach question was the first of a server that was just started; its files may have been in memory"
                                + " (only root may change that).");
        return right;
    }

    private double ask(BenchQuery q) throws IOException, InterruptedException {
        return target.ask(q, corpus.startNanos(), corpus.endNanos());
    }

    private static String answer(BenchQuery q, double found, boolean right) {
        return right
                ? String.format(Locale.ROOT, "%.0f", found)
                : String.format(Locale.ROOT, "%s, not %s", found, q.expected());
    }

    private void print(String row) throws IOException {
        out.println(row);
        out.flush();
    }
}
