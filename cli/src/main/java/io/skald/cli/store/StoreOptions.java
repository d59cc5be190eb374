/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.store;

import io.prometheus.client.CollectorRegistry;
import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.Output;
import io.skald.cli.run.RunOptions;
import io.skald.core.config.SkaldConfig;
import io.skald.core.disk.Disk;
import io.skald.core.model.StoreException;
import io.skald.core.service.CloseStack;
import io.skald.ingester.wal.DataDirectory;
import io.skald.storage.StoreMetrics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which stores a command works on. */
final class StoreOptions {
    @Option(names = "--config", paramLabel = "FILE", description = "The config file; without one, the embedded stores.")
    private @Nullable Path config;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Data directory of the embedded stores; default ./skald-data. No process may use it.")
    private @Nullable Path data;

    /** What a command does with the stores. */
    interface Work {
        int with(Stores stores, SkaldConfig config) throws StoreException, IOException, CommandFailure, Output.Gone;
    }

    /** Opens the stores as they are: nothing in them is tidied up. */
    int run(Work work) throws CommandFailure, Output.Gone {
        Path fallback = Path.of("skald-data");
        SkaldConfig c = config == null ? SkaldConfig.DEFAULTS.withDataDir(fallback) : RunOptions.load(config);
        if (data != null) {
            c = c.withDataDir(data);
        }
        try (CloseStack parts = new CloseStack()) {
            if (!c.storage().shared()) {
                if (!Files.isDirectory(c.dataDir())) {
                    throw new CommandFailure(ExitCode.FAILURE, "no data directory " + c.dataDir());
                }
                parts.add("data directory", DataDirectory.acquire(Disk.REAL, c.dataDir()));
            }
            return work.with(Stores.look(c, c.dataDir(), parts, new StoreMetrics(new CollectorRegistry())), c);
        } catch (StoreException | IOException e) {
            throw new CommandFailure(ExitCode.FAILURE, String.valueOf(e.getMessage()), e);
        }
    }
}
