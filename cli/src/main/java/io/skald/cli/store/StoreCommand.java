/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.store;

import io.prometheus.client.CollectorRegistry;
import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.Output;
import io.skald.cli.run.RunOptions;
import io.skald.core.config.SkaldConfig;
import io.skald.core.config.StorageSettings.IndexBackend;
import io.skald.core.config.StorageSettings.SegmentBackend;
import io.skald.core.model.StoreException;
import io.skald.storage.StoreMetrics;
import io.skald.storage.dynamodb.DynamoDbIndexStore;
import io.skald.storage.s3.S3SegmentStore;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code skald store init|check}. */
@Command(
        description = "Makes the shared stores ready: the table of DynamoDB and the bucket of S3.",
        footer = {
            "",
            "Examples:",
            "  skald store init --config skald.yaml    create the table unless it is there, and look at the bucket",
            "  skald store check --config skald.yaml   whether both are there and may be used"
        })
public final class StoreCommand implements Runnable {
    private final Output out;

    @CommandLine.Spec
    private CommandLine.Model.@Nullable CommandSpec spec;

    public StoreCommand(Output out) {
        this.out = out;
    }

    @Override
    public void run() {
        if (spec != null) {
            throw new CommandLine.ParameterException(spec.commandLine(), "say 'init' or 'check'");
        }
    }

    @Command(description = "Creates the table of the index unless it is there, and checks that the bucket may be used.")
    int init(
            @Option(names = "--config", paramLabel = "FILE", required = true, description = "The config file.")
                    Path config)
            throws CommandFailure, Output.Gone {
        return look(config, true);
    }

    @Command(description = "Checks that the table and the bucket are there and may be used.")
    int check(
            @Option(names = "--config", paramLabel = "FILE", required = true, description = "The config file.")
                    Path config)
            throws CommandFailure, Output.Gone {
        return look(config, false);
    }

    private int look(Path file, boolean create) throws CommandFailure, Output.Gone {
        SkaldConfig config = RunOptions.load(file);
        StoreMetrics metrics = new StoreMetrics(new CollectorRegistry());
        try {
            if (config.storage().index() == IndexBackend.DYNAMODB) {
                String table = config.storage().dynamodb().table();
                if (create) {
                    boolean made = DynamoDbIndexStore.init(config.storage().dynamodb(), metrics);
                    out.println("table " + table + (made ? ": created" : ": there already"));
                } else {
                    DynamoDbIndexStore.open(config.storage().dynamodb(), metrics)
                            .close();
                    out.println("table " + table + ": ok");
                }
            } else {
                out.println("index: in " + config.dataDir() + ", nothing to do");
            }
            if (config.storage().segments() == SegmentBackend.S3) {
                S3SegmentStore.open(config.storage().s3(), metrics).close();
                out.println("bucket " + config.storage().s3().bucket() + ": ok");
            } else {
                out.println("segments: in " + config.dataDir() + ", nothing to do");
            }
        } catch (StoreException e) {
            throw new CommandFailure(ExitCode.FAILURE, String.valueOf(e.getMessage()), e);
        }
        return ExitCode.OK;
    }
}
