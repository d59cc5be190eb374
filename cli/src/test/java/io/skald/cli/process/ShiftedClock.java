/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.process;

import io.skald.cli.Output;
import io.skald.cli.run.Role;
import io.skald.cli.run.RunCommand;
import io.skald.cli.run.RunOptions;
import io.skald.core.config.SkaldConfig;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;

/** What {@code skald ingester} and {@code skald querier} do, with a clock that is wrong: {@code SHIFT ROLE CONFIG DATA}, the shift in ISO 8601. */
final class ShiftedClock {
    private ShiftedClock() {}

    public static void main(String[] args) throws Exception {
        SkaldConfig config = RunOptions.load(Path.of(args[2])).withDataDir(Path.of(args[3]));
        Clock clock = Clock.offset(Clock.systemUTC(), Duration.parse(args[0]));
        try (Output out = Output.ofProcess()) {
            RunCommand.serve(config, Role.valueOf(args[1]), clock, "info", out, started -> {});
        }
        System.exit(0);
    }
}
