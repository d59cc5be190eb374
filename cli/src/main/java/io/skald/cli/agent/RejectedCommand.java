/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.agent;

import io.skald.agent.config.AgentFile;
import io.skald.agent.push.ClientSettings;
import io.skald.agent.push.HttpTransport;
import io.skald.agent.push.Rejected;
import io.skald.agent.push.Transport;
import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.Output;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/** {@code skald agent --config FILE rejected list|replay}. */
@Command(name = "rejected", description = "Shows pushes that were refused for good, or sends them again.")
final class RejectedCommand implements Runnable {
    @ParentCommand
    private @Nullable AgentCommand parent;

    @CommandLine.Spec
    private CommandLine.Model.@Nullable CommandSpec spec;

    @Override
    public void run() {
        if (spec != null) {
            throw new CommandLine.ParameterException(spec.commandLine(), "say 'list' or 'replay'");
        }
    }

    private AgentCommand parent() {
        AgentCommand p = parent;
        if (p == null) {
            throw new IllegalStateException("not run by picocli");
        }
        return p;
    }

    private static Rejected rejected(AgentFile config) {
        return new Rejected(
                config.settings().dataDir().resolve("rejected"),
                config.settings().maxRejectedBytes());
    }

    @Command(description = "Lists them with what was answered.")
    int list() throws CommandFailure, Output.Gone {
        try {
            for (Rejected.Entry e : rejected(parent().load()).list()) {
                parent().out()
                        .println(e.name() + "  " + e.at() + "  " + e.client() + "  tenant " + e.tenant() + "  "
                                + e.entries() + " lines  " + e.message());
            }
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.FAILURE, "cannot read refused pushes: " + e.getMessage(), e);
        }
        return ExitCode.OK;
    }

    @Command(description = "Sends them again; those that are taken go.")
    int replay() throws CommandFailure, Output.Gone, InterruptedException {
        AgentFile config = parent().load();
        Rejected rejected = rejected(config);
        int left = 0;
        try {
            for (ClientSettings c : config.clients()) {
                try (HttpTransport transport = new HttpTransport(c, "replay", System.currentTimeMillis())) {
                    left += replay(rejected, c.name(), transport);
                }
            }
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.FAILURE, "cannot send: " + e.getMessage(), e);
        }
        return left == 0 ? ExitCode.OK : ExitCode.FAILURE;
    }

    private int replay(Rejected rejected, String client, Transport transport)
            throws IOException, Output.Gone, InterruptedException {
        int left = 0;
        List<Rejected.Entry> all = rejected.list();
        for (Rejected.Entry e : all) {
            if (!e.client().equals(client)) {
                continue;
            }
            String outcome = switch (transport.send(e.tenant(), rejected.read(e))) {
                case Transport.Taken t -> {
                    rejected.remove(e);
                    yield t.rejected() > 0 ? "taken but for " + t.rejected() + " lines: " + t.message() : "taken";
                }
                case Transport.Refused r -> {
                    left++;
                    yield "refused: " + r.message();
                }
                case Transport.Later l -> {
                    left++;
                    yield "not now: " + l.message();
                }
            };
            parent().out().println(e.name() + "  " + outcome);
        }
        return left;
    }
}
