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
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
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
            "  skald bench --mb 512 --cold --data /tmp/bench --launch 'skald run --data /tmp/bench'",
            "  skald bench --url http://127.0.0.1:3100 --mb 512 --no-ingest --match needle"
        })
public final class BenchCommand implements Callable<Integer> {
    private static final long DAY_NANOS = 86_400_000_000_000L;

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

    @Option(
            names = "--native",
            description = "Push blocks that are encoded here, as the agent does, which only Skald takes.")
    private boolean blocks;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description =
                    "Days pushed one after the other, each the one before; 1 unless given. Questions are about the first.")
    private int rounds = 1;

    @Option(
            names = "--launch",
            paramLabel = "COMMAND",
            description =
                    "Start the server with this command, and stop it at the end. Its log goes to skald-bench-server.log.")
    private @Nullable String launch;

    @Option(
            names = "--cold",
            description =
                    "With --launch: also ask each question of a server that was just started, after the system has forgotten its files.")
    private boolean cold;

    @Option(names = "--no-ingest", description = "Only ask: the same day was pushed before.")
    private boolean noIngest;

    @Option(names = "--match", paramLabel = "TEXT", description = "Only questions with this text in their name.")
    private String match = "";

    public BenchCommand(Output out) {
        this.out = out;
    }

    @Override
    public Integer call() throws CommandFailure, IOException, InterruptedException {
        check();
        String base = url.replaceAll("/+$", "");
        try (BenchTarget target = new BenchTarget(base)) {
            if (launch == null) {
                target.reach();
                return run(target, new ProcessFigures(pid), null);
            }
            try (BenchServer server = new BenchServer(base, launch, Path.of("skald-bench-server.log"))) {
                long millis = server.start();
                out.println("| measure | value |\n|---|---:|");
                row("start to ready, ms", Long.toString(millis));
                return run(target, server.figures(), server);
            }
        } catch (Output.Gone e) {
            throw e;
        } catch (ConnectException e) {
            throw new CommandFailure(ExitCode.UNREACHABLE, "cannot reach " + url, e);
        } catch (StoreException | IOException | UncheckedIOException e) {
            throw new CommandFailure(ExitCode.FAILURE, String.valueOf(e.getMessage()), e);
        }
    }

    private void check() throws CommandFailure {
        if (megabytes < 1 || connections < 1 || rounds < 1 || seconds < 0) {
            throw new CommandFailure(
                    ExitCode.USAGE, "--mb, --connections and --rounds must be at least 1, --seconds not negative");
        }
        if (launch != null && pid != 0 || launch == null && cold) {
            throw new CommandFailure(ExitCode.USAGE, "--launch goes without --pid, and --cold needs --launch");
        }
        if (noIngest && (blocks || rounds > 1)) {
            throw new CommandFailure(ExitCode.USAGE, "--no-ingest goes without --native and --rounds");
        }
        if (pid != 0 && !Files.isDirectory(Path.of("/proc/" + pid))) {
            throw new CommandFailure(ExitCode.USAGE, "no process " + pid);
        }
        if (data != null && launch == null && !Files.isDirectory(data)) {
            throw new CommandFailure(ExitCode.USAGE, "no directory " + data);
        }
    }

    private BenchCorpus corpus(int round) {
        LocalDate first = day == null ? LocalDate.now(ZoneOffset.UTC).minusDays(1) : day;
        long startNanos = first.minusDays(round).toEpochDay() * DAY_NANOS;
        return new BenchCorpus(seed + round, megabytes * 1_000_000, startNanos);
    }

    private int run(BenchTarget target, ProcessFigures process, @Nullable BenchServer server)
            throws IOException, InterruptedException, StoreException {
        if (server == null) {
            out.println("| measure | value |\n|---|---:|");
        }
        limits();
        BenchCorpus corpus = corpus(0);
        if (noIngest) {
            while (corpus.hasNext()) {
                // the answers are known when all was made
                corpus.next();
            }
            row("lines", String.format(Locale.ROOT, "%d", corpus.lines()));
        } else {
            ingest(corpus, target, process);
        }
        List<BenchQuery> questions = BenchQuery.of(corpus).stream()
                .filter(q -> q.name().contains(match))
                .toList();
        BenchQuestions asked = new BenchQuestions(target, corpus, seconds, out);
        boolean right = asked.warm(questions, process);
        if (server != null && cold) {
            right &= asked.cold(questions, server);
        }
        return right ? ExitCode.OK : ExitCode.FAILURE;
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
        row("machine", MachineLimits.describe());
        row("date, seed", LocalDate.now(ZoneOffset.UTC) + ", " + seed);
    }

    private void ingest(BenchCorpus first, BenchTarget target, ProcessFigures process)
            throws IOException, InterruptedException {
        BenchIngest ingest = new BenchIngest(target, process, connections);
        BenchBodies bodies = blocks ? new BenchBodies.Native() : new BenchBodies.Loki();
        double pushed = 0;
        for (int round = 0; round < rounds; round++) {
            BenchCorpus corpus = round == 0 ? first : corpus(round);
            BenchIngest.Figures f = ingest.run(corpus, bodies);
            pushed += corpus.bytes();
            String which = rounds == 1 ? "" : "round " + (round + 1) + ": ";
            double gigabytes = corpus.bytes() / 1e9;
            row(which + "lines", String.format(Locale.ROOT, "%d", corpus.lines()));
            row(which + "line bytes, MB", tenths(corpus.bytes() / 1e6));
            row(
                    which + (blocks ? "native ingest" : "ingest") + ", MB/s while pushes are waited for",
                    tenths(f.megabytesPerSecond()));
            row(which + "push p50 / p99, ms", tenths(f.p50Millis()) + " / " + tenths(f.p99Millis()));
            row(which + "ingest, CPU s/GB until acknowledged", tenths(f.acknowledgedCpu() / gigabytes));
            row(which + "ingest, CPU s/GB with the flush", tenths(f.settledCpu() / gigabytes));
            row(which + "ingest, peak MB", tenths(f.peakMegabytes()));
            if (data != null) {
                row(
                        which + "stored bytes per line byte",
                        String.format(Locale.ROOT, "%.4f", ProcessFigures.storedBytes(data) / pushed));
            }
        }
    }

    private static String tenths(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }
}
