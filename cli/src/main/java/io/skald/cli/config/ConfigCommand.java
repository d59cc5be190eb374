/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.config;

import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.Output;
import io.skald.core.config.ConfigException;
import io.skald.core.config.SkaldConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skald config check|show}. */
@Command(
        description = "Checks a config file, or shows what is in force.",
        footer = {
            "",
            "Examples:",
            "  skald config check skald.yaml",
            "  skald config show                      every key with its default",
            "  skald config show --config skald.yaml  what 'skald run --config skald.yaml' would use"
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
        load(file);
        out.println(file + ": ok");
        return ExitCode.OK;
    }

    @Command(
            description =
                    "Prints every key with the value that is in force, as YAML that can be used as a config file.")
    int show(
            @Option(names = "--config", paramLabel = "FILE", description = "A config file; without it, the defaults.")
                    @Nullable
                    Path file)
            throws CommandFailure, Output.Gone {
        out.print((file == null ? SkaldConfig.DEFAULTS : load(file)).toYaml());
        return ExitCode.OK;
    }

    /** Loads a config file, or fails with lines that say what is wrong with it. */
    public static SkaldConfig load(Path file) throws CommandFailure {
        try {
            return SkaldConfig.load(file);
        } catch (ConfigException e) {
            throw new CommandFailure(ExitCode.FAILURE, String.join("\n", e.problems()), e);
        } catch (NoSuchFileException e) {
            throw new CommandFailure(ExitCode.FAILURE, "no such file: " + file, e);
        } catch (IOException e) {
            String why = Files.isDirectory(file) ? "it is a directory" : String.valueOf(e.getMessage());
            throw new CommandFailure(ExitCode.FAILURE, "cannot read " + file + ": " + why, e);
        }
    }
}
