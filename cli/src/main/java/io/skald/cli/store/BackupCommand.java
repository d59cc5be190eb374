/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.store;

import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.Output;
import io.skald.core.config.ByteSize;
import io.skald.core.service.CloseStack;
import io.skald.storage.backup.Backup;
import io.skald.storage.backup.BackupContent;
import io.skald.storage.backup.BackupPlace;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code skald backup}. */
@Command(
        description = {
            "Makes a backup of what is stored: segments, the index, rules and delete requests, of all tenants or some. Servers may run on",
            "the stores meanwhile. Segments that are at the target already are not copied again, so a second backup costs what",
            "is new, and one that was interrupted goes on. What ingesters hold in their write-ahead logs is not in it: --flush."
        },
        footer = {
            "",
            "One backup at a time may write to a target. Exit code 1 also if the index lists segments that are lost: the backup is made",
            "without them.",
            "",
            "Examples:",
            "  skald backup --data /var/lib/skald --to /backup/skald --flush http://127.0.0.1:3100",
            "  skald backup --config skald.yaml --to s3://backups/skald --keep 7",
            "  skald restore --from /backup/skald --list"
        })
public final class BackupCommand implements Callable<Integer> {
    private static final Duration FLUSH_TIMEOUT = Duration.ofMinutes(10);

    private final Output out;

    @Mixin
    private StoreOptions stores = new StoreOptions();

    @Mixin
    private BackupOptions options = new BackupOptions();

    @Option(
            names = "--to",
            required = true,
            paramLabel = "TARGET",
            description =
                    "A directory, or s3://BUCKET/PREFIX, reached as storage.s3 of the config file says (region, endpoint, encryption).")
    private String to = "";

    @Option(
            names = "--flush",
            paramLabel = "URL",
            description = "First have this server store what is in its write-ahead log; may be repeated.")
    private List<String> flush = new ArrayList<>();

    @Option(
            names = "--keep",
            paramLabel = "N",
            description = "Afterwards remove all backups at the target but the N newest; default is to keep all.")
    private int keep;

    @Option(
            names = "--hard-link",
            description =
                    "Link segment files instead of copying them; for a target on the same file system that is copied elsewhere afterwards.")
    private boolean hardLink;

    public BackupCommand(Output out) {
        this.out = out;
    }

    @Override
    public Integer call() throws CommandFailure, Output.Gone {
        if (keep < 0) {
            throw new CommandFailure(ExitCode.USAGE, "--keep: must be at least 1, not " + keep);
        }
        Backup.Settings settings =
                new Backup.Settings(options.tenants(), options.parallel(), hardLink, options.progress(out));
        for (String url : flush) {
            flush(url);
        }
        return stores.follow((from, config) -> {
            try (CloseStack parts = new CloseStack()) {
                BackupPlace place = BackupOptions.open(to, config, parts, true);
                Backup.Result r = new Backup(from.index(), from.log(), from.segments(), place, settings)
                        .run(System.currentTimeMillis());
                report(r);
                if (keep > 0) {
                    for (String old : place.prune(keep)) {
                        out.println("removed backup " + old);
                    }
                }
                return r.content().lost().isEmpty() ? ExitCode.OK : ExitCode.FAILURE;
            }
        });
    }

    private void report(Backup.Result r) throws Output.Gone {
        BackupContent c = r.content();
        for (BackupContent.Tenant t : c.tenants()) {
            out.println("tenant " + t.id() + ": " + t.segments() + " segments, " + t.entries() + " entries, log up to "
                    + t.n());
        }
        for (String key : c.lost()) {
            out.println("PROBLEM  segment " + key + " is in the index and not in the store");
        }
        out.println("backup " + c.name() + ": " + c.segments().size() + " segments, " + ByteSize.approximate(c.bytes())
                + "; copied " + r.copied() + ", " + ByteSize.approximate(r.copiedBytes()));
    }

    private void flush(String url) throws CommandFailure {
        String at = url.endsWith("/") ? url + "flush" : url + "/flush";
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpResponse<String> r = http.send(
                    HttpRequest.newBuilder(URI.create(at))
                            .timeout(FLUSH_TIMEOUT)
                            .POST(HttpRequest.BodyPublishers.noBody())
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            if (r.statusCode() != 200) {
                throw new CommandFailure(
                        ExitCode.FAILURE,
                        at + " answered " + r.statusCode() + ": " + r.body().strip());
            }
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(ExitCode.USAGE, "--flush: '" + url + "' is no URL", e);
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.UNREACHABLE, "cannot reach " + at + ": " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandFailure(ExitCode.FAILURE, "interrupted", e);
        }
    }
}
