/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli;

import io.skald.cli.agent.AgentCommand;
import io.skald.cli.bench.BenchCommand;
import io.skald.cli.client.CompactCommand;
import io.skald.cli.client.ExportCommand;
import io.skald.cli.client.FlushCommand;
import io.skald.cli.client.LabelsCommand;
import io.skald.cli.client.QueryCommand;
import io.skald.cli.client.SeriesCommand;
import io.skald.cli.client.StatsCommand;
import io.skald.cli.client.TailCommand;
import io.skald.cli.config.ConfigCommand;
import io.skald.cli.demo.DemoCommand;
import io.skald.cli.inspect.InspectCommand;
import io.skald.cli.rules.RulesCommand;
import io.skald.cli.run.IngesterCommand;
import io.skald.cli.run.QuerierCommand;
import io.skald.cli.run.RunCommand;
import io.skald.cli.store.BackupCommand;
import io.skald.cli.store.FsckCommand;
import io.skald.cli.store.IndexCommand;
import io.skald.cli.store.RestoreCommand;
import io.skald.cli.store.StoreCommand;
import io.skald.core.config.Keys;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/**
 * The process's entry. Looks at the first argument only and loads nothing but the command that it names, so that a command starts in the
 * time that it needs itself.
 */
public final class Main {
    /** @param serves whether what it starts may have something to do when the process ends */
    private record Command(String name, String summary, boolean serves, Function<Output, Object> create) {
        Command(String name, String summary, Function<Output, Object> create) {
            this(name, summary, false, create);
        }
    }

    // no constructor references: to link one, the JVM verifies its class, and loads what that class may throw and catch
    private static final List<Command> COMMANDS = List.of(
            new Command("run", "run the whole of Skald in this process", true, o -> new RunCommand(o)),
            new Command("ingester", "take pushes, as one of many processes", true, o -> new IngesterCommand(o)),
            new Command("querier", "answer queries, as one of many processes", true, o -> new QuerierCommand(o)),
            new Command("agent", "collect logs on a node and push them", true, o -> new AgentCommand(o)),
            new Command("demo", "run it with the logs of a made-up shop", true, o -> new DemoCommand(o)),
            new Command("query", "run a LogQL query", o -> new QueryCommand(o)),
            new Command("tail", "print lines as they arrive", o -> new TailCommand(o)),
            new Command("labels", "list label names, or the values of a label", o -> new LabelsCommand(o)),
            new Command("series", "list streams", o -> new SeriesCommand(o)),
            new Command("stats", "say how much a selector holds, also per label", o -> new StatsCommand(o)),
            new Command(
                    "export", "write all lines of a query, and go on after an interruption", o -> new ExportCommand(o)),
            new Command("flush", "write what is in the write-ahead log into segments", o -> new FlushCommand(o)),
            new Command("compact", "merge segments and apply deletes now", o -> new CompactCommand(o)),
            new Command("inspect", "look at a segment or a file of the write-ahead log", o -> new InspectCommand(o)),
            new Command(
                    "bench",
                    "measure how a server takes and answers a known day of logs",
                    true,
                    o -> new BenchCommand(o)),
            new Command("backup", "make a backup of what is stored, also while servers run", o -> new BackupCommand(o)),
            new Command("restore", "put a backup into empty stores", o -> new RestoreCommand(o)),
            new Command("fsck", "compare the index with the objects that are there", o -> new FsckCommand(o)),
            new Command("index", "make the index anew when it is lost", o -> new IndexCommand(o)),
            new Command("store", "create and check the shared stores", o -> new StoreCommand(o)),
            new Command("rules", "check, test, list, load, diff and sync alert rules", o -> new RulesCommand(o)),
            new Command("config", "check a config file, or show what is in force", o -> new ConfigCommand(o)));

    private Main() {}

    public static void main(String[] args) {
        Output out = Output.ofProcess();
        try {
            end(args, run(args, out));
        } catch (RuntimeException | Error e) {
            // threads that serve would keep a process alive that can no longer be stopped in order
            StringWriter trace = new StringWriter();
            e.printStackTrace(new PrintWriter(trace));
            out.error("skald: unexpected failure, please report it: " + trace);
            System.exit(ExitCode.FAILURE);
        }
    }

    private static void end(String[] args, int code) {
        Command command = args.length == 0 ? null : find(args[0]);
        if (command != null && command.serves) {
            System.exit(code);
        }
        // a regular exit looks for a logger to tell of it in all jars of the class path, which takes as long as the
        // rest of a command
        Runtime.getRuntime().halt(code);
    }

    /** Runs a command line and returns its exit code. */
    public static int run(String[] args, Output out) {
        try (out) {
            return dispatch(args, out);
        } catch (Output.Gone e) {
            return outputGone(e, out);
        }
    }

    private static int dispatch(String[] args, Output out) throws Output.Gone {
        if (args.length == 0) {
            out.error(help().stripTrailing());
            return ExitCode.USAGE;
        }
        return switch (args[0]) {
            case "-h", "--help" -> {
                out.print(help());
                yield ExitCode.OK;
            }
            case "-V", "--version", "version" -> {
                out.println("skald " + Version.number() + " (Java " + System.getProperty("java.runtime.version") + ")");
                yield ExitCode.OK;
            }
            case "help" -> args.length == 1 ? dispatch(new String[] {"--help"}, out) : helpOn(args, out);
            default -> command(args[0], Arrays.copyOfRange(args, 1, args.length), out);
        };
    }

    /** {@code help query} is {@code query --help}, {@code help config check} is {@code config check --help}. */
    private static int helpOn(String[] args, Output out) throws Output.Gone {
        String[] asked = Arrays.copyOfRange(args, 1, args.length + 1);
        asked[asked.length - 1] = "--help";
        return dispatch(asked, out);
    }

    private static int command(String name, String[] args, Output out) throws Output.Gone {
        Command command = find(name);
        if (command == null) {
            String kind = name.startsWith("-") ? "option" : "command";
            String near =
                    Keys.nearest(name, COMMANDS.stream().map(Command::name).toList());
            out.error("skald: unknown " + kind + " '" + name + "'"
                    + (near == null ? "" : "; did you mean 'skald " + near + "'?")
                    + "\nTry 'skald --help'.");
            return ExitCode.USAGE;
        }
        CommandLine line = new CommandLine(command.create.apply(out));
        line.setCommandName("skald " + name);
        CommandLines.configure(line, out);
        return line.execute(args);
    }

    private static @Nullable Command find(String name) {
        for (Command c : COMMANDS) {
            if (c.name.equals(name)) {
                return c;
            }
        }
        return null;
    }

    private static String help() {
        StringBuilder b = new StringBuilder("""
                Usage: skald COMMAND [OPTIONS]

                A self-hosted log store that speaks Loki's push and query APIs.

                Commands:
                """);
        for (Command c : COMMANDS) {
            b.append(String.format("  %-9s %s%n", c.name, c.summary));
        }
        return b.append("""
                  version   print the version
                  help      help on a command: skald help query

                'skald COMMAND --help' shows options, examples and exit codes.
                """).toString();
    }

    /** Whoever read our output has stopped ({@code | head}): that is no error. */
    static int outputGone(Output.Gone e, Output out) {
        String message = String.valueOf(e.getMessage());
        if (message.contains("Broken pipe")) {
            return ExitCode.OK;
        }
        out.error("skald: cannot write output: " + message);
        return ExitCode.FAILURE;
    }
}
