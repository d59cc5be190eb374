/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.bench;

import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.Output;
import io.skald.core.model.StoreException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code skald bench}. */
@Command(
        description = {
            "Pushes a made-up day of logs to a server that speaks Loki's API, asks questions of which the answers are known, and prints what it",
            "took as a Markdown table. The same seed, size and day give the same bytes. Use an empty server without a cache of results."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  skald bench --url http://127.0.0.1:3100 --mb 512 --pid 4711 --data /var/lib/skald",
            "  skald bench --url http://127.0.0.1:3100 --mb 512 --no-ingest --match needle"
        })
public final class BenchCommand implements Callable<Integer> {
    private final Output out;

    @Option(names = "--url", paramLabel = "URL", description = "The server; http://127.0.0.1:3100 unless given.")
    private String url = "http://127.0.0.1:3100";

    @Option(names = "--mb", paramLabel = "N", description = "Megabytes of lines; 256 unless given.")
    private long megabytes = 256;

    @Option(names = "--seed", paramLabel = "N", description = "What the day is made from; 1 unless given.")
    private long seed = 1;

    @Option(names = "--day", paramLabel = "DATE", description = "The day (UTC); yesterday unless given.")
    private @Nullable LocalDate day;

    @Option(names = "--connections", paramLabel = "N", description = "Pushes at once; 3 unless given.")
    private int connections = 3;

    @Option(names = "--seconds", paramLabel = "S", description = "How long each question is repeated; 2 unless given.")
    private double seconds = 2;

    @Option(
            names = "--pid",
            paramLabel = "PID",
            description = "The server's process on this machine, for processor time and memory.")
    private long pid;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "The server's directory on this machine, for what is stored.")
    private @Nullable Path data;

    @Option(names = "--no-ingest", description = "Only ask: the same day was pushed before.")
    private boolean noIngest;

    @Option(names = "--match", paramLabel = "TEXT", description = "Only questions with this text in their name.")
    private String match = "";

    public BenchCommand(Output out) {
        this.out = out;
    }

    @Override
    public Integer call() throws CommandFailure, IOException, InterruptedException {
        if (megabytes < 1 || connections < 1) {
            throw new CommandFailure(ExitCode.USAGE, "--mb and --connections must be at least 1");
        }
        LocalDate of = day == null ? LocalDate.now(ZoneOffset.UTC).minusDays(1) : day;
        BenchCorpus corpus = new BenchCorpus(seed, megabytes * 1_000_000, of.toEpochDay() * 86_400_000_000_000L);
        ProcessFigures process = new ProcessFigures(pid);
        try (BenchTarget target = new BenchTarget(url)) {
            out.println("| measure | value |\n|---|---:|");
            limits();
            ingest(corpus, target, process);
            out.println("\n| question | answer | p50 ms | p99 ms | CPU ms | peak MB |\n|---|---:|---:|---:|---:|---:|");
            boolean right = true;
            for (BenchQuery q : BenchQuery.of(corpus)) {
                if (q.name().contains(match)) {
                    right &= ask(q, corpus, target, process);
                }
            }
            return right ? ExitCode.OK : ExitCode.FAILURE;
        } catch (ConnectException e) {
            throw new CommandFailure(ExitCode.UNREACHABLE, "cannot reach " + url, e);
        } catch (StoreException | UncheckedIOException e) {
            throw new CommandFailure(ExitCode.FAILURE, String.valueOf(e.getMessage()), e);
        }
    }

    private void row(String name, String value) throws IOException {
        out.println("| " + name + " | " + value + " |");
        out.flush();
    }

    private void limits() throws IOException, StoreException {
        BenchCorpus some = new BenchCorpus(seed, 16_000_000, 0);
        byte[] sample = new byte[16 << 20];
        int at = 0;
        while (some.hasNext()) {
            for (BenchCorpus.Stream s : some.next()) {
                for (byte[] line : s.lines()) {
                    int n = Math.min(line.length, sample.length - at);
                    System.arraycopy(line, 0, sample, at, n);
                    at += n;
                }
            }
        }
        row("machine: memory copy, one core, GB/s", String.format(Locale.ROOT, "%.1f", MachineLimits.copy(sample)));
        row(
                "machine: Zstandard, decompressing blocks, one core, GB/s",
                String.format(Locale.ROOT, "%.2f", MachineLimits.decompress(sample)));
        double[] fsync = MachineLimits.fsync(data == null ? Path.of(System.getProperty("java.io.tmpdir")) : data);
        row("machine: fsync after 4 KiB, p50 / p99 ms", String.format(Locale.ROOT, "%.2f / %.2f", fsync[0], fsync[1]));
        row(
                "machine: cores",
                String.format(Locale.ROOT, "%d", Runtime.getRuntime().availableProcessors()));
        row(
                "day, seed",
                String.format(
                        Locale.ROOT, "%s, %d", DateTimeFormatter.ISO_DATE.format(LocalDate.now(ZoneOffset.UTC)), seed));
    }

    private void ingest(BenchCorpus corpus, BenchTarget target, ProcessFigures process)
            throws IOException, InterruptedException {
        process.resetPeak();
        double cpu = process.cpuSeconds();
        List<Double> millis = new ArrayList<>();
        List<Future<Double>> pending = new ArrayList<>();
        Semaphore free = new Semaphore(connections);
        double wall = 0;
        try (ExecutorService pool = Executors.newFixedThreadPool(connections)) {
            while (corpus.hasNext()) {
                List<BenchCorpus.Stream> batch = corpus.next();
                if (noIngest) {
                    continue;
                }
                byte[] body = BenchTarget.body(batch);
                free.acquire();
                pending.add(pool.submit(() -> {
                    try {
                        long begin = System.nanoTime();
                        target.push(body);
                        return (System.nanoTime() - begin) / 1e6;
                    } finally {
                        free.release();
                    }
                }));
            }
            for (Future<Double> f : pending) {
                double m = f.get();
                millis.add(m);
                wall += m;
            }
        } catch (ExecutionException e) {
            throw new IOException(
                    e.getCause() == null ? e.toString() : e.getCause().getMessage(), e);
        }
        row("lines", String.format(Locale.ROOT, "%d", corpus.lines()));
        row("line bytes, MB", String.format(Locale.ROOT, "%.1f", corpus.bytes() / 1e6));
        if (millis.isEmpty()) {
            return;
        }
        double gigabytes = corpus.bytes() / 1e9;
        double[] sorted =
                millis.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        row(
                "ingest, MB/s while pushes are waited for",
                String.format(Locale.ROOT, "%.1f", corpus.bytes() / 1e3 / (wall / connections)));
        row(
                "push p50 / p99, ms",
                String.format(Locale.ROOT, "%.1f / %.1f", sorted[sorted.length / 2], sorted[sorted.length * 99 / 100]));
        row(
                "ingest, CPU s/GB until acknowledged",
                String.format(Locale.ROOT, "%.1f", (process.cpuSeconds() - cpu) / gigabytes));
        target.flush();
        row(
                "ingest, CPU s/GB with the flush",
                String.format(Locale.ROOT, "%.1f", (process.cpuSeconds() - cpu) / gigabytes));
        row("ingest, peak MB", String.format(Locale.ROOT, "%.0f", process.peakMegabytes()));
        if (data != null) {
            row(
                    "stored bytes per line byte",
                    String.format(Locale.ROOT, "%.4f", ProcessFigures.storedBytes(data) / corpus.bytes()));
        }
    }

    private boolean ask(BenchQuery q, BenchCorpus corpus, BenchTarget target, ProcessFigures process)
            throws IOException, InterruptedException {
        double found = target.ask(q, corpus.startNanos(), corpus.endNanos());
        boolean right = q.answeredBy(found);
        process.resetPeak();
        double cpu = process.cpuSeconds();
        double[] millis = new double[10_000];
        int n = 0;
        long begin = System.nanoTime();
        while (n < 3 || n < millis.length && System.nanoTime() - begin < seconds * 1e9) {
            long asked = System.nanoTime();
            right &= q.answeredBy(target.ask(q, corpus.startNanos(), corpus.endNanos()));
            millis[n++] = (System.nanoTime() - asked) / 1e6;
        }
        double[] sorted = Arrays.copyOf(millis, n);
        Arrays.sort(sorted);
        out.println(String.format(
                Locale.ROOT,
                "| %s | %s | %.1f | %.1f | %.1f | %.0f |",
                q.name(),
                right
                        ? String.format(Locale.ROOT, "%.0f", found)
                        : String.format(Locale.ROOT, "%s, not %s", found, q.expected()),
                sorted[n / 2],
                sorted[n * 99 / 100],
                (process.cpuSeconds() - cpu) * 1000 / n,
                process.peakMegabytes()));
        out.flush();
        return right;
    }
}
