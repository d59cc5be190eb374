/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.store;

import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.Output;
import io.skald.core.config.ByteSize;
import io.skald.core.config.SkaldConfig;
import io.skald.core.model.StoreException;
import io.skald.core.service.CloseStack;
import io.skald.storage.backup.BackupContent;
import io.skald.storage.backup.BackupPlace;
import io.skald.storage.backup.Restore;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code skald restore}. */
@Command(
        description = {
            "Puts a backup into empty stores: a data directory that no server has run on, or an empty table and an empty part of a bucket.",
            "The stores may be of another kind than those that were backed up. What was interrupted goes on when it is called again."
        },
        footer = {
            "",
            "Look at limits.retention_period before a server is started on what was restored: what is older goes.",
            "",
            "Examples:",
            "  skald restore --from /backup/skald --list                      which backups there are",
            "  skald restore --from /backup/skald --check                     read all of the newest, restore nothing",
            "  skald restore --from /backup/skald --data /var/lib/skald       the newest, into a new data directory",
            "  skald restore --from s3://backups/skald --config skald.yaml --backup 20260301T100000.000Z"
        })
public final class RestoreCommand implements Callable<Integer> {
    private final Output out;

    @Mixin
    private StoreOptions stores = new StoreOptions();

    @Mixin
    private BackupOptions options = new BackupOptions();

    @Option(
            names = "--from",
            required = true,
            paramLabel = "TARGET",
            description =
                    "Where backups are: a directory, or s3://BUCKET/PREFIX, reached as storage.s3 of the config file says.")
    private String from = "";

    @Option(
            names = "--backup",
            paramLabel = "NAME",
            description = "Which one, as --list names it; default is the newest.")
    private @Nullable String name;

    @Option(names = "--list", description = "List the backups that there are, and do nothing.")
    private boolean list;

    @Option(names = "--check", description = "Read all of the backup and compare checksums, and restore nothing.")
    private boolean check;

    public RestoreCommand(Output out) {
        this.out = out;
    }

    @Override
    public Integer call() throws CommandFailure, Output.Gone {
        if (list || check) {
            return look(stores.config());
        }
        return stores.fill((to, config) -> {
            try (CloseStack parts = new CloseStack()) {
                BackupPlace place = BackupOptions.open(from, config, parts, false);
                Restore restore = new Restore(
                        place, to.index(), to.segments(), options.tenants(), options.parallel(), options.progress(out));
                BackupContent c = restore.run(chosen(place));
                for (BackupContent.Tenant t : c.tenants()) {
                    out.println("tenant " + t.id() + ": " + t.segments() + " segments, " + t.entries() + " entries");
                }
                for (String key : c.lost()) {
                    out.println("segment " + key + " was lost before the backup");
                }
                out.println("restored backup " + c.name() + ": " + c.segments().size() + " segments, "
                        + ByteSize.approximate(c.bytes()));
                return ExitCode.OK;
            }
        });
    }

    private int look(SkaldConfig config) throws CommandFailure, Output.Gone {
        try (CloseStack parts = new CloseStack()) {
            BackupPlace place = BackupOptions.open(from, config, parts, false);
            if (list) {
                for (String n : place.names()) {
                    out.println(BackupOptions.describe(place.content(n)));
                }
                return ExitCode.OK;
            }
            BackupContent c = place.content(chosen(place));
            List<String> problems = place.problems(c, options.parallel(), options.progress(out));
            for (String p : problems) {
                out.println("PROBLEM  " + p);
            }
            out.println(BackupOptions.describe(c) + (problems.isEmpty() ? ": all of it is whole" : ""));
            return problems.isEmpty() ? ExitCode.OK : ExitCode.FAILURE;
        } catch (StoreException e) {
            throw new CommandFailure(ExitCode.FAILURE, String.valueOf(e.getMessage()), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandFailure(ExitCode.FAILURE, "interrupted", e);
        }
    }

    private String chosen(BackupPlace place) throws StoreException, CommandFailure {
        List<String> names = place.names();
        String n = name;
        if (names.isEmpty()) {
            throw new CommandFailure(ExitCode.FAILURE, "no backup in " + from);
        }
        if (n == null) {
            return names.getLast();
        }
        if (!names.contains(n)) {
            throw new CommandFailure(ExitCode.FAILURE, "no backup " + n + " in " + from + "; --list names them");
        }
        return n;
    }
}
