/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.demo;

import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.Output;
import io.skald.cli.run.Appliance;
import io.skald.cli.run.Role;
import io.skald.cli.run.RunCommand;
import io.skald.cli.run.RunOptions;
import io.skald.core.config.SkaldConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code skald demo}. */
@Command(
        description = {
            "Runs Skald with the logs of a made-up shop: half an hour of history at once, then live.",
            "Access logs, JSON, logfmt, Java stack traces; two minutes of every ten the payments fail."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  skald demo", "  skald demo --http 0.0.0.0:3100", "  skald demo --seed 7              another shop"
        })
public final class DemoCommand implements Callable<Integer> {
    private static final Duration HISTORY = Duration.ofMinutes(30);

    private final Output out;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Chooses the shop; the same number gives the same customers.")
    private long seed = 1;

    @Mixin
    private RunOptions options = new RunOptions();

    public DemoCommand(Output out) {
        this.out = out;
    }

    @Override
    public Integer call() throws CommandFailure, Output.Gone, InterruptedException {
        SkaldConfig config = options.resolve(Path.of("skald-data", "demo"));
        if (config.multiTenant()) {
            throw new CommandFailure(ExitCode.USAGE, "the demo has one tenant; leave multi_tenant out of the config");
        }
        RunCommand.serve(config, Role.ALL, options.logLevel(), out, this::open);
        return ExitCode.OK;
    }

    private void open(Appliance appliance) throws CommandFailure, Output.Gone, InterruptedException {
        Instant now = Instant.now();
        ShopFeed feed = new ShopFeed(seed, appliance.sink(), now.minus(HISTORY));
        long lines = feed.pushUntil(now);
        Thread.ofVirtual().name("demo").start(feed);
        String flag = RunCommand.urlFlag(appliance);
        out.println("");
        out.println("The shop has written " + lines + " lines in the last 30 minutes and goes on. Try:");
        for (String query : List.of(
                "{app=\"payments\"} |= \"ERROR\"",
                "{app=\"checkout\"} | json | level=\"error\"",
                "{app=\"gateway\"} | pattern \"<_> - - \\\"<method> <path> <_>\\\" <status> <_> <ms>ms\" | status >= 500",
                "{app=\"inventory\"} | logfmt | level=\"warn\"")) {
            out.println("  skald query '" + query + "'" + flag);
        }
        out.println("  skald query 'sum by (app) (count_over_time({env=\"demo\"}[30m]))' --instant" + flag);
        out.println("  skald query 'sum(rate({app=\"payments\"} |= \"ERROR\" [1m]))' --step 1m" + flag);
        out.println("  skald tail '{env=\"demo\"}'" + flag);
    }
}
