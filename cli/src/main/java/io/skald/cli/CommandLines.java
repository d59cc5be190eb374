/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

/** What all commands have in common: how errors are shown, and which exit codes they have. */
final class CommandLines {
    private static final Map<String, String> EXIT_CODES = new LinkedHashMap<>();

    static {
        EXIT_CODES.put("0", "done; a query that finds nothing is done, too");
        EXIT_CODES.put("1", "it could not be done; the reason is on stderr");
        EXIT_CODES.put("2", "the command line is wrong");
        EXIT_CODES.put("3", "the server cannot be reached");
    }

    private CommandLines() {}

    static void configure(CommandLine line, Output out) {
        line.setOut(out.writer());
        line.setErr(out.errorWriter());
        line.setColorScheme(CommandLine.Help.defaultColorScheme(out.isColoured() ? Ansi.ON : Ansi.OFF));
        line.setUsageHelpWidth(100);
        line.setParameterExceptionHandler((e, args) -> {
            usageError(e, out);
            return ExitCode.USAGE;
        });
        line.setExecutionExceptionHandler((e, l, parsed) -> failed(e, l, out));
        describe(line);
    }

    private static void describe(CommandLine line) {
        line.getCommandSpec()
                .addOption(CommandLine.Model.OptionSpec.builder("-h", "--help")
                        .usageHelp(true)
                        .description("Show this help.")
                        .build())
                .usageMessage()
                .sortOptions(false)
                .exitCodeListHeading("%nExit codes:%n")
                .exitCodeList(EXIT_CODES);
        line.getSubcommands().values().forEach(CommandLines::describe);
    }

    private static void usageError(CommandLine.ParameterException e, Output out) {
        String name = e.getCommandLine().getCommandSpec().qualifiedName();
        out.error(name + ": " + e.getMessage());
        StringWriter suggestions = new StringWriter();
        PrintWriter writer = new PrintWriter(suggestions, true);
        if (CommandLine.UnmatchedArgumentException.printSuggestions(e, writer)) {
            out.error(suggestions.toString().strip());
        }
        out.error("Try '" + name + " --help'.");
    }

    private static int failed(Exception e, CommandLine line, Output out) throws Exception {
        String name = line.getCommandSpec().qualifiedName();
        return switch (e) {
            case CommandFailure f -> {
                out.flush();
                out.error(name + ": " + f.getMessage());
                yield f.exitCode();
            }
            case Output.Gone gone -> Main.outputGone(gone, out);
            default -> throw e;
        };
    }
}
