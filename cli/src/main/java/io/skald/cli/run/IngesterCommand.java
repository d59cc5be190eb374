/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.run;

import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.Output;
import io.skald.core.config.SkaldConfig;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code skald ingester}. */
@Command(
        description = {
            "Runs an ingester: takes pushes, keeps them on its disk until they are stored, answers queriers.",
            "Needs stores that several processes share (storage.index: dynamodb, storage.segments: s3).",
            "SIGTERM stores all that it holds and takes it off the list of ingesters; after kill -9, start it again on the same disk."
        },
        subcommands = {RegistryCommands.ListIngesters.class, RegistryCommands.Forget.class},
        footerHeading = "%nExamples:%n",
        footer = {
            "  skald ingester --config skald.yaml --data /var/lib/skald",
            "  skald ingester list --config skald.yaml          which there are",
            "  skald ingester forget ID --config skald.yaml     one whose disk is lost for good"
        })
public final class IngesterCommand implements Callable<Integer> {
    private final Output out;

    @Mixin
    private TailOptions tail = new TailOptions();

    @Mixin
    private RunOptions options = new RunOptions();

    public IngesterCommand(Output out) {
        this.out = out;
    }

    public Output out() {
        return out;
    }

    @Override
    public Integer call() throws CommandFailure, Output.Gone, InterruptedException {
        SkaldConfig config = tail.over(options.resolve(Path.of("skald-data")));
        RunCommand.serve(config, Role.INGESTER, options.logLevel(), out, appliance -> {});
        return ExitCode.OK;
    }
}
