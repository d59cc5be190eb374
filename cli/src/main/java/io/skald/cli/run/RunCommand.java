/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.run;

import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.Output;
import io.skald.core.config.SkaldConfig;
import io.skald.core.service.ProcessLog;
import java.nio.file.Path;
import java.security.Security;
import java.time.Clock;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code skald run}. */
@Command(
        description = {
            "Runs the whole of Skald in one process: takes pushes, keeps them, answers Loki's API.",
            "Ctrl-C or SIGTERM stops it in order; a second one at once. What was acknowledged is safe either way."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  skald run",
            "  skald run --tail '/var/log/*.log' '/var/log/nginx/*'   tail files, too; quote the globs",
            "  skald run --data /var/lib/skald --http 0.0.0.0:3100",
            "  skald run --config skald.yaml                          see docs/configuration.md"
        })
public final class RunCommand implements Callable<Integer> {
    private final Output out;

    @Mixin
    private TailOptions tail = new TailOptions();

    @Mixin
    private RunOptions options = new RunOptions();

    public RunCommand(Output out) {
        this.out = out;
    }

    @Override
    public Integer call() throws CommandFailure, Output.Gone, InterruptedException {
        SkaldConfig config = tail.over(options.resolve(Path.of("skald-data")));
        serve(config, Role.ALL, options.logLevel(), out, appliance -> {
            String try1 = config.tail().isEmpty() ? "skald labels" : "skald query '{filename=~\".+\"}'";
            out.println("  Try      " + try1 + urlFlag(appliance));
        });
        return ExitCode.OK;
    }

    /** What else is done once the server answers. */
    public interface Started {
        void accept(Appliance appliance) throws CommandFailure, Output.Gone, InterruptedException;
    }

    /** Runs until a signal. */
    public static void serve(SkaldConfig config, Role role, String logLevel, Output out, Started started)
            throws CommandFailure, Output.Gone, InterruptedException {
        serve(config, role, Clock.systemUTC(), logLevel, out, started);
    }

    /** The same, with what {@link Appliance#start(SkaldConfig, Role, Clock)} takes for the time. */
    public static void serve(SkaldConfig config, Role role, Clock clock, String logLevel, Output out, Started started)
            throws CommandFailure, Output.Gone, InterruptedException {
        try {
            ProcessLog.install(logLevel);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(ExitCode.USAGE, "--log-level: " + e.getMessage(), e);
        }
        StopSignals stop = StopSignals.install();
        lookNamesUpOften();
        try (Appliance appliance = Appliance.start(config, role, clock)) {
            out.println("Skald listens on " + appliance.url());
            out.println("  Data     " + config.dataDir().toAbsolutePath().normalize());
            if (role.queries()) {
                out.println("  Grafana  add a data source of type Loki with the URL " + appliance.url());
            }
            started.accept(appliance);
            out.flush();
            stop.await();
        }
    }

    /** The JVM remembers addresses for 30 seconds: an ingester that appears would be missed for so long. Before the first look-up. */
    private static void lookNamesUpOften() {
        if (Security.getProperty("networkaddress.cache.ttl") == null) {
            Security.setProperty("networkaddress.cache.ttl", "5");
            Security.setProperty("networkaddress.cache.negative.ttl", "1");
        }
    }

    /** The flag that a client needs to find the server; empty where the default does. */
    public static String urlFlag(Appliance appliance) {
        return appliance.url().equals("http://127.0.0.1:3100") ? "" : " --url " + appliance.url();
    }
}
