/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.run;

import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.core.config.SkaldConfig;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which files are followed. */
public final class TailOptions {
    @Option(
            names = "--tail",
            paramLabel = "GLOB",
            arity = "1..*",
            description =
                    "Files to follow, now and when they appear; several globs may follow, ** crosses directories.")
    private List<String> globs = new ArrayList<>();

    @Option(
            names = "--tail-tenant",
            paramLabel = "ID",
            description = "Whose lines they are, where the config says multi_tenant.")
    private @Nullable String tenant;

    /** The configuration with what the flags say. */
    public SkaldConfig over(SkaldConfig config) throws CommandFailure {
        SkaldConfig c = globs.isEmpty() ? config : config.withTail(globs);
        try {
            return tenant == null ? c : c.withTailTenant(tenant);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(ExitCode.USAGE, "--tail-tenant: " + e.getMessage(), e);
        }
    }
}
