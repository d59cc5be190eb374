/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.client;

import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.Output;
import io.skald.core.config.ByteSize;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code skald compact}. */
@Command(
        description = {
            "Compacts all there is of a tenant now, today included, applies its delete requests and retention, and waits until it is done.",
            "A server does the same by itself, a day at a time: this is for before a backup, and after deletes."
        },
        footerHeading = "%nExamples:%n",
        footer = "  skald compact --url http://ingester-0:3100 --tenant team-a")
public final class CompactCommand implements Callable<Integer> {
    private final Output out;

    @Mixin
    private ServerOptions server = new ServerOptions();

    public CompactCommand(Output out) {
        this.out = out;
    }

    @Override
    public Integer call() throws CommandFailure, IOException {
        try (LokiClient client = new LokiClient(server)) {
            Map<String, Double> done = client.post("/skald/api/v1/compact", FlushCommand::numbers);
            out.println(String.format(
                    Locale.ROOT,
                    "compacted %d segments (%s) into %d (%s), %d entries; %d deleted, %d duplicates; %.3f s",
                    FlushCommand.count(done, "segmentsIn"),
                    ByteSize.approximate(FlushCommand.count(done, "bytesIn")),
                    FlushCommand.count(done, "segmentsOut"),
                    ByteSize.approximate(FlushCommand.count(done, "bytesOut")),
                    FlushCommand.count(done, "entries"),
                    FlushCommand.count(done, "deletedLines"),
                    FlushCommand.count(done, "duplicates"),
                    done.getOrDefault("seconds", 0.0)));
            return ExitCode.OK;
        } catch (LokiClient.Refused e) {
            throw e.asFailure();
        }
    }
}
