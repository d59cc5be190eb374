/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.agent;

import io.prometheus.client.CollectorRegistry;
import io.skald.agent.AgentProcess;
import io.skald.agent.config.AgentFile;
import io.skald.agent.config.StageTest;
import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.Output;
import io.skald.cli.run.StopSignals;
import io.skald.core.config.ConfigException;
import io.skald.core.service.ProcessLog;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skald agent}. */
@Command(
        subcommands = {RejectedCommand.class},
        description = {
            "Collects logs on this node and pushes them, each line exactly once.",
            "Takes Promtail's configuration as it is; what it does not support is an error that names key and line."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  skald agent --config promtail.yaml",
            "  skald agent check promtail.yaml",
            "  skald agent test pipeline.yaml < sample.log     what each stage does with each line",
            "  skald agent --config promtail.yaml --stdin < app.log     sends a file, and ends when all of it is taken",
            "  skald agent rejected list --config agent.yaml"
        })
public final class AgentCommand implements Callable<Integer> {
    private static final Duration LOOK = Duration.ofMillis(200);

    private final Output out;

    @CommandLine.Spec
    private CommandLine.Model.@Nullable CommandSpec spec;

    @Option(
            names = {"--config", "-config.file", "--config.file"},
            paramLabel = "FILE",
            description = "The configuration.")
    private @Nullable Path config;

    @Option(
            names = {"--expand-env", "-config.expand-env", "--config.expand-env"},
            arity = "0..1",
            fallbackValue = "true",
            paramLabel = "BOOL",
            description = "Put environment variables in for $${NAME} and $${NAME:default}.")
    private boolean expand;

    @Option(
            names = {"--stdin", "-stdin"},
            description = "Read standard input with the stages and labels of the first job, instead of all sources.")
    private boolean stdin;

    /** What Promtail has for trying a configuration; others do it here. */
    @Option(
            names = {
                "--dry-run",
                "-dry-run",
                "--inspect",
                "-inspect",
                "--check-syntax",
                "-check-syntax",
                "--print-config-stderr",
                "-print-config-stderr"
            },
            arity = "0..1",
            fallbackValue = "true",
            hidden = true)
    private boolean tries;

    @Option(names = "--log-level", paramLabel = "LEVEL", description = "debug, info, warn or error.")
    private @Nullable String logLevel;

    public AgentCommand(Output out) {
        this.out = out;
    }

    Output out() {
        return out;
    }

    /** The configuration that was named, and read. */
    AgentFile load() throws CommandFailure {
        return load(file());
    }

    private Path file() {
        Path file = config;
        if (file == null) {
            if (spec == null) {
                throw new IllegalStateException("not run by picocli");
            }
            throw new CommandLine.ParameterException(spec.commandLine(), "--config FILE is needed");
        }
        return file;
    }

    private AgentFile load(Path file) throws CommandFailure {
        try {
            return AgentFile.load(file, expand, new CollectorRegistry());
        } catch (ConfigException e) {
            throw new CommandFailure(ExitCode.USAGE, String.valueOf(e.getMessage()), e);
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.USAGE, "cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    @Override
    public Integer call() throws CommandFailure, Output.Gone, InterruptedException {
        Path file = file();
        if (tries) {
            throw new CommandFailure(
                    ExitCode.USAGE,
                    "Promtail's -dry-run, -inspect, -check-syntax and -print-config-stderr are commands here:\n"
                            + "  skald agent check " + file
                            + "                what is wrong in the file, and what has no effect\n"
                            + "  skald agent test " + file + " < sample.log    what each stage does with each line");
        }
        AgentFile parsed = load(file);
        String level = logLevel != null ? logLevel : parsed.logLevel() == null ? "info" : parsed.logLevel();
        try {
            ProcessLog.install(level);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(ExitCode.USAGE, "--log-level: " + e.getMessage(), e);
        }
        StopSignals stop = StopSignals.install();
        try (AgentProcess process = AgentProcess.start(file, expand, stdin);
                AgentServer server = AgentServer.start(process)) {
            out.println("The agent collects by " + file + server.where());
            out.flush();
            while (!stop.await(LOOK) && !process.finished()) {
                // standard input may have ended
            }
        } catch (ConfigException e) {
            throw new CommandFailure(ExitCode.USAGE, String.valueOf(e.getMessage()), e);
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.FAILURE, String.valueOf(e.getMessage()), e);
        }
        return ExitCode.OK;
    }

    @Command(description = "Reads a configuration and reports every problem with its line.")
    int check(@Parameters(paramLabel = "FILE", description = "The file.") Path file)
            throws CommandFailure, Output.Gone {
        AgentFile parsed = load(file);
        for (String note : parsed.notes()) {
            out.println(note);
        }
        out.println(file + ": ok, " + parsed.jobs().size() + " jobs, "
                + parsed.clients().size() + " clients");
        return ExitCode.OK;
    }

    @Command(
            description = {
                "Runs lines of standard input through stages, and shows what each of them changes.",
                "The file is a configuration, of which the first job is taken or the one named, or a list of stages."
            })
    int test(
            @Parameters(paramLabel = "FILE", description = "The file.") Path file,
            @Option(names = "--job", paramLabel = "NAME", description = "Which job.") @Nullable String job,
            @Option(names = "--label", paramLabel = "NAME=VALUE", description = "A label that the lines come with.")
                    String @Nullable [] labels)
            throws CommandFailure, Output.Gone {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            StageTest t = StageTest.parse(
                    file.toString(), Files.readString(file), job, labels == null ? new String[0] : labels);
            String line;
            while ((line = in.readLine()) != null) {
                out.print(t.run(line));
            }
            out.print(t.end());
        } catch (ConfigException e) {
            throw new CommandFailure(ExitCode.USAGE, String.valueOf(e.getMessage()), e);
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.USAGE, "cannot read: " + e.getMessage(), e);
        }
        return ExitCode.OK;
    }
}
