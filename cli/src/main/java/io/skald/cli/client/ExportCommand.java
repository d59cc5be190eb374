/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.client;

import com.fasterxml.jackson.core.JsonParser;
import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.Output;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skald export}. */
@Command(
        description =
                "Writes every line of a log query, oldest first, however many, and goes on where it was interrupted.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  skald export '{app=\"shop\"}' --since 24h > shop.ndjson",
            "  skald export '{app=\"shop\"} |= \"error\"' --from 2026-03-01 --to 2026-03-02 -o raw --file errors.log",
            "  skald export '{app=\"shop\"}' --since 24h --cursor 1772326800000000000.9f86d081884c7d65.0 >> shop.ndjson"
        })
public final class ExportCommand implements Callable<Integer> {
    private static final Duration DEFAULT_RANGE = Duration.ofHours(1);
    private static final long PROGRESS_NANOS = TimeUnit.SECONDS.toNanos(2);
    /** Lost connections in a row, without a line between them, before giving up. */
    private static final int MAX_LOSSES = 6;

    private final Output out;

    @Parameters(paramLabel = "LOGQL", description = "The query; quote it for the shell.")
    private String query = "";

    @Mixin
    private TimeOptions time = new TimeOptions();

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORM",
            converter = FormConverter.class,
            description = "jsonl (one JSON object a line, the default) or raw (lines only).")
    private ResultPrinter.Form form = ResultPrinter.Form.JSONL;

    @Option(
            names = "--file",
            paramLabel = "FILE",
            description = "Write to this file. FILE.cursor keeps the place; the same command again goes on there.")
    private @Nullable Path file;

    @Option(
            names = "--cursor",
            paramLabel = "CURSOR",
            description = "Begin behind this place, the \"cursor\" of a line of a former export.")
    private @Nullable String cursor;

    @Option(names = "--quiet", description = "No progress on stderr.")
    private boolean quiet;

    @Mixin
    private ServerOptions server = new ServerOptions();

    public ExportCommand(Output out) {
        this.out = out;
    }

    @Override
    public Integer call() throws CommandFailure, IOException {
        if (form == ResultPrinter.Form.DEFAULT) {
            throw new CommandFailure(ExitCode.USAGE, "an export is jsonl or raw");
        }
        if (file != null && cursor != null) {
            throw new CommandFailure(ExitCode.USAGE, "--file keeps the cursor itself, leave out --cursor");
        }
        TimeOptions.Range range = time.range(DEFAULT_RANGE, Instant.now());
        try (LokiClient client = new LokiClient(server);
                ExportTarget target = file == null
                        ? ExportTarget.standardOutput(out, range, cursor)
                        : ExportTarget.file(file, query + "\n" + form.name(), range)) {
            Run run = new Run(client, target);
            run.all();
        }
        return ExitCode.OK;
    }

    /** One export with its progress. */
    private final class Run {
        private final LokiClient client;
        private final ExportTarget target;
        private final long begin = System.nanoTime();
        private long lines;
        private long bytes;
        private long lastTime;
        private long nextProgress = begin + PROGRESS_NANOS;
        private int losses;

        Run(LokiClient client, ExportTarget target) {
            this.client = client;
            this.target = target;
            this.lastTime = target.range().startNanos();
        }

        void all() throws CommandFailure, IOException {
            while (true) {
                try {
                    client.lines("/skald/api/v1/export", params(), this::take);
                    target.finish();
                    progress("done");
                    return;
                } catch (LokiClient.Refused e) {
                    target.checkpoint();
                    throw e.asFailure(query);
                } catch (LokiClient.Broken e) {
                    lost(e);
                }
            }
        }

        private Map<String, List<String>> params() {
            Map<String, List<String>> params = new LinkedHashMap<>();
            params.put("query", List.of(query));
            params.put("start", List.of(Long.toString(target.range().startNanos())));
            params.put("end", List.of(Long.toString(target.range().endNanos())));
            String from = target.cursor();
            if (from != null) {
                params.put("cursor", List.of(from));
            }
            return params;
        }

        private void lost(LokiClient.Broken e) throws CommandFailure, IOException {
            target.checkpoint();
            if (++losses > MAX_LOSSES) {
                String from = target.cursor();
                CommandFailure failure = client.unreachable(e.getCause() == null ? e : e.getCause());
                String how = from == null
                        ? ""
                        : file == null ? " Go on with --cursor " + from : " The same command again goes on.";
                throw new CommandFailure(failure.exitCode(), failure.getMessage() + how, e);
            }
            if (!quiet) {
                out.error("skald export: lost the connection, going on: " + e.getMessage());
            }
            try {
                TimeUnit.MILLISECONDS.sleep(250L << losses);
            } catch (InterruptedException x) {
                Thread.currentThread().interrupt();
                throw new CommandFailure(ExitCode.FAILURE, "interrupted", x);
            }
        }

        private void take(String json) throws IOException, CommandFailure {
            String[] found = new String[3];
            try (JsonParser parser = LokiClient.JSON.createParser(json)) {
                Answer.eachField(parser, parser.nextToken(), name -> {
                    switch (name) {
                        case "line" -> found[0] = parser.getText();
                        case "cursor" -> found[1] = parser.getText();
                        case "timestamp" -> found[2] = parser.getText();
                        default -> parser.skipChildren();
                    }
                });
            }
            if (found[0] == null || found[1] == null || found[2] == null) {
                throw new CommandFailure(ExitCode.FAILURE, "not an export at " + client.url());
            }
            String text = form == ResultPrinter.Form.RAW ? found[0] : json;
            bytes += target.line(text, found[1]);
            lines++;
            losses = 0;
            lastTime = Long.parseLong(found[2]);
            long now = System.nanoTime();
            if (now - nextProgress >= 0) {
                nextProgress = now + PROGRESS_NANOS;
                target.checkpoint();
                TimeOptions.Range r = target.range();
                double share = (double) (lastTime - r.startNanos()) / Math.max(1, r.endNanos() - r.startNanos());
                progress(String.format(Locale.ROOT, "%.0f %% of the time range", 100 * share));
            }
        }

        private void progress(String how) {
            if (!quiet) {
                double seconds = (System.nanoTime() - begin) / 1e9;
                out.error(String.format(
                        Locale.ROOT,
                        "skald export: %s, %d lines, %.1f MB, %.1f MB/s",
                        how,
                        lines,
                        bytes / 1e6,
                        bytes / 1e6 / Math.max(seconds, 0.001)));
            }
        }
    }
}
