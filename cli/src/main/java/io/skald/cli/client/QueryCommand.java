/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.client;

import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.Output;
import io.skald.core.config.Durations;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skald query}. */
@Command(
        description = "Runs a LogQL query and prints its lines or samples.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  skald query '{app=\"shop\"} |= \"error\"'                    the last hour, oldest first",
            "  skald query '{app=\"shop\"}' --since 24h -o raw | wc -l     every matching line, however many",
            "  skald query '{app=\"shop\"} | json | status >= 500' --from 2026-03-01T10:00 --to 2026-03-01T11:00",
            "  skald query 'sum by (app) (rate({env=\"prod\"}[5m]))' --step 5m",
            "  skald query 'sum by (app) (count_over_time({env=\"prod\"}[1h]))' --instant"
        })
public final class QueryCommand implements Callable<Integer> {
    private static final Duration DEFAULT_RANGE = Duration.ofHours(1);
    private static final long TERMINAL_LIMIT = 1000;

    /** Steps that people like to read; the first that gives at most {@link #MAX_ROWS} rows is the default. */
    private static final List<String> STEPS =
            List.of("1s", "5s", "10s", "30s", "1m", "5m", "10m", "30m", "1h", "3h", "6h", "12h", "1d", "7d", "30d");

    private static final int MAX_ROWS = 60;

    private final Output out;

    @Parameters(paramLabel = "LOGQL", description = "The query; quote it for the shell.")
    private String query = "";

    @Mixin
    private TimeOptions time = new TimeOptions();

    @Option(
            names = "--limit",
            paramLabel = "N",
            description =
                    "Most lines, 0 for all. Default: all, but the newest " + TERMINAL_LIMIT
                            + " when the output is a terminal. If it cuts, stderr says so. Lines are printed oldest first either way.")
    private @Nullable Long limit;

    @Option(names = "--forward", description = "With a limit: take the oldest lines of the range, not the newest.")
    private boolean forward;

    @Option(names = "--step", paramLabel = "DURATION", description = "Time between samples of a metric query.")
    private @Nullable String step;

    @Option(names = "--instant", description = "Evaluate a metric query once, at --to.")
    private boolean instant;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORM",
            converter = FormConverter.class,
            description = "default, raw (lines or values only) or jsonl (one JSON object a line).")
    private ResultPrinter.Form form = ResultPrinter.Form.DEFAULT;

    @Mixin
    private ServerOptions server = new ServerOptions();

    public QueryCommand(Output out) {
        this.out = out;
    }

    @Override
    public Integer call() throws CommandFailure, IOException {
        if (limit != null && limit < 0) {
            throw new CommandFailure(ExitCode.USAGE, "--limit must not be negative: " + limit);
        }
        TimeOptions.Range range = time.range(DEFAULT_RANGE, Instant.now());
        ResultPrinter printer = new ResultPrinter(out, form, ZoneId.systemDefault());
        try (LokiClient client = new LokiClient(server)) {
            if (instant) {
                atOneTime(client, range.endNanos(), printer);
            } else {
                overRange(client, range, printer);
            }
        }
        return ExitCode.OK;
    }

    private void atOneTime(LokiClient client, long nanos, ResultPrinter printer) throws CommandFailure, IOException {
        Map<String, List<String>> params = new LinkedHashMap<>();
        params.put("query", List.of(query));
        params.put("extensions", List.of("true"));
        params.put("time", List.of(Long.toString(nanos)));
        try {
            switch (client.get("/loki/api/v1/query", params, Answer::read)) {
                case Answer.Samples s -> printer.samples(s);
                case Answer.Lines l -> printer.lines(l.lines());
            }
        } catch (LokiClient.Refused e) {
            throw e.asFailure(query);
        }
    }

    private void overRange(LokiClient client, TimeOptions.Range range, ResultPrinter printer)
            throws CommandFailure, IOException {
        long most = limit != null ? limit : out.isTerminal() ? TERMINAL_LIMIT : 0;
        LinePager pager = new LinePager(client, query, step(range));
        Answer.Samples samples;
        if (most == 0) {
            samples = pager.read(range, 0, true, printer::lines);
        } else {
            ArrayDeque<Answer.Line> kept = new ArrayDeque<>();
            samples = pager.read(range, most + 1, forward, kept::addAll);
            boolean cut = kept.size() > most;
            if (cut) {
                kept.removeLast();
            }
            printer.lines(List.copyOf(forward ? kept : kept.reversed()));
            if (cut) {
                out.flush();
                out.error("skald query: only the " + (forward ? "oldest " : "newest ") + most
                        + " lines are shown, there are more; --limit 0 shows all");
            }
        }
        if (samples != null) {
            printer.samples(samples);
        }
    }

    private String step(TimeOptions.Range range) throws CommandFailure {
        if (step != null) {
            TimeOptions.duration("--step", step);
            return step;
        }
        long length = range.endNanos() - range.startNanos();
        for (String s : STEPS) {
            if (length / Durations.parse(s).toNanos() <= MAX_ROWS) {
                return s;
            }
        }
        return STEPS.getLast();
    }
}
