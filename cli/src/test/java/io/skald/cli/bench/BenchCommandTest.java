/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.cli.CommandRun;
import io.skald.cli.ExitCode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BenchCommandTest {
    @ParameterizedTest
    @CsvSource({
        "--mb 0, --rounds must be at least 1",
        "--seconds -1, --seconds not negative",
        "--cold, --cold needs --launch",
        "--launch x --pid 1, --launch goes without --pid",
        "--no-ingest --native, --no-ingest goes without --native",
        "--pid 99999999, no process 99999999",
        "--data no/such/directory, no directory no/such/directory"
    })
    void tellsWhatDoesNotGoTogetherBeforeAnythingRuns(String args, String message) {
        CommandRun run = CommandRun.of(("bench " + args).split(" ", -1));
        assertThat(run.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).contains(message);
    }
}
