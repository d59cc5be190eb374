/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {
    static List<Arguments> usageErrors() {
        return List.of(
                Arguments.of(
                        "qery", "skald: unknown command 'qery'; did you mean 'skald query'?\nTry 'skald --help'.\n"),
                Arguments.of("--verson", "skald: unknown option '--verson'\nTry 'skald --help'.\n"),
                Arguments.of("xyzzyplugh", "skald: unknown command 'xyzzyplugh'\nTry 'skald --help'.\n"),
                Arguments.of("query", "skald query: Missing required parameter: 'LOGQL'\nTry 'skald query --help'.\n"),
                Arguments.of(
                        "query {} --limt 5",
                        "skald query: Unknown options: '--limt', '5'\nPossible solutions: --limit\nTry 'skald query --help'.\n"),
                Arguments.of("query {} --limit -5", "skald query: --limit must not be negative: -5\n"),
                Arguments.of(
                        "query {} --since 5",
                        "skald query: --since: '5' is not a duration (write it as 15m, 7d or 1h30m)\n"),
                Arguments.of("query {} --since 5m --from 1h", "skald query: --since and --from exclude each other\n"),
                Arguments.of(
                        "query {} --from 1h --to 2h", "skald query: the range is empty: --from is not before --to\n"),
                Arguments.of(
                        "query {} --step x",
                        "skald query: --step: 'x' is not a duration (write it as 15m, 7d or 1h30m)\n"),
                Arguments.of("query {} --url ftp://x", "skald query: not an http or https URL: ftp://x\n"),
                Arguments.of(
                        "query {} -o json",
                        "skald query: Invalid value for option '--output': 'json' is not one of default, raw, jsonl\n"
                                + "Try 'skald query --help'.\n"),
                Arguments.of(
                        "series", "skald series: Missing required parameter: 'SELECTOR'\nTry 'skald series --help'.\n"),
                Arguments.of("config", "skald config: say 'check FILE' or 'show'\nTry 'skald config --help'.\n"));
    }

    @ParameterizedTest
    @MethodSource("usageErrors")
    void saysHowItIsUsed(String args, String err) {
        CommandRun run = CommandRun.of(args.split(" "));
        assertThat(run.err()).isEqualTo(err);
        assertThat(run.out()).isEmpty();
        assertThat(run.exitCode()).isEqualTo(ExitCode.USAGE);
    }

    @Test
    void withoutArgumentsItShowsHelpOnStderr() {
        CommandRun run = CommandRun.of();
        assertThat(run.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(run.out()).isEmpty();
        assertThat(run.err())
                .contains("Usage: skald COMMAND")
                .isEqualTo(CommandRun.of("--help").out());
    }

    @ParameterizedTest
    @ValueSource(strings = {"--version", "-V", "version"})
    void tellsItsVersion(String arg) {
        CommandRun run = CommandRun.of(arg);
        assertThat(run.out()).matches("skald \\d+\\.\\d+\\.\\d+\\S* \\(Java 25.*\\)\n");
        assertThat(run.exitCode()).isZero();
    }

    /** Every command that is listed has help with examples and exit codes. */
    @Test
    void helpIsComplete() {
        List<String> commands = CommandRun.of("help")
                .out()
                .lines()
                .filter(l -> l.matches("  [a-z]+ +.*"))
                .map(l -> l.strip().split(" ")[0])
                .filter(c -> !c.equals("help") && !c.equals("version"))
                .toList();
        assertThat(commands).contains("query", "labels", "series", "config");
        for (String c : commands) {
            CommandRun help = CommandRun.of("help", c);
            assertThat(help.exitCode()).as(c).isZero();
            assertThat(help.out()).as(c).contains("Usage: skald " + c, "Exit codes:", "Examples:", "-h, --help");
            assertThat(CommandRun.of(c, "--help").out()).isEqualTo(help.out());
        }
    }

    @Test
    void checksConfigFiles(@TempDir Path dir) throws IOException {
        Path good = Files.writeString(dir.resolve("good.yaml"), "multi_tenant: true\n");
        Path bad = Files.writeString(dir.resolve("bad.yaml"), "multi_tenent: true\nwal: {sync: x}\n");
        assertThat(CommandRun.of("config", "check", good.toString()).out()).isEqualTo(good + ": ok\n");
        CommandRun run = CommandRun.of("config", "check", bad.toString());
        assertThat(run.exitCode()).isEqualTo(ExitCode.FAILURE);
        assertThat(run.err())
                .isEqualTo("skald config check: " + bad
                        + ":1:1: unknown key 'multi_tenent'; did you mean 'multi_tenant'?\n" + bad
                        + ":2:13: wal.sync: 'x' is not one of always, interval\n");
        assertThat(CommandRun.of("config", "check", dir.resolve("none").toString())
                        .err())
                .isEqualTo("skald config check: no such file: " + dir.resolve("none") + "\n");
        assertThat(CommandRun.of("config", "show", "--config", good.toString()).out())
                .contains("multi_tenant: true\n");
        String flags = "config show --config " + good + " --data /d --http 127.0.0.1:1 --tail /a /b --tail-tenant t";
        assertThat(CommandRun.of(flags.split(" ")).lines())
                .contains(
                        "data_dir: /d",
                        "  listen: \"127.0.0.1:1\"",
                        "tail: [/a, /b]",
                        "tail_tenant: t",
                        "multi_tenant: true");
        assertThat(CommandRun.of("config", "show", "--tail-tenant", "t").err())
                .isEqualTo("skald config show: --tail-tenant: tail_tenant needs multi_tenant: true\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Broken pipe", "No space left on device"})
    void outputThatNobodyReadsIsNoError(String message) {
        OutputStream full = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException(message);
            }
        };
        java.io.ByteArrayOutputStream err = new java.io.ByteArrayOutputStream();
        int code = Main.run(
                new String[] {"--version"},
                new Output(full, new PrintStream(err, true, StandardCharsets.UTF_8), false, false));
        boolean pipe = message.equals("Broken pipe");
        assertThat(code).isEqualTo(pipe ? ExitCode.OK : ExitCode.FAILURE);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .isEqualTo(pipe ? "" : "skald: cannot write output: No space left on device\n");
    }
}
