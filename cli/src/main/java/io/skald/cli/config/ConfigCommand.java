/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.config;

import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.Output;
import io.skald.cli.run.RunOptions;
import io.skald.cli.run.TailOptions;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code skald config check|show}. */
@Command(
        description = "Checks a config file, or shows what is in force.",
        footer = {
            "",
            "Examples:",
            "  skald config check skald.yaml",
            "  skald config show                      every key with its default",
            "  skald config show --config skald.yaml --data /srv/skald   what 'skald run' would use, told the same"
        })
public final class ConfigCommand implements Runnable {
    private final Output out;

    @CommandLine.Spec
    private CommandLine.Model.@Nullable CommandSpec spec;

    public ConfigCommand(Output out) {
        this.out = out;
    }

    @Override
    public void run() {
        if (spec != null) {
            throw new CommandLine.ParameterException(spec.commandLine(), "say 'check FILE' or 'show'");
        }
    }

    @Command(description = "Reads a config file and reports every problem with its line.")
    int check(@Parameters(paramLabel = "FILE", description = "The file.") Path file)
            throws CommandFailure, Output.Gone {
        RunOptions.load(file);
        out.println(file + ": ok");
        return ExitCode.OK;
    }

    @Command(
            description = {
                "Prints every key with the value that is in force, as YAML that can be used as a config file.",
                "The options are those of 'skald run'."
            })
    int show(@Mixin RunOptions options, @Mixin TailOptions tail) throws CommandFailure, Output.Gone {
        out.print(tail.over(options.resolve(Path.of("skald-data"))).toYaml());
        return ExitCode.OK;
    }
}
