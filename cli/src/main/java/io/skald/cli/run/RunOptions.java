/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.run;

import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.core.config.ConfigException;
import io.skald.core.config.HostPort;
import io.skald.core.config.SkaldConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What {@code run} and {@code demo} can be told on the command line. */
public final class RunOptions {
    @Option(names = "--data", paramLabel = "DIR", description = "Where everything is kept; default ./skald-data.")
    private @Nullable Path data;

    @Option(
            names = "--http",
            paramLabel = "HOST:PORT",
            description = "Where to listen; default 127.0.0.1:3100. Port 0 lets the system choose.")
    private @Nullable String http;

    @Option(names = "--config", paramLabel = "FILE", description = "A config file; the flags win over it.")
    private @Nullable Path config;

    @Option(
            names = "--log-level",
            paramLabel = "LEVEL",
            description = "debug, info, warn or error; default info. The log goes to stderr.")
    private String logLevel = "info";

    public String logLevel() {
        return logLevel;
    }

    /**
     * The configuration in force.
     *
     * @param defaultData where to keep data if neither flag nor file says
     */
    public SkaldConfig resolve(Path defaultData) throws CommandFailure {
        SkaldConfig c = config == null ? SkaldConfig.DEFAULTS.withDataDir(defaultData) : load(config);
        if (data != null) {
            c = c.withDataDir(data);
        }
        if (http != null) {
            try {
                c = c.withListen(HostPort.parse(http));
            } catch (IllegalArgumentException e) {
                throw new CommandFailure(ExitCode.USAGE, "--http: " + e.getMessage(), e);
            }
        }
        return c;
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
