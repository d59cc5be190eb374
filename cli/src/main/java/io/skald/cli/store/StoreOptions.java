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
            description = "Data directory of the embedded stores; default ./skald-data.")
    private @Nullable Path data;

    /** What a command does with the stores. */
    interface Work {
        int with(Stores stores, SkaldConfig config)
                throws StoreException, IOException, InterruptedException, CommandFailure, Output.Gone;
    }

    SkaldConfig config() throws CommandFailure {
        Path fallback = Path.of("skald-data");
        SkaldConfig c = config == null ? SkaldConfig.DEFAULTS.withDataDir(fallback) : RunOptions.load(config);
        return data == null ? c : c.withDataDir(data);
    }

    private interface Opening {
        Stores open(SkaldConfig config, CloseStack parts, StoreMetrics metrics)
                throws StoreException, IOException, CommandFailure;
    }

    /** Opens the stores as they are: nothing in them is tidied up. */
    int run(Work work) throws CommandFailure, Output.Gone {
        return with(work, (c, parts, metrics) -> {
            if (!c.storage().shared()) {
                mustExist(c.dataDir());
                parts.add("data directory", DataDirectory.acquire(Disk.REAL, c.dataDir()));
            }
            return Stores.look(c, c.dataDir(), parts, metrics);
        });
    }

    /** Opens the stores for reading; other processes may use them. */
    int follow(Work work) throws CommandFailure, Output.Gone {
        return with(work, (c, parts, metrics) -> {
            if (!c.storage().shared()) {
                mustExist(c.dataDir());
            }
            return Stores.follow(c, c.dataDir(), parts, metrics);
        });
    }

    /** Opens stores that are to be filled, making a data directory if need be. */
    int fill(Work work) throws CommandFailure, Output.Gone {
        return with(work, (c, parts, metrics) -> {
            if (!c.storage().shared()) {
                parts.add("data directory", DataDirectory.acquire(Disk.REAL, c.dataDir()));
                if (Files.exists(c.dataDir().resolve("wal"))) {
                    throw new CommandFailure(
                            ExitCode.FAILURE, "the target is not empty: a server has run on " + c.dataDir());
                }
            }
            return Stores.look(c, c.dataDir(), parts, metrics);
        });
    }

    private static void mustExist(Path dir) throws CommandFailure {
        if (!Files.isDirectory(dir)) {
            throw new CommandFailure(ExitCode.FAILURE, "no data directory " + dir);
        }
    }

    private int with(Work work, Opening opening) throws CommandFailure, Output.Gone {
        SkaldConfig c = config();
        try (CloseStack parts = new CloseStack()) {
            return work.with(opening.open(c, parts, new StoreMetrics(new CollectorRegistry())), c);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandFailure(ExitCode.FAILURE, "interrupted", e);
        } catch (StoreException | IOException e) {
            throw new CommandFailure(ExitCode.FAILURE, String.valueOf(e.getMessage()), e);
        }
    }
}
