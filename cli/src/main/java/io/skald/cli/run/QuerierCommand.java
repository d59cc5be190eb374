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

/** {@code skald querier}. */
@Command(
        description = {
            "Runs a querier: answers Loki's API from the shared stores and from all ingesters.",
            "Needs stores that several processes share (storage.index: dynamodb, storage.segments: s3). Its data directory",
            "holds nothing that is not elsewhere."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  skald querier --config skald.yaml --data /tmp/skald-querier --http 0.0.0.0:3100"})
public final class QuerierCommand implements Callable<Integer> {
    private final Output out;

    @Mixin
    private RunOptions options = new RunOptions();

    public QuerierCommand(Output out) {
        this.out = out;
    }

    @Override
    public Integer call() throws CommandFailure, Output.Gone, InterruptedException {
        SkaldConfig config = options.resolve(Path.of("skald-data"));
        RunCommand.serve(config, Role.QUERIER, options.logLevel(), out, appliance -> {});
        return ExitCode.OK;
    }
}
