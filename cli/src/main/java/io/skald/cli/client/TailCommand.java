/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.client;

import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.Output;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skald tail}. */
@Command(
        description = {
            "Prints lines as they arrive, until it is stopped with Ctrl-C.",
            "When the connection is lost it connects again and goes on where it was, without a gap and without repeats."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  skald tail '{app=\"shop\"}'", "  skald tail '{app=\"shop\"} |= \"error\"' --since 10m -o raw"})
public final class TailCommand implements Callable<Integer> {
    private final Output out;

    @Parameters(paramLabel = "LOGQL", description = "A log query; quote it for the shell.")
    private String query = "";

    @Option(
            names = "--since",
            paramLabel = "DURATION",
            description = "Begin with the lines of this long ago; default now.")
    private @Nullable String since;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORM",
            converter = FormConverter.class,
            description = "default, raw (lines only) or jsonl (one JSON object a line).")
    private ResultPrinter.Form form = ResultPrinter.Form.DEFAULT;

    @Mixin
    private ServerOptions server = new ServerOptions();

    public TailCommand(Output out) {
        this.out = out;
    }

    @Override
    public Integer call() throws CommandFailure, IOException {
        Instant now = Instant.now();
        long start = TimeOptions.nanos(now);
        if (since != null) {
            start = TimeOptions.nanos(now.minus(TimeOptions.duration("--since", since)));
        }
        try (LokiClient client = new LokiClient(server)) {
            ResultPrinter printer = new ResultPrinter(out, form, ZoneId.systemDefault());
            new TailSession(client, query, start, printer, out, InstantSource.system())
                    .run(Duration.ofMillis(200), Duration.ofSeconds(5));
        }
        return ExitCode.OK;
    }
}
