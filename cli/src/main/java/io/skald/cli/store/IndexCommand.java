/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.store;

import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.Output;
import io.skald.core.model.TenantId;
import io.skald.storage.segment.Adoption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code skald index rebuild}. */
@Command(
        description = "Makes the index anew when it is lost.",
        footer = {
            "",
            "Examples:",
            "  skald index rebuild --data /var/lib/skald      as a start of the server does when DATA/index is gone",
            "  skald index rebuild --config skald.yaml        into an empty table"
        })
public final class IndexCommand implements Runnable {
    private final Output out;

    @CommandLine.Spec
    private CommandLine.Model.@Nullable CommandSpec spec;

    public IndexCommand(Output out) {
        this.out = out;
    }

    @Override
    public void run() {
        if (spec != null) {
            throw new CommandLine.ParameterException(spec.commandLine(), "say 'rebuild'");
        }
    }

    @Command(
            description = {
                "Reads the footer of every segment and commits them all, for tenants of which the index knows nothing.",
                "No ingester may run. What only the index knew is gone: delete requests that were not applied, rules of retention by",
                "selector. Segments that a compaction had replaced, up to an hour ago, come back; their entries still count once."
            })
    int rebuild(@Mixin StoreOptions options) throws CommandFailure, Output.Gone {
        return options.run((stores, config) -> {
            List<String> damaged = new ArrayList<>();
            for (Map.Entry<TenantId, List<String>> e :
                    Adoption.keys(stores.segments()).entrySet()) {
                TenantId tenant = e.getKey();
                long n = stores.log().read(tenant).n();
                if (n > 0) {
                    out.println("tenant " + tenant + ": left alone, the index has " + n + " records of it");
                    continue;
                }
                Adoption a = Adoption.adopt(stores.segments(), stores.log(), tenant, e.getValue(), damaged);
                out.println("tenant " + tenant + ": " + a.segments() + " segments, " + a.entries() + " entries");
            }
            for (String d : damaged) {
                out.println("left out: " + d);
            }
            return damaged.isEmpty() ? ExitCode.OK : ExitCode.FAILURE;
        });
    }
}
