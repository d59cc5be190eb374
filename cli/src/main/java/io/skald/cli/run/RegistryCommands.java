/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.run;

import io.prometheus.client.CollectorRegistry;
import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.Output;
import io.skald.core.config.SkaldConfig;
import io.skald.core.model.StoreException;
import io.skald.storage.StoreMetrics;
import io.skald.storage.dynamodb.DynamoDbIndexStore;
import io.skald.storage.index.IngesterRegistry;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code skald ingester list} and {@code skald ingester forget}. */
final class RegistryCommands {
    private RegistryCommands() {}

    private interface Work {
        int with(IngesterRegistry registry) throws StoreException, CommandFailure, Output.Gone;
    }

    private static int with(Path file, Work work) throws CommandFailure, Output.Gone {
        SkaldConfig config = RunOptions.load(file);
        if (!config.storage().shared()) {
            throw new CommandFailure(ExitCode.FAILURE, file + ": storage.index is not dynamodb: there is one ingester");
        }
        try (DynamoDbIndexStore store =
                DynamoDbIndexStore.open(config.storage().dynamodb(), new StoreMetrics(new CollectorRegistry()))) {
            return work.with(new IngesterRegistry(store));
        } catch (StoreException e) {
            throw new CommandFailure(ExitCode.FAILURE, String.valueOf(e.getMessage()), e);
        }
    }

    /** {@code skald ingester list}. */
    @Command(name = "list", description = "Lists the ingesters that share the index.")
    public static final class ListIngesters implements Callable<Integer> {
        @ParentCommand
        private IngesterCommand parent = new IngesterCommand(Output.ofProcess());

        @Option(names = "--config", paramLabel = "FILE", required = true, description = "The config file.")
        private Path config = Path.of("");

        @Override
        public Integer call() throws CommandFailure, Output.Gone {
            return with(config, registry -> {
                for (IngesterRegistry.Member m : registry.read()) {
                    parent.out()
                            .println(String.join(
                                    "\t",
                                    m.id(),
                                    m.holding() ? "holding" : "left",
                                    "since " + Instant.ofEpochMilli(m.sinceMillis()),
                                    m.address()));
                }
                return ExitCode.OK;
            });
        }
    }

    /** {@code skald ingester forget}. */
    @Command(
            name = "forget",
            description = {
                "Takes an ingester off the list that will not come back because its disk is lost. What only that disk held is given up;",
                "queries no longer warn that it may be missing."
            })
    public static final class Forget implements Callable<Integer> {
        @ParentCommand
        private IngesterCommand parent = new IngesterCommand(Output.ofProcess());

        @Parameters(paramLabel = "ID", description = "As 'skald ingester list' prints it.")
        private String id = "";

        @Option(names = "--config", paramLabel = "FILE", required = true, description = "The config file.")
        private Path config = Path.of("");

        @Override
        public Integer call() throws CommandFailure, Output.Gone {
            return with(config, registry -> {
                if (!registry.forget(id, System.currentTimeMillis())) {
                    throw new CommandFailure(ExitCode.FAILURE, "no ingester " + id + " is listed");
                }
                parent.out().println("ingester " + id + ": forgotten");
                return ExitCode.OK;
            });
        }
    }
}
